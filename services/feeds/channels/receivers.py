"""Asking a receiver over HTTP, within limits of time and size, at an address that is known to lie outside.

Its name is resolved once. All that it leads to is looked at, and just that is connected to; TLS and `Host` go by the
name.
"""

import asyncio
import socket
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import httpcore
import httpx

from services.feeds.domain.addresses import OUTSIDE, Address, InsideError, Reach, Receiver, must_be_open
from services.feeds.domain.webhooks import Answer, Outcome, read_status

TIMEOUT, CONNECTS_WITHIN = 10.0, 3.0
"""Seconds for all of an attempt, and for each address that is connected to."""
LARGEST_ANSWER = 4 * 1024
LONGEST_LEFT_ALONE = 3600.0
MOST_ADDRESSES = 3
RESOLVERS = 32
"""Names that are resolved at once; who has a slow name server holds up nobody who has another one."""
NEVER_REACHED = (httpcore.ConnectError, httpcore.ConnectTimeout, OSError, UnicodeError)


class Receivers:
    """Delivers to receivers, over a connection of its own each time; follows no redirect, uses no proxy."""

    def __init__(self, reach: Reach = OUTSIDE, timeout: float = TIMEOUT) -> None:
        self.reach = reach
        self._timeout = timeout
        self._tls = httpx.create_ssl_context()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, thread_name_prefix="resolve")

    async def deliver(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> Answer:
        """Return what a receiver answers to what it is sent; never raise."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._ask(receiver, {"host": receiver.name, **headers}, body)
        except InsideError:
            return Answer(outcome=Outcome.NOT_ALLOWED)
        except NEVER_REACHED as error:
            return Answer(outcome=Outcome.NO_ANSWER if isinstance(error, TimeoutError) else Outcome.NOT_REACHED)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            return Answer(outcome=Outcome.NO_ANSWER)

    async def resolve(self, host: str, port: int) -> list[Address]:
        """Return the addresses of a host; raise OSError or UnicodeError if it has none."""
        found = await asyncio.get_running_loop().run_in_executor(
            self._resolvers, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))

    def close(self) -> None:
        """Resolve no more names."""
        self._resolvers.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, receiver: Receiver, headers: Mapping[str, str], body: bytes) -> Answer:
        url = httpcore.URL(scheme=receiver.scheme, host=receiver.host, port=receiver.port, target=receiver.target)
        network = _Outside(self, receiver.scheme)
        sent = {**headers, "content-length": str(len(body)), "connection": "close"}
        bounds = {"timeout": {"connect": CONNECTS_WITHIN, "read": self._timeout, "write": self._timeout}}
        connection = httpcore.AsyncHTTPConnection(url.origin, ssl_context=self._tls, network_backend=network)
        async with (
            connection,
            connection.stream("POST", url, headers=list(sent.items()), content=body, extensions=bounds) as answer,
        ):
            await _read_some(answer)
            return Answer(
                outcome=read_status(answer.status), status=answer.status, retry_after=_seconds(answer.headers)
            )


class _Outside(httpcore.AsyncNetworkBackend):
    """Connects to the addresses of a name, once all of them are known to lie outside."""

    def __init__(self, receivers: Receivers, scheme: str) -> None:
        self._receivers = receivers
        self._scheme = scheme
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # as httpcore calls it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; raise InsideError if any of them lies inside."""
        addresses = await self._receivers.resolve(host, port)
        must_be_open(addresses, self._scheme, self._receivers.reach)
        *others, last = addresses[:MOST_ADDRESSES]
        for address in others:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(str(last), port, timeout, local_address, socket_options)


async def _read_some(answer: httpcore.Response) -> None:
    """Read an answer to its end, or as much of it as anybody may want to say."""
    read = 0
    async for part in answer.aiter_stream():
        read += len(part)
        if read > LARGEST_ANSWER:
            return


def _seconds(headers: Sequence[tuple[bytes, bytes]]) -> float:
    """Return the seconds of a `Retry-After`, up to an hour; 0 if it has none."""
    told = next((value for name, value in headers if name.lower() == b"retry-after"), b"")
    return min(float(told), LONGEST_LEFT_ALONE) if told.isdigit() and len(told) < 10 else 0.0
