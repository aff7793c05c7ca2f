"""What is kept of an answer, so that a quotation can be proved."""

import asyncio
import hashlib

import pytest

from aggregator.acquire.capture import capture_of
from aggregator.acquire.fetch import fetch, make_client
from aggregator.model import Document, Request
from aggregator.settings import Network
from tests.builders import NOW, make_feed
from tests.loopback import reply, serving

BODY = b"<rss version='2.0'><channel><title>x</title></channel></rss>"


def document(*headers: tuple[str, str]) -> Document:
    return Document(url="https://e.org/b", asked="https://e.org/a", status=200, body=BODY, headers=headers, fetched=NOW)


def test_an_answer_is_kept_as_it_was_received_from_the_address_that_gave_it() -> None:
    async def run() -> tuple[str, Document]:
        headers = 'X-Served-BY: Cache-7\nETag: "v1"\nX-served-by: second\nSet-Cookie: id=1'
        async with serving(new=reply(headers=headers, body=BODY)) as server:
            server.answers["/feed"] = reply("301 Moved Permanently", headers=f"Location: {server.url('/new')}")
            async with make_client(Network(allow=(f"127.0.0.1:{server.port}",)), "1") as client:
                got = await fetch(client, Request(url=server.url()), deadline=5, now=lambda: NOW)
            assert isinstance(got, Document)
            return server.url(), got

    asked, got = asyncio.run(run())
    kept = capture_of(got, make_feed())
    assert (kept.asked, kept.url, kept.status) == (asked, asked.replace("/feed", "/new"), 200)
    assert kept.headers[:3] == (("X-Served-BY", "Cache-7"), ("ETag", '"v1"'), ("X-served-by", "second"))
    assert kept.headers_left_out == 1
    assert (kept.body_length, kept.body_sha256) == (len(BODY), hashlib.sha256(BODY).hexdigest())
    assert kept.fetched == NOW


@pytest.mark.parametrize(
    "name", ["Set-Cookie", "set-cookie2", "WWW-Authenticate", "X-Auth-Token", "X-CSRF", "X-Api-Key", "X-Session-Id"]
)
def test_what_lets_somebody_in_is_left_out(name: str) -> None:
    kept = capture_of(document((name, "s3cret"), ("Server", "nginx")), make_feed())
    assert (kept.headers, kept.headers_left_out) == ((("Server", "nginx"),), 1)


def test_no_more_headers_are_kept_than_fit() -> None:
    many = [(f"X-{n}", "x" * 1000) for n in range(50)]
    kept = capture_of(document(*many), make_feed())
    assert (len(kept.headers), kept.headers_left_out) == (8, 42)
    assert capture_of(document(("X-Long", "x" * 100_000)), make_feed()).headers == ()
