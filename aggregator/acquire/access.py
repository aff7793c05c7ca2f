"""Pure: what lets us in at a source: the headers for a key, a log-in or a cookie, and the proxy on the way."""

import base64
import re
from dataclasses import replace
from urllib.parse import urlsplit

from aggregator.model import Request
from aggregator.settings import DIRECT, Access, Feed

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HOST = re.compile(r"[A-Za-z0-9_.-]+|[0-9a-f:]*:[0-9a-f:.]*")
#: What a configured header may not say: these make or break the message itself (RFC 9110 §5, §7).
_OURS = frozenset(
    """host connection content-length transfer-encoding te trailer upgrade expect keep-alive accept-encoding
    if-none-match if-modified-since range proxy-authorization""".split()  # noqa: SIM905 - a list of names
)


def dressed(request: Request, feed: Feed) -> Request:
    """The request by the source's proxy, and with its headers, unless it goes to another origin than the configured one."""
    if feed.access is None:
        return request
    request = replace(request, proxy=feed.access.proxy)
    return replace(request, headers=_headers(feed.access)) if origin(request.url) == origin(feed.url) else request


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port (RFC 6454): whom a secret is for."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def access_problem(access: Access) -> str:
    """What cannot be sent; empty if nothing. Never tells a value."""
    for name in access.headers:
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
            return f"headers.{name[:40]!r} cannot be set"
    if (
        sum(map(bool, (access.user, access.bearer, any(name.lower() == "authorization" for name in access.headers))))
        > 1
    ):
        return "only one of user, bearer and an Authorization header can be sent"
    for name, value in _headers(access):
        if not value.isprintable() or not value.isascii():
            return f"the value of {name} holds characters that no header may have"
    if any(not _TOKEN.fullmatch(name) or ";" in value for name, value in access.cookies.items()):
        return "a cookie has a name or value that cannot be sent"
    return f"proxy: {problem}" if (problem := proxy_problem(access.proxy)) else ""


def proxy_problem(proxy: str) -> str:
    """What is wrong with a proxy's address; empty if nothing. Never tells it."""
    if not proxy or proxy == DIRECT:
        return ""
    try:
        parts = urlsplit(proxy)
        # A log-in that holds / or # must be written with %2F, %23: it would end the address.
        good = parts.scheme == "http" and parts.port != 0 and parts.path in ("", "/")
        good = good and bool(_HOST.fullmatch(parts.hostname or ""))
    except ValueError:
        good = False
    if not good or not proxy.isprintable() or not proxy.isascii() or parts.query or parts.fragment:
        return "write http://host:port or http://user:password@host:port, in ASCII and with %-escapes, or direct"
    return ""


def _headers(access: Access) -> tuple[tuple[str, str], ...]:
    headers = list(access.headers.items())
    if access.user:
        pair = f"{access.user}:{access.password}".encode()
        headers.append(("Authorization", "Basic " + base64.b64encode(pair).decode("ascii")))
    if access.bearer:
        headers.append(("Authorization", f"Bearer {access.bearer}"))
    if access.cookies:
        headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in access.cookies.items())))
    return tuple(headers)
