"""The guard: which addresses may be reached."""

import socket

import pytest

from aggregator.acquire.guard import AddressInfo, AddressRefused, guarded_socket_factory, is_public


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.255.0.1", "::1", "0.0.0.0", "::"),
        *("10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1", "fec0::1"),
        *("100.64.0.1", "100.127.255.255"),
        *("169.254.0.1", "fe80::1", "fe80::1%eth0"),
        *("169.254.169.254", "fd00:ec2::254", "100.100.100.200"),
        *("224.0.0.1", "239.1.1.1", "ff02::1", "ff0e::1"),
        *("255.255.255.255", "240.0.0.1", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::7f00:1"),
        *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b::a00:1", "64:ff9b:1::7f00:1"),
        *("2002:7f00:1::1", "2002:a00:1::1"),
    ],
)
def test_addresses_inside_are_not_public(host: str) -> None:
    assert not is_public(host)


@pytest.mark.parametrize(
    "host",
    [
        *("8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "169.253.0.1"),
        *("2001:4860:4860::8888", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
    ],
)
def test_addresses_of_the_internet_are_public(host: str) -> None:
    assert is_public(host)


def info(host: str, port: int) -> AddressInfo:
    if ":" in host:
        return (socket.AF_INET6, socket.SOCK_STREAM, 0, "", (host, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port))


@pytest.mark.parametrize(
    ("host", "port", "allow"),
    [
        ("127.0.0.1", 80, ()),
        ("127.0.0.1", 81, ("127.0.0.1:80",)),
        ("127.0.0.2", 80, ("127.0.0.1:80",)),
        ("::1", 80, ("127.0.0.1:80",)),
        ("::ffff:127.0.0.1", 80, ("127.0.0.1:80",)),
    ],
)
def test_a_private_address_is_refused_unless_host_and_port_are_listed(
    host: str, port: int, allow: tuple[str, ...]
) -> None:
    with pytest.raises(AddressRefused, match="not public"):
        guarded_socket_factory(allow)(info(host, port))


@pytest.mark.parametrize(
    ("host", "port", "allow"), [("127.0.0.1", 80, ("127.0.0.1:80",)), ("8.8.8.8", 443, ()), ("::1", 80, ("[::1]:80",))]
)
def test_a_listed_or_public_address_gets_a_socket_that_does_not_block(
    host: str, port: int, allow: tuple[str, ...]
) -> None:
    with guarded_socket_factory(allow)(info(host, port)) as made:
        assert not made.getblocking()
