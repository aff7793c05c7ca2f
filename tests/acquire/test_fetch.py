"""One fetch against a server on the loopback that behaves and misbehaves."""

import asyncio
import gzip
import time
from datetime import UTC, datetime

import pytest

from aggregator.acquire.fetch import BODY_LIMIT, REDIRECT_LIMIT, fetch, make_client, retry_after_seconds
from aggregator.model import Document, FailureKind, Fetched, FetchFailure, NotModified, Request
from aggregator.settings import Network
from tests.loopback import Answer, Server, reply, serving

NOW = datetime(2024, 2, 6, 12, tzinfo=UTC)
FEED = b"<rss version='2.0'><channel><title>x</title></channel></rss>"


async def get(
    server: Server, request: Request | None = None, *, deadline: float = 5.0, allowed: bool = True
) -> Fetched:
    network = Network(
        allow=(f"127.0.0.1:{server.port}",) if allowed else (), deadline_seconds=deadline, contact="ops@monitor.example"
    )
    async with make_client(network, "1.2.3") as client:
        return await fetch(client, request or Request(url=server.url()), deadline=deadline, now=lambda: NOW)


def fetched(answer: Answer, *, deadline: float = 5.0) -> Fetched:
    async def run() -> Fetched:
        async with serving(feed=answer) as server:
            return await get(server, deadline=deadline)

    return asyncio.run(run())


def failed(answer: Answer, *, deadline: float = 5.0) -> FetchFailure:
    result = fetched(answer, deadline=deadline)
    assert isinstance(result, FetchFailure), result
    assert result.reason
    assert result.fetched == NOW
    return result


def test_a_document_comes_with_its_validators_and_headers() -> None:
    headers = 'ETag: "v1"\nLast-Modified: Mon, 05 Feb 2024 10:00:00 GMT\nContent-Type: text/xml; charset=utf-8'
    document = fetched(reply(headers=headers, body=FEED))
    assert isinstance(document, Document)
    assert document.body == FEED
    assert (document.etag, document.last_modified) == ('"v1"', "Mon, 05 Feb 2024 10:00:00 GMT")
    assert document.header("content-type") == "text/xml; charset=utf-8"


def test_the_request_names_us_and_what_we_accept() -> None:
    async def run() -> dict[str, str]:
        async with serving(feed=reply(body=FEED)) as server:
            await get(server)
            return server.requests[0][1]

    headers = asyncio.run(run())
    assert headers["user-agent"] == "aggregator/1.2.3 (+ops@monitor.example)"
    assert headers["accept-encoding"] == "gzip, deflate, br, zstd"
    assert "application/rss+xml" in headers["accept"]
    assert not {"cookie", "if-none-match", "if-modified-since"} & headers.keys()


def test_validators_are_sent_and_not_modified_is_understood() -> None:
    async def run() -> tuple[Fetched, dict[str, str]]:
        async with serving(feed=reply("304 Not Modified")) as server:
            request = Request(url=server.url(), etag='W/"v1"', last_modified="Mon, 05 Feb 2024 10:00:00 GMT")
            return await get(server, request), server.requests[0][1]

    result, headers = asyncio.run(run())
    assert isinstance(result, NotModified)
    assert headers["if-none-match"] == 'W/"v1"'
    assert headers["if-modified-since"] == "Mon, 05 Feb 2024 10:00:00 GMT"


@pytest.mark.parametrize("etag", ['"é"', '"中"', '"a\r\nX-Injected: 1"', '"\x00"', '"\udce9"'])
def test_a_validator_that_cannot_stand_in_a_header_does_not_kill_the_feed(etag: str) -> None:
    async def run() -> tuple[Fetched, dict[str, str]]:
        async with serving(feed=reply(body=FEED)) as server:
            return await get(server, Request(url=server.url(), etag=etag)), server.requests[0][1]

    result, headers = asyncio.run(run())
    assert isinstance(result, Document)
    assert not {"if-none-match", "x-injected"} & headers.keys()


def test_a_server_that_sends_an_etag_outside_ascii_can_be_asked_again() -> None:
    async def run() -> Fetched:
        async with serving(feed=reply(headers='ETag: "версия"', body=FEED)) as server:
            first = await get(server)
            assert isinstance(first, Document)
            return await get(server, Request(url=server.url(), etag=first.etag))

    assert isinstance(asyncio.run(run()), Document)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", FailureKind.CLIENT_ERROR),
        ("403 Forbidden", FailureKind.CLIENT_ERROR),
        ("410 Gone", FailureKind.GONE),
        ("429 Too Many Requests", FailureKind.RATE_LIMITED),
        ("503 Service Unavailable", FailureKind.RATE_LIMITED),
        ("500 Internal Server Error", FailureKind.SERVER_ERROR),
        ("502 Bad Gateway", FailureKind.SERVER_ERROR),
        ("304 Not Modified", FailureKind.NOT_A_FEED),
        ("204 No Content", FailureKind.NOT_A_FEED),
        ("302 Found", FailureKind.NOT_A_FEED),
        ("599 Whatever", FailureKind.SERVER_ERROR),
    ],
)
def test_each_status_is_a_failure_of_its_kind_and_is_named(status: str, kind: FailureKind) -> None:
    failure = failed(reply(status))
    assert failure.kind is kind
    assert status[:3] in failure.reason
    assert failure.retry_after_seconds is None


