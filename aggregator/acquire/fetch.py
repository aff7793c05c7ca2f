"""EDGE: one conditional GET of one feed, or one form sent to a hub, under a deadline, bounded and guarded; failures are values."""

import asyncio
import email.utils
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx

from aggregator.acquire.access import origin
from aggregator.acquire.decode import ACCEPT_ENCODING, DecodeError, decoded_body
from aggregator.acquire.guard import AddressRefused
from aggregator.acquire.routes import ProxyFailed, Routes
from aggregator.model import Document, FailureKind, Fetched, FetchFailure, NotModified, Request
from aggregator.settings import Network
from aggregator.text.urls import is_web_url

#: Decoded bytes of one document; the largest of 152 real feed documents has 0.7 MB.
BODY_LIMIT = 10 * 2**20
REDIRECT_LIMIT = 5
#: Longest wait that a server may ask for; longer values are mistakes (one of 10^20 s was met).
RETRY_AFTER_LIMIT = 24 * 3600
_ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"
_REDIRECTS = {301, 302, 303, 307, 308}
_PERMANENT = {301, 308}


def make_client(network: Network, version: str, tls: ssl.SSLContext | None = None) -> httpx.AsyncClient:
    """The one client: httpx's interface over aiohttp's connections, which cost a quarter of httpx's own.

    `tls` is whom to trust; absent: whom the system trusts.
    """
    agent = f"aggregator/{version}" + (f" (+{network.contact})" if network.contact else "")
    return httpx.AsyncClient(
        transport=Routes(network, tls),
        headers={"User-Agent": agent, "Accept": _ACCEPT, "Accept-Encoding": ACCEPT_ENCODING},
        timeout=httpx.Timeout(network.deadline_seconds),
        # httpx keeps a jar of its own beside that of aiohttp; this one takes nothing in.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        follow_redirects=False,
        trust_env=False,
    )


async def fetch(
    client: httpx.AsyncClient,
    request: Request,
    *,
    deadline: float,
    now: Callable[[], datetime],
    may_follow: Callable[[str], Awaitable[FetchFailure | None]] | None = None,
) -> Fetched:
    """Fetch a document, if it has changed where validators are given; takes at most `deadline` seconds; never raises for the network.

    `may_follow` is asked before each redirect is followed, and may give the reason why not.
    """
    try:
        async with asyncio.timeout(deadline):
            return await _follow(client, request, now, may_follow)
    except TimeoutError:
        return _failure(request, FailureKind.TIMEOUT, f"no complete answer within {deadline:g} s", now)
    except DecodeError as error:
        return _failure(request, FailureKind.BROKEN, str(error), now)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, aiohttp.ClientError, ValueError) as error:
        return _network_failure(request, error, now)


async def post_form(
    client: httpx.AsyncClient, url: str, form: Mapping[str, str], *, deadline: float, now: Callable[[], datetime]
) -> FetchFailure | None:
    """Send a form; None if it was taken (2xx); never raises for the network. What the answer says beside is not read."""
    request = Request(url=url)
    try:
        async with asyncio.timeout(deadline):
            return await _post(client, request, form, now)
    except TimeoutError:
        return _failure(request, FailureKind.TIMEOUT, f"no answer within {deadline:g} s", now)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, aiohttp.ClientError, ValueError) as error:
        return _network_failure(request, error, now)


async def _post(
    client: httpx.AsyncClient, request: Request, form: Mapping[str, str], now: Callable[[], datetime]
) -> FetchFailure | None:
    url = request.url
    for _ in range(REDIRECT_LIMIT + 1):
        if not is_web_url(url):
            return _failure(request, FailureKind.REFUSED, f"not an http(s) address: {url[:80]!r}", now)
        async with client.stream("POST", url, data=dict(form)) as response:
            if response.is_success:
                return None
            # Only these two keep the method and the form (RFC 9110 §15.4).
            if response.status_code not in (307, 308) or "location" not in response.headers:
                return _status_failure(response, request, now)
            target = urljoin(url, response.headers["location"])
        if url.startswith("https:") and not target.startswith("https:"):
            return _failure(request, FailureKind.REFUSED, "redirected from https to an address without", now)
        url = target
    return _failure(request, FailureKind.BROKEN, f"more than {REDIRECT_LIMIT} redirects", now)


