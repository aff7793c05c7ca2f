"""EDGE: which way a request takes: straight to its host behind the guard, or through an HTTP proxy.

A proxy connects in our place, so the guard at the socket sees the proxy only, which the operator named.
What can be known of the target is checked before each hop: the literal, or the addresses that its name has here.
"""

import asyncio
import base64
import ipaddress
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from aggregator.acquire.connections import Connections, session
from aggregator.acquire.guard import AddressRefused, guarded_socket_factory, is_public
from aggregator.settings import DIRECT, Network

_PORTS = {"http": 80, "https": 443}
#: What a host may be spelled with, so that the proxy cannot read another one into it than we did.
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]+", re.IGNORECASE)
#: Names that never are on the public internet: one label, special-use names (RFC 6761, 6762, 8375, 9476),
#: and what ends in a number, which is an odd spelling of an address (WHATWG URL §3.5).
_LOCAL = re.compile(
    r"[^.]*|.*\.(localhost|local|internal|intranet|lan|home|corp|home\.arpa|test|invalid|alt|\d+|0x[0-9a-f]*)",
    re.IGNORECASE,
)
Resolve = Callable[[str, int], Awaitable[Iterable[str]]]


class ProxyFailed(httpx.ProxyError):
    """The proxy cannot be reached, or refuses to connect us; the text names it without its log-in."""


class Routes(httpx.AsyncBaseTransport):
    """aiohttp's connections under httpx's interface: direct ones, and those of each proxy that a request names."""

    def __init__(self, network: Network, tls: ssl.SSLContext | None = None) -> None:
        self._network = network
        self._tls = tls
        # One context for all: none of these transports uses its own, and each would load the roots again.
        self._unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._direct = Connections(self._unused, tls=tls, guard=guarded_socket_factory(network.allow))
        self._transports: dict[str, AiohttpTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request the way that `request.extensions["proxy"]` says, by default that of the network."""
        proxy = request.extensions.get("proxy") or self._network.proxy
        if not proxy or proxy == DIRECT:
            return await self._direct.handle_async_request(request)
        await check_target(request.url, self._network.allow)
        return await self._through(proxy, request)

    async def aclose(self) -> None:
        """Close what was opened."""
        for transport in (self._direct, *self._transports.values()):
            await transport.aclose()

    async def _through(self, proxy: str, request: httpx.Request) -> httpx.Response:
        name = _name(proxy)
        if request.url.scheme == "http":
            # In a tunnel it goes with CONNECT, and the site behind never sees it.
            request.headers.update(_log_in(proxy))
        try:
            response = await self._proxied(proxy).handle_async_request(request)
        except httpx.TransportError as error:
            raise ProxyFailed(_said(name, error)) from error
        except aiohttp.ClientError as error:
            raise ProxyFailed(f"through the proxy {name}: {type(error).__name__}") from error
        if response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            await response.aclose()
            raise ProxyFailed(f"the proxy {name} refuses: it wants another user or password (407)")
        return response

    def _proxied(self, proxy: str) -> AiohttpTransport:
        if proxy not in self._transports:
            self._transports[proxy] = AiohttpTransport(
                # Such a session connects to its proxy only, which the operator has named.
                client=lambda: session(aiohttp.TCPConnector(limit=0, force_close=True, ssl=self._tls or True)),
                proxy=httpx.Proxy(httpx.URL(proxy).copy_with(userinfo=b""), headers=_log_in(proxy)),
                verify=self._unused,
            )
        return self._transports[proxy]


async def look_up(host: str, port: int) -> set[str]:
    """The addresses of a name as this machine finds them; none if it finds none."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        return set()
    return {str(address[0]) for *_, address in found}


async def check_target(url: httpx.URL, allow: Iterable[str], resolve: Resolve = look_up) -> None:
    """Refuse a target that a proxy must not be sent to: an address, or a name with an address, that is not public.

    A name without an address here is the proxy's to find, unless it can only be a local one.

    Raises:
        AddressRefused: it is none of the public internet, and `allow` lists neither its name nor its address.
    """
    host = url.raw_host.decode("ascii").strip("[]").rstrip(".")
    port = url.port or _PORTS[url.scheme]
    allowed = frozenset(allow)
    if _spelled(host, port) in allowed:
        return
    if not _HOST.fullmatch(host):
        raise AddressRefused(f"no proxy is sent to {host[:80]!r}")
    if not _is_address(host) and _LOCAL.fullmatch(host):
        raise AddressRefused(f"{_spelled(host, port)} is no name of the public internet; {_REMEDY}")
    for address in (host,) if _is_address(host) else await resolve(host, port):
        if not is_public(address) and _spelled(address, port) not in allowed:
            raise AddressRefused(f"address {_spelled(address, port)} of {host} is not public; {_REMEDY}")


_REMEDY = "list it under network.allow to poll it"


def _spelled(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _name(proxy: str) -> str:
    """The proxy as it may be printed."""
    url = httpx.URL(proxy)
    return f"{url.host}:{url.port or _PORTS[url.scheme]}"


def _log_in(proxy: str) -> dict[str, str]:
    """Basic authentication (RFC 7617) in place of aiohttp's own, which is deprecated."""
    url = httpx.URL(proxy)
    pair = f"{url.username}:{url.password}".encode()
    return {"Proxy-Authorization": "Basic " + base64.b64encode(pair).decode("ascii")} if url.userinfo else {}


def _said(name: str, error: httpx.TransportError) -> str:
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        if cause.status == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
            return f"the proxy {name} refuses: it wants another user or password (407)"
        phrase = httpx.codes.get_reason_phrase(cause.status)
        return f"the proxy {name} gives no way to the host: {cause.status} {phrase}".rstrip()
    if isinstance(cause, aiohttp.ClientConnectorError) and not isinstance(cause, aiohttp.ClientSSLError):
        return f"the proxy {name} cannot be reached: {cause.os_error.strerror or type(cause).__name__}"
    return f"through the proxy {name}: {str(error) or type(error).__name__}"
