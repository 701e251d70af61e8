"""Where a webhook may lead: a URL in one plain form, and addresses that are everybody's, never ones inside."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from contracts.refusals import RefusedError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

LONGEST_URL = 500
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_URL = re.compile(
    rf"(https?)://({_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]{{2,45}}\])(?::([0-9]{{1,5}}))?"
    r"((?:/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?)"
)
"""No credentials, no fragment, nothing that two readers of URLs may take for two hosts."""
PORTS = {"https": 443, "http": 80}
LOWEST_PORT = 1024
"""Below it are the ports of everything else that servers do; webhooks are on 443 or from here on."""
GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
NOBODYS = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "2001:db8::/32", "3fff::/20")))
"""Protocols, relays of 6to4 and documentation, which not every version of Python knows of."""


class BadUrlError(RefusedError):
    """The URL of a webhook is not in the form that is taken."""

    code = "bad_webhook_url"
    advice = (
        "webhook 地址须为 https，不含用户名、密码和片段，端口为 443 或 1024 以上。"
        "The URL has to be https, without credentials and fragment, on port 443 or from 1024 on."
    )
    field = "url"
    status = 422


class InsideError(RefusedError):
    """A webhook leads to an address that is not everybody's: of this machine, of a network inside, of nobody."""

    code = "address_not_allowed"
    advice = (
        "该地址为内部或保留地址，不能接收 webhook。"
        "The address lies inside or is reserved; name one that the whole Internet can reach."
    )
    field = "url"
    status = 422


@dataclass(frozen=True)
class Receiver:
    """Where a webhook leads: what its URL says."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def name(self) -> str:
        """Return the host as headers give it, with the port if it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class Reach:
    """Where webhooks may lead beside the public Internet: into `networks`, and with `plain` there also without TLS."""

    networks: Sequence[Network] = ()
    plain: bool = False


OUTSIDE = Reach()


def origin_of(url: str) -> str:
    """Return a URL without what may be known to its owner alone."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{re.split('[/?]', rest, maxsplit=1)[0]}"


def read_url(url: str, reach: Reach = OUTSIDE) -> Receiver:
    """Return where a URL leads; raise BadUrlError or InsideError if no webhook may lead there.

    A name is resolved when something is sent, and looked at then.
    """
    found = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if found is None or (found[1] == "http" and not reach.plain):
        raise BadUrlError
    scheme, host = found[1], found[2].strip("[]").lower()
    port = int(found[3] or PORTS[scheme])
    if not (port == PORTS[scheme] or LOWEST_PORT <= port <= 65535):
        raise BadUrlError
    if found[2].startswith("["):
        _must_be_ipv6(host)
    with suppress(ValueError):
        must_be_open([ip_address(host)], scheme, reach)
    return Receiver(scheme, host, port, found[4] if found[4].startswith("/") else f"/{found[4]}")


def must_be_open(addresses: Sequence[Address], scheme: str, reach: Reach = OUTSIDE) -> None:
    """Raise InsideError unless there are addresses, and each of them is everybody's or lies in a network that is named.

    Without TLS those of everybody do not count.
    """
    if not addresses or not all(_is_open(_within(address), scheme, reach) for address in addresses):
        raise InsideError


def _is_open(address: Address, scheme: str, reach: Reach) -> bool:
    if any(address in network for network in reach.networks):
        return scheme == "https" or reach.plain
    return scheme == "https" and is_everybodys(address)


def is_everybodys(address: Address) -> bool:
    """Return whether an address is one of the public Internet, and one that somebody has."""
    address = _within(address)
    if not address.is_global or address.is_multicast or any(address in network for network in NOBODYS):
        return False
    return not address.is_reserved if isinstance(address, IPv4Address) else address in GLOBAL_UNICAST


def _within(address: Address) -> Address:
    """Return the IPv4 address to which an IPv6 address leads (mapped, 6to4, NAT64); any other as it is."""
    if isinstance(address, IPv4Address):
        return address
    carried = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
    return address.ipv4_mapped or address.sixtofour or carried or address


def _must_be_ipv6(host: str) -> None:
    try:
        IPv6Address(host)
    except ValueError:
        raise BadUrlError from None