async def _follow(
    client: httpx.AsyncClient,
    request: Request,
    now: Callable[[], datetime],
    may_follow: Callable[[str], Awaitable[FetchFailure | None]] | None,
) -> Fetched:
    url, permanent = request.url, True
    for _ in range(REDIRECT_LIMIT + 1):
        if not is_web_url(url):
            return _failure(request, FailureKind.REFUSED, f"not an http(s) address: {url[:80]!r}", now)
        if may_follow and url != request.url and (refused := await may_follow(url)):
            return refused
        way = {"proxy": request.proxy, "keep": request.keep}
        async with client.stream("GET", url, headers=_headers_for(url, request), extensions=way) as response:
            if response.status_code in _REDIRECTS and "location" in response.headers:
                url = urljoin(url, response.headers["location"])
                permanent &= response.status_code in _PERMANENT
                continue
            answer = await _read(response, request, now)
            return _elsewhere(answer, url if permanent else "") if url != request.url else answer
    return _failure(request, FailureKind.BROKEN, f"more than {REDIRECT_LIMIT} redirects", now)


def _elsewhere(answer: Fetched, moved_to: str) -> Fetched:
    """An answer from behind redirects; a 410 there speaks of the target: the feed itself may come back."""
    if isinstance(answer, FetchFailure):
        return replace(answer, kind=FailureKind.CLIENT_ERROR) if answer.kind is FailureKind.GONE else answer
    return replace(answer, moved_to=moved_to)


def _headers_for(url: str, request: Request) -> dict[str, str]:
    """A hop's headers: what is secret goes to the origin that it is for, and not along with redirects."""
    own = dict(request.headers) if origin(url) == origin(request.url) else {}
    return {**own, **_validators(request)}


def _validators(request: Request) -> dict[str, str]:
    """The conditional headers; a validator that cannot stand in a header is not sent."""
    pairs = {"If-None-Match": request.etag, "If-Modified-Since": request.last_modified}
    return {name: value for name, value in pairs.items() if value and value.isascii() and value.isprintable()}


async def _read(response: httpx.Response, request: Request, now: Callable[[], datetime]) -> Fetched:
    status = response.status_code
    if status == 304 and _validators(request):
        return NotModified(url=request.url, fetched=now())
    if status != 200:
        return _status_failure(response, request, now)
    encoding = response.headers.get("content-encoding", "")
    body = await decoded_body(response.aiter_raw(), encoding=encoding, limit=BODY_LIMIT)
    if not body.strip():
        return _failure(request, FailureKind.NOT_A_FEED, "the answer is empty", now)
    return Document(
        url=str(response.url),
        body=body,
        headers=_headers_as_sent(response),
        fetched=now(),
        etag=response.headers.get("etag", ""),
        last_modified=response.headers.get("last-modified", ""),
        asked=request.url,
        status=status,
    )


def _headers_as_sent(response: httpx.Response) -> tuple[tuple[str, str], ...]:
    """Names as the server writes them, which httpx would give in lower case."""
    names = (name.decode("latin-1") for name, _ in response.headers.raw)
    return tuple(zip(names, (value for _, value in response.headers.multi_items()), strict=True))


def _status_failure(response: httpx.Response, request: Request, now: Callable[[], datetime]) -> FetchFailure:
    status = response.status_code
    reason = f"HTTP {status} {httpx.codes.get_reason_phrase(status)}".strip()
    if status in (429, 503):
        wait = retry_after_seconds(response.headers.get("retry-after", ""), now())
        return _failure(request, FailureKind.RATE_LIMITED, reason, now, wait)
    if status == 410:
        return _failure(request, FailureKind.GONE, f"{reason}: the outlet has given this feed up", now)
    if status < 400:
        return _failure(request, FailureKind.NOT_A_FEED, f"{reason} where a document was expected", now)
    return _failure(request, FailureKind.CLIENT_ERROR if status < 500 else FailureKind.SERVER_ERROR, reason, now)


def _network_failure(request: Request, error: Exception, now: Callable[[], datetime]) -> FetchFailure:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, AddressRefused | ProxyFailed):
            kind = FailureKind.REFUSED if isinstance(cause, AddressRefused) else FailureKind.PROXY
            return _failure(request, kind, str(cause)[:300], now)
        cause = cause.__cause__ or cause.__context__
    host = urlsplit(request.url).hostname or request.url
    return _failure(request, FailureKind.NETWORK, f"{host}: {str(error) or type(error).__name__}"[:300], now)


def _failure(
    request: Request, kind: FailureKind, reason: str, now: Callable[[], datetime], retry_after: int | None = None
) -> FetchFailure:
    return FetchFailure(url=request.url, kind=kind, reason=reason, fetched=now(), retry_after_seconds=retry_after)


def retry_after_seconds(value: str, now: datetime) -> int | None:
    """Seconds to wait as a Retry-After header asks (RFC 9110 §10.2.3), at most a day; None if it says nothing usable."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:10]), RETRY_AFTER_LIMIT)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (TypeError, ValueError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(int((moment - now).total_seconds()), 0), RETRY_AFTER_LIMIT)