RETRY_AFTER = [
    ("120", 120),
    (" 0 ", 0),
    ("1" + "0" * 20, 86400),
    ("Tue, 06 Feb 2024 12:10:00 GMT", 600),
    ("Tue, 06 Feb 2024 11:00:00 GMT", 0),
    ("Tue, 06 Feb 2094 12:10:00 GMT", 86400),
    ("Tue, 06 Feb 2024 12:10:00", 600),
    *((junk, None) for junk in ("", "soon", "-5", "1.5", "12h", "٣", "²", "Tue, 99 Feb 2024", "inf")),
]


@pytest.mark.parametrize(("value", "seconds"), RETRY_AFTER)
def test_retry_after_is_read_with_a_bound(value: str, seconds: int | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


@pytest.mark.parametrize(("value", "seconds"), [pair for pair in RETRY_AFTER if pair[0].isascii()])
def test_retry_after_comes_from_the_wire(value: str, seconds: int | None) -> None:
    failure = failed(reply("429 Too Many Requests", f"Retry-After: {value}"))
    assert (failure.kind, failure.retry_after_seconds) == (FailureKind.RATE_LIMITED, seconds)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_the_final_address_reported(status: int) -> None:
    async def run() -> tuple[Fetched, str]:
        async with serving(feed=reply(f"{status} Moved", "Location: /new?a=1")) as server:
            server.answers["/new?a=1"] = reply(body=FEED)
            return await get(server), server.url("/new?a=1")

    document, address = asyncio.run(run())
    assert isinstance(document, Document)
    assert (document.url, document.body) == (address, FEED)


def test_a_redirect_loop_ends_soon() -> None:
    async def run() -> tuple[Fetched, int]:
        async with serving(feed=reply("302 Found", "Location: /feed")) as server:
            return await get(server), len(server.requests)

    failure, requests = asyncio.run(run())
    assert isinstance(failure, FetchFailure)
    assert (failure.kind, requests) == (FailureKind.BROKEN, REDIRECT_LIMIT + 1)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/"])
def test_a_redirect_out_of_the_web_is_refused(location: str) -> None:
    assert failed(reply("302 Found", f"Location: {location}")).kind is FailureKind.REFUSED


@pytest.mark.parametrize(
    "location",
    ["http://[", "http://127.0.0.1:99999999/", "http://\x7f/", "//[::", "javascript:x", "data:,x", "http://"],
)
def test_a_redirect_to_nonsense_is_a_failure(location: str) -> None:
    failed(reply("302 Found", f"Location: {location}"))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"])
def test_a_redirect_to_a_private_address_that_is_not_listed_never_touches_it(host: str) -> None:
    async def run() -> tuple[Fetched, int]:
        async with serving() as canary, serving() as server:
            canary.answers["/feed"] = reply(body=FEED)
            server.answers["/feed"] = reply("302 Found", f"Location: http://{host}:{canary.port}/feed")
            return await get(server), canary.connections

    failure, touched = asyncio.run(run())
    assert isinstance(failure, FetchFailure)
    assert failure.kind is FailureKind.REFUSED
    assert touched == 0


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f.1", "0177.0.0.1"])
def test_an_odd_spelling_of_a_private_address_never_reaches_it(host: str) -> None:
    async def run() -> tuple[Fetched, int]:
        async with serving() as canary, serving() as server:
            server.answers["/feed"] = reply("302 Found", f"Location: http://{host}:{canary.port}/feed")
            return await get(server), canary.connections

    failure, touched = asyncio.run(run())
    assert isinstance(failure, FetchFailure)
    assert touched == 0


def test_a_feed_on_a_private_address_that_is_not_listed_is_refused_and_never_touched() -> None:
    async def run() -> tuple[Fetched, int]:
        async with serving(feed=reply(body=FEED)) as server:
            return await get(server, allowed=False), server.connections

    failure, touched = asyncio.run(run())
    assert isinstance(failure, FetchFailure)
    assert (failure.kind, touched) == (FailureKind.REFUSED, 0)
    assert "network.allow" in failure.reason


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.org/x", "", "feed://example.org/", "http://"])
def test_a_feed_that_is_no_web_address_is_refused(url: str) -> None:
    async def run() -> Fetched:
        async with serving() as server:
            return await get(server, Request(url=url))

    failure = asyncio.run(run())
    assert isinstance(failure, FetchFailure)
    assert failure.kind is FailureKind.REFUSED


async def drip_body(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(100):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        writer.write(f"X-{number}: y\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.05)


async def say_nothing(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(5)


async def redirect_slowly(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(0.3)
    await reply("302 Found", "Location: /feed")(writer)


@pytest.mark.parametrize("answer", [drip_body, drip_headers, say_nothing, redirect_slowly])
def test_the_deadline_holds_for_the_whole_fetch(answer: Answer) -> None:
    async def run() -> tuple[Fetched, float]:
        async with serving(feed=answer) as server:
            start = time.monotonic()
            return await get(server, deadline=0.5), time.monotonic() - start

    failure, seconds = asyncio.run(run())
    assert isinstance(failure, FetchFailure)
    assert failure.kind is FailureKind.TIMEOUT
    assert "0.5 s" in failure.reason
    assert 0.4 < seconds < 1.5


def test_a_truncated_body_is_a_failure() -> None:
    assert failed(reply(headers="Content-Length: 1000", body=FEED)).kind in {FailureKind.NETWORK, FailureKind.BROKEN}


def test_a_truncated_chunked_body_is_a_failure() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n<rss version='2.\r\n")

    assert failed(answer).kind in {FailureKind.NETWORK, FailureKind.BROKEN}


def test_a_truncated_gzip_body_is_broken() -> None:
    packed = gzip.compress(FEED * 100)[:-20]
    assert failed(reply(headers="Content-Encoding: gzip", body=packed)).kind is FailureKind.BROKEN


@pytest.mark.parametrize("body", [b"", b" \r\n\t "])
def test_an_empty_body_is_no_feed(body: bytes) -> None:
    assert failed(reply(body=body)).kind is FailureKind.NOT_A_FEED


def test_a_compressed_body_is_unpacked() -> None:
    document = fetched(reply(headers="Content-Encoding: gzip", body=gzip.compress(FEED)))
    assert isinstance(document, Document)
    assert document.body == FEED


@pytest.mark.parametrize("encoding", ["gzip, gzip", "rot13"])
def test_an_encoding_that_we_did_not_ask_for_is_a_failure(encoding: str) -> None:
    failure = failed(reply(headers=f"Content-Encoding: {encoding}", body=gzip.compress(gzip.compress(FEED))))
    assert "not accepted" in failure.reason


@pytest.mark.parametrize("packed", [False, True])
def test_a_body_beyond_ten_mebibytes_is_cut_off(packed: bool) -> None:
    body = b"x" * (BODY_LIMIT + 1)
    failure = failed(reply(headers="Content-Encoding: gzip", body=gzip.compress(body)) if packed else reply(body=body))
    assert "larger than 10 MiB" in failure.reason


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def talk_nonsense(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x16\x03\x01 this is not HTTP\r\n\r\n")


async def lie_about_chunks(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\nx\r\n0\r\n\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        *(endless, hang_up, talk_nonsense, lie_about_chunks),
        reply(headers="X-Huge: " + "h" * 100_000, body=FEED),
        reply(headers="\n".join(f"X-{n}: y" for n in range(50_000)), body=FEED),
        reply(headers="Content-Length: -5", body=FEED),
        reply(headers="Content-Length: many", body=FEED),
        reply("20O OK", body=FEED),
    ],
    ids=[
        "endless",
        "hangs-up",
        "no-http",
        "bad-chunks",
        "huge-header",
        "many-headers",
        "negative",
        "nan",
        "bad-status",
    ],
)
def test_a_server_that_breaks_the_protocol_is_a_failure_in_time(answer: Answer) -> None:
    start = time.monotonic()
    failed(answer, deadline=5)
    assert time.monotonic() - start < 6


def test_a_port_where_nobody_listens_is_a_network_failure_that_names_the_host() -> None:
    async def run() -> Fetched:
        async with serving() as server:
            pass
        return await get(server)

    failure = asyncio.run(run())
    assert isinstance(failure, FetchFailure)
    assert failure.kind is FailureKind.NETWORK
    assert "127.0.0.1" in failure.reason


def test_cookies_are_not_kept_between_requests() -> None:
    async def run() -> dict[str, str]:
        async with serving(feed=reply("302 Found", "Location: /next\nSet-Cookie: id=1; Path=/")) as server:
            server.answers["/next"] = reply(body=FEED)
            await get(server)
            return server.requests[-1][1]

    assert "cookie" not in asyncio.run(run())
