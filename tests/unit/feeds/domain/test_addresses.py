"""A webhook leads to addresses that are everybody's, however an address inside is written or wrapped."""

from ipaddress import ip_address, ip_network

import pytest

from services.feeds.domain.addresses import (
    BadUrlError,
    InsideError,
    Reach,
    Receiver,
    is_everybodys,
    must_be_open,
    origin_of,
    read_url,
)

INSIDE = (
    "0.0.0.1",
    "0.255.255.255",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a00:1::1",
    "2002:c0a8:101::1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
)
OUTSIDE = (
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.1",
    "100.63.255.255",
    "100.128.0.1",
    "114.114.114.114",
    "172.15.255.255",
    "172.32.0.1",
    "192.167.255.255",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "::ffff:1.1.1.1",
    "64:ff9b::101:101",
    "2002:101:101::1",
    "2400:3200::1",
    "2606:4700::1111",
)
LOOPBACK = Reach((ip_network("127.0.0.0/8"), ip_network("::1/128")), plain=True)


@pytest.mark.parametrize("address", INSIDE)
def test_what_lies_inside_is_nobody_elses(address: str) -> None:
    assert not is_everybodys(ip_address(address))
    with pytest.raises(InsideError):
        must_be_open([ip_address(address)], "https")


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_lies_outside_is_everybodys(address: str) -> None:
    assert is_everybodys(ip_address(address))
    must_be_open([ip_address(address)], "https")


@pytest.mark.parametrize("inside", ["127.0.0.1", "::ffff:10.0.0.1", "fd00::1"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_address_inside_among_others_is_enough(inside: str, place: int) -> None:
    addresses = [ip_address("1.1.1.1"), ip_address("2606:4700::1111")]
    addresses.insert(place, ip_address(inside))

    with pytest.raises(InsideError):
        must_be_open(addresses, "https")


def test_a_name_of_no_address_leads_nowhere() -> None:
    with pytest.raises(InsideError):
        must_be_open([], "https")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
def test_a_network_that_is_named_is_let_through(address: str) -> None:
    must_be_open([ip_address(address)], "https", LOOPBACK)
    must_be_open([ip_address(address)], "http", LOOPBACK)


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "fd00::1"])
def test_no_other_is_let_through_with_it(address: str) -> None:
    with pytest.raises(InsideError):
        must_be_open([ip_address(address)], "https", LOOPBACK)


def test_without_tls_nothing_goes_out_of_the_networks_that_are_named() -> None:
    must_be_open([ip_address("1.1.1.1")], "https", LOOPBACK)
    with pytest.raises(InsideError):
        must_be_open([ip_address("1.1.1.1")], "http", LOOPBACK)


def test_without_tls_nothing_goes_even_there_in_production() -> None:
    with pytest.raises(InsideError):
        must_be_open([ip_address("127.0.0.1")], "http", Reach(LOOPBACK.networks))


@pytest.mark.parametrize(
    ("url", "receiver", "name"),
    [
        ("https://hooks.example.org", Receiver("https", "hooks.example.org", 443, "/"), "hooks.example.org"),
        ("https://Hooks.example.ORG:443/a?b", Receiver("https", "hooks.example.org", 443, "/a?b"), "hooks.example.org"),
        ("https://example.org:8443/in%20", Receiver("https", "example.org", 8443, "/in%20"), "example.org:8443"),
        ("https://example.org?k=v", Receiver("https", "example.org", 443, "/?k=v"), "example.org"),
        ("https://1.1.1.1/", Receiver("https", "1.1.1.1", 443, "/"), "1.1.1.1"),
        ("https://[2606:4700::1111]:1024/", Receiver("https", "2606:4700::1111", 1024, "/"), "[2606:4700::1111]:1024"),
    ],
)  # fmt: skip
def test_a_url_says_where_it_leads(url: str, receiver: Receiver, name: str) -> None:
    found = read_url(url)

    assert (found, found.name) == (receiver, name)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ftp://example.org/",
        "https:/example.org/",
        "https://",
        "https:///hook",
        "//example.org/",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://example.org@127.0.0.1/",
        "https://example.org\\@127.0.0.1/",
        "https://example.org#@127.0.0.1/",
        "https://example.org/#fragment",
        "https://example.org /",
        "https://example.org/\r\nHost: inside",
        "https://example.org/\n",
        "https://example.org\t/",
        "https://ex%61mple.org/",
        "https://例子.example/",
        "https://１２７.0.0.1/",
        "https://example.org/路",
        "https://example..org/",
        "https://.example.org/",
        "https://example.org./",
        f"https://{'a' * 64}.org/",
        "https://-example.org/",
        "https://example.org:/",
        "https://example.org:0/",
        "https://example.org:22/",
        "https://example.org:80/",
        "https://example.org:1023/",
        "https://example.org:65536/",
        "https://example.org:٤٤٣/",
        "https://[::1",
        "https://[1.2.3.4]/",
        "https://[::1%25eth0]/",
        f"https://example.org/{'a' * 500}",
    ],
)
def test_a_url_in_any_other_form_is_refused(url: str) -> None:
    with pytest.raises(BadUrlError):
        read_url(url)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/", "https://10.0.0.1:8443/", "https://[::1]/", "https://[::ffff:7f00:1]/"]
)
def test_an_address_inside_is_refused_where_it_is_typed(url: str) -> None:
    with pytest.raises(InsideError):
        read_url(url)


def test_http_is_taken_only_where_it_is_for_local_use() -> None:
    assert read_url("http://127.0.0.1:8080/", LOOPBACK) == Receiver("http", "127.0.0.1", 8080, "/")
    with pytest.raises(BadUrlError):
        read_url("http://127.0.0.1:8080/", Reach(LOOPBACK.networks))


def test_what_only_its_owner_may_know_of_a_url_is_left_out() -> None:
    assert origin_of("https://example.org:8443/secret/path?key=1") == "https://example.org:8443"
    assert origin_of("https://example.org?key=1") == "https://example.org"
