"""Secrets reach the source that they are for, and nobody else."""

import asyncio
import base64
from pathlib import Path

import pytest

from aggregator.acquire.access import access_problem, dressed, origin
from aggregator.acquire.fetch import fetch, make_client
from aggregator.config import load_settings
from aggregator.errors import ConfigurationError
from aggregator.model import Document, Request
from aggregator.settings import Access, Camp, Feed, Network
from tests.builders import NOW

ACCESS = Access(headers={"X-Key": "k3y"}, user="me", password="pa:ss", cookies={"session": "c00kie"})


def feed(url: str, access: Access | None = ACCESS) -> Feed:
    return Feed(url=url, outlet="W", language="en", country="GB", camp=Camp.WIRE, access=access)


class Site:
    """Answers every request with a body, or with a redirect; keeps what it was asked."""

    def __init__(self, redirect: str = "") -> None:
        self.redirect = redirect
        self.asked: list[str] = []
        self.port = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
        status = f"302 Found\r\nLocation: {self.redirect}" if self.redirect else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx".encode())
        await writer.drain()
        writer.close()

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self.handle, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server


def asked_of(access: Access, *, redirected: bool) -> tuple[str, str]:
    """What the source, and the place that it redirects to, were asked."""

    async def run() -> tuple[str, str]:
        there = Site()
        async with await there.start():
            here = Site(redirect=f"http://127.0.0.1:{there.port}/x" if redirected else "")
            async with await here.start():
                network = Network(allow=(f"127.0.0.1:{here.port}", f"127.0.0.1:{there.port}"))
                url = f"http://127.0.0.1:{here.port}/rss"
                async with make_client(network, "1") as client:
                    request = dressed(Request(url=url), feed(url, access))
                    assert isinstance(await fetch(client, request, deadline=5, now=lambda: NOW), Document)
        return here.asked[0], (there.asked or [""])[0]

    return asyncio.run(run())


def test_the_source_gets_headers_log_in_and_cookies() -> None:
    asked, _ = asked_of(ACCESS, redirected=False)
    assert "x-key: k3y" in asked
    assert f"authorization: basic {base64.b64encode(b'me:pa:ss').decode()}".lower() in asked
    assert "cookie: session=c00kie" in asked
    assert "authorization: bearer t0ken" in asked_of(Access(bearer="t0ken"), redirected=False)[0]


def test_no_secret_follows_a_redirect_to_another_origin() -> None:
    asked, elsewhere = asked_of(ACCESS, redirected=True)
    assert "x-key" in asked
    assert elsewhere.startswith("get /x")
    for secret in ("x-key", "authorization", "cookie"):
        assert secret not in elsewhere


@pytest.mark.parametrize(
    "moved", ["http://wire.example/rss", "https://wire.example:8443/rss", "https://other.example/rss"]
)
def test_a_feed_that_has_moved_takes_no_secrets_along(moved: str) -> None:
    assert dressed(Request(url=moved), feed("https://wire.example/rss")).headers == ()
    assert dressed(Request(url="https://wire.example:443/new"), feed("https://wire.example/rss")).headers


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin("HTTPS://A.example/x") == origin("https://a.example:443/") != origin("http://a.example/")


@pytest.mark.parametrize(
    "access",
    [
        Access(headers={"Host": "x"}),
        Access(headers={"X Y": "x"}),
        Access(headers={"X": "a\r\nB: c"}),
        Access(headers={"X": "секрет"}),
        Access(user="u", bearer="b"),
        Access(headers={"authorization": "x"}, bearer="b"),
        Access(cookies={"a": "b; c=d"}),
        Access(bearer="a\nb"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_telling_it(access: Access) -> None:
    problem = access_problem(access)
    assert problem
    assert "секрет" not in problem


def test_secrets_are_not_printed() -> None:
    shown = repr(feed("https://wire.example/rss")) + repr(
        dressed(Request(url="https://wire.example/rss"), feed("https://wire.example/rss"))
    )
    assert not any(secret in shown for secret in ("k3y", "pa:ss", "c00kie", "Basic"))


SOURCE = (
    "feeds:\n  - {url: 'https://wire.example/rss', outlet: W, language: en, country: GB, camp: wire,"
    " access: {bearer: '${WIRE_TOKEN}', headers: {X-A: 'a${A}z'}}}\n"
)


def test_secrets_come_from_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(SOURCE)
    (read,) = load_settings(file, {"WIRE_TOKEN": "t", "A": "b"}).feeds
    assert read.access == Access(bearer="t", headers={"X-A": "abz"})
    with pytest.raises(ConfigurationError, match=r"feeds.yaml:2: feeds\[1\].access: .*no variable WIRE_TOKEN"):
        load_settings(file, {"A": "b"})
    with pytest.raises(ConfigurationError, match="no header may have") as refused:
        load_settings(file, {"WIRE_TOKEN": "s3cret\n", "A": "b"})
    assert "s3cret" not in str(refused.value)
