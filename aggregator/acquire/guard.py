"""Which addresses a request may reach: the guard against server-side request forgery.

The check runs where the socket is made, so the address checked is the address connected to, for
literals, for names that resolve to several addresses, and for each hop of a redirect (CWE-918).
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable

#: Private addresses until RFC 3879; `ipaddress` takes them for global ones.
_SITE_LOCAL = ipaddress.IPv6Network("fec0::/10")

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[object, ...]]


class AddressRefused(OSError):
    """The address is not public and not on the allow list."""


def is_public(host: str) -> bool:
    """Whether an IP address literal is one of the public internet."""
    address = ipaddress.ip_address(host.split("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if isinstance(address, ipaddress.IPv6Address) and (embedded := address.sixtofour or _nat64(address)):
        mapped = mapped or embedded
    checked = mapped or address
    return checked.is_global and not (checked.is_multicast or checked.is_reserved or address in _SITE_LOCAL)


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside 64:ff9b::/96 (RFC 6052)."""
    if address in ipaddress.IPv6Network("64:ff9b::/96"):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def guarded_socket_factory(allow: Iterable[str]) -> Callable[[AddressInfo], socket.socket]:
    """A socket factory for aiohttp that refuses what is not public, unless `allow` lists its host:port.

    Raises:
        AddressRefused: from the factory, before anything is sent.
    """
    allowed = frozenset(allow)

    def make_socket(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        host, port = str(address[0]), address[1]
        spelled = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        if not is_public(host) and spelled not in allowed:
            raise AddressRefused(f"address {spelled} is not public; list it under network.allow to poll it")
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    return make_socket
