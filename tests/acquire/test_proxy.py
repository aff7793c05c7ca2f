"""Through a proxy: a real one on the loopback, for plain requests and for tunnels."""

import asyncio
import base64
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from aggregator.acquire.access import dressed, proxy_problem
from aggregator.acquire.fetch import fetch, make_client
from aggregator.acquire.guard import AddressRefused
from aggregator.acquire.routes import check_target, look_up
from aggregator.config import load_settings
from aggregator.errors import ConfigurationError
from aggregator.model import Document, FailureKind, Fetched, FetchFailure, Request
from aggregator.settings import DIRECT, Access, Network, Settings
from tests.builders import NOW, make_feed

PASSWORD = "pa/ss@w0rd"
LOG_IN = "me:pa%2Fss%40w0rd"
WANTED = "basic " + base64.b64encode(f"me:{PASSWORD}".encode()).decode().lower()
#: Names that need no look-up.
LISTED = Network(allow=("feeds.invalid:80", "feeds.invalid:443"))
FEED = b"<rss version='2.0'><channel><title>T</title></channel></rss>"


class Origin:
    """A site; what it was asked, first lines only."""

    def __init__(self, redirect: str = "") -> None:
        self.asked: list[str] = []
        self.redirect = redirect

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode().lower())
            status = f"302 Found\r\nLocation: {self.redirect}" if self.redirect else "200 OK"
            head = f"HTTP/1.1 {status}\r\nContent-Length: {len(FEED)}\r\nConnection: close\r\n\r\n"
            writer.write(head.encode() + FEED)
            await writer.drain()
        writer.close()


class Proxy:
    """An HTTP proxy that connects every name to the one site behind it; `wanted`: the log-in that it asks for."""

    def __init__(self, site: int, wanted: str = "", refusal: str = "") -> None:
        self.site, self.wanted, self.refusal = site, wanted, refusal
        self.asked: list[str] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head.lower())
            if self.refusal or self.wanted not in head.lower():
                status = self.refusal or "407 Proxy Authentication Required"
                writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
            else:
                await self._connect(head, reader, writer)
        writer.close()

    async def _connect(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.site)
        if head.startswith("CONNECT"):
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            back.write(head.encode())
        await asyncio.gather(_pump(reader, back), _pump(there, writer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handle: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    tasks: list[asyncio.Task[None]] = []

    async def kept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(asyncio.current_task())  # type: ignore[arg-type]
        await handle(reader, writer)

    server = await asyncio.start_server(kept, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.gather(*tasks)


async def ask(url: str, proxy: str, network: Network = LISTED, tls: ssl.SSLContext | None = None) -> Fetched:
    async with make_client(network, "1", tls) as client:
        return await fetch(client, Request(url=url, proxy=proxy), deadline=5, now=lambda: NOW)


def through(
    url: str = "http://feeds.invalid/rss",
    *,
    log_in: str = "",
    wanted: str = "",
    refusal: str = "",
    redirect: str = "",
    network: Network = LISTED,
) -> tuple[Fetched, Proxy, Origin]:
    """What a fetch through the proxy comes to."""
    origin = Origin(redirect)

    async def run() -> tuple[Fetched, Proxy, Origin]:
        async with listening(origin.handle) as site:
            proxy = Proxy(site, wanted, refusal)
            async with listening(proxy.handle) as port:
                answer = await ask(url, f"http://{log_in + '@' if log_in else ''}127.0.0.1:{port}", network)
                return answer, proxy, origin

    return asyncio.run(run())


def failure(answer: Fetched) -> FetchFailure:
    assert isinstance(answer, FetchFailure)
    return answer


def test_a_plain_request_goes_through_the_proxy_with_its_log_in() -> None:
    answer, proxy, origin = through(log_in=LOG_IN, wanted=WANTED)
    assert isinstance(answer, Document)
    assert (answer.url, answer.body) == ("http://feeds.invalid/rss", FEED)
    assert proxy.asked[0].startswith("get http://feeds.invalid/rss http/1.1")
    assert "host: feeds.invalid" in origin.asked[0]


def test_the_networks_proxy_is_for_all_that_name_none_and_direct_goes_past_it() -> None:
    async def run() -> tuple[Fetched, Fetched, int]:
        origin = Origin()
        async with listening(origin.handle) as site:
            proxy = Proxy(site)
            async with listening(proxy.handle) as port:
                network = Network(proxy=f"http://127.0.0.1:{port}", allow=(*LISTED.allow, f"127.0.0.1:{site}"))
                by_default = await ask("http://feeds.invalid/rss", "", network)
                return by_default, await ask(f"http://127.0.0.1:{site}/rss", DIRECT, network), len(proxy.asked)

    by_default, direct, asked = asyncio.run(run())
    assert isinstance(by_default, Document)
    assert isinstance(direct, Document)
    assert asked == 1


def test_a_feeds_proxy_stays_with_it_where_its_secrets_do_not() -> None:
    feed = replace(make_feed("https://wire.example/rss"), access=Access(bearer="t0ken", proxy="http://p.example:3128"))
    moved = dressed(Request(url="https://moved.example/rss"), feed)
    assert (moved.headers, moved.proxy) == ((), "http://p.example:3128")
    assert dressed(Request(url="https://wire.example/rss"), feed).headers


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of feeds.invalid, signed by itself, in one file."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=feeds.invalid -addext subjectAltName=DNS:feeds.invalid"
    subprocess.run(
        [*made.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True
    )
    both = folder / "both.pem"
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


@pytest.mark.parametrize("trusted", [True, False])
def test_a_secure_site_is_reached_by_a_tunnel_that_shows_the_proxy_nothing(certificate: Path, trusted: bool) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    trusting = ssl.create_default_context(cafile=certificate) if trusted else ssl.create_default_context()
    origin = Origin()

    async def run() -> tuple[Fetched, Proxy]:
        async with listening(origin.handle, serving) as site:
            proxy = Proxy(site, WANTED)
            async with listening(proxy.handle) as port:
                url = f"http://{LOG_IN}@127.0.0.1:{port}"
                return await ask("https://feeds.invalid/secret?key=k3y", url, LISTED, trusting), proxy

    answer, proxy = asyncio.run(run())
    assert [line.split("\r\n")[0] for line in proxy.asked] == ["connect feeds.invalid:443 http/1.1"]
    assert "k3y" not in proxy.asked[0]
    if trusted:
        assert isinstance(answer, Document)
        assert answer.body == FEED
        assert "proxy-authorization" not in origin.asked[0]
    else:
        assert "certificate" in failure(answer).reason.lower()
        assert origin.asked == []


# --- what goes wrong ---


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_wrong_password_says_so_and_tells_none(scheme: str) -> None:
    answer, proxy, origin = through(f"{scheme}://feeds.invalid/rss", log_in="me:wr0ng", wanted=WANTED)
    assert failure(answer).kind is FailureKind.PROXY
    assert failure(answer).reason.endswith("refuses: it wants another user or password (407)")
    assert len(proxy.asked) == 1
    assert not origin.asked
    assert "wr0ng" not in repr(answer)


def test_a_proxy_that_is_away_is_named_without_its_log_in() -> None:
    async def run() -> Fetched:
        async with listening(Origin().handle) as port:
            pass
        return await ask("http://feeds.invalid/rss", f"http://{LOG_IN}@127.0.0.1:{port}")

    answer = failure(asyncio.run(run()))
    assert answer.kind is FailureKind.PROXY
    assert "the proxy 127.0.0.1:" in answer.reason
    assert "cannot be reached" in answer.reason
    assert "w0rd" not in repr(answer)


def test_a_proxy_whose_name_is_unknown_is_named() -> None:
    answer = failure(asyncio.run(ask("http://feeds.invalid/rss", "http://me:s3cret@proxy.invalid:3128")))
    assert answer.kind is FailureKind.PROXY
    assert "the proxy proxy.invalid:3128 cannot be reached" in answer.reason
    assert "s3cret" not in repr(answer)


def test_a_proxy_that_gives_no_tunnel_is_named() -> None:
    answer, *_ = through("https://feeds.invalid/rss", refusal="502 <script>s3cret</script>")
    assert failure(answer).kind is FailureKind.PROXY
    assert failure(answer).reason.endswith("gives no way to the host: 502 Bad Gateway")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_is_no_proxy_is_a_failure(scheme: str) -> None:
    answer, *_ = through(f"{scheme}://feeds.invalid/rss", refusal="no number\r\nx")
    assert failure(answer).kind is FailureKind.PROXY
    assert "through the proxy 127.0.0.1:" in failure(answer).reason


# --- the guard ---

PRIVATE = [
    "http://127.0.0.1/x",
    "http://localhost/x",
    "https://10.0.0.1/x",
    "http://[::1]/x",
    "http://[::ffff:169.254.169.254]/latest",
    "http://169.254.169.254./latest",
    "http://2130706433/x",
    "http://0x7f.1/x",
    "http://0177.0.0.1./x",
    "http://127.1/x",
    "http://public.example\\@127.0.0.1/x",
    "http://user@127.0.0.1/x",
    "http://intranet/x",
    "http://intranet./x",
    "https://printer.local/x",
    "http://metadata.google.internal/x",
    "http://9999999999999/x",
    "http://a%2f127.0.0.1/x",
]


@pytest.mark.parametrize("url", PRIVATE)
def test_the_proxy_is_not_sent_to_what_is_not_public(url: str) -> None:
    answer, proxy, _ = through(url)
    assert isinstance(answer, FetchFailure)
    assert not proxy.asked
    if "%2f" not in url:
        assert answer.kind is FailureKind.REFUSED


@pytest.mark.parametrize("url", PRIVATE)
def test_a_redirect_takes_the_proxy_no_further(url: str) -> None:
    answer, proxy, _ = through(redirect=url)
    assert isinstance(answer, FetchFailure)
    assert len(proxy.asked) == 1


def test_a_target_that_is_listed_may_be_private() -> None:
    answer, proxy, _ = through("http://intranet:8080/rss", network=Network(allow=("intranet:8080",)))
    assert isinstance(answer, Document)
    assert "get http://intranet:8080/rss" in proxy.asked[0]
    assert isinstance(through("http://127.0.0.1:81/", network=Network(allow=("127.0.0.1:81",)))[0], Document)


def check(url: str, *addresses: str, allow: tuple[str, ...] = ()) -> None:
    async def resolve(host: str, port: int) -> tuple[str, ...]:
        return addresses

    asyncio.run(check_target(httpx.URL(url), allow, resolve))


def test_the_proxy_is_sent_to_the_public_and_to_what_only_it_can_find() -> None:
    check("http://8.8.8.8/")
    check("https://[2001:4860:4860::8888]/")
    check("https://paper.example/", "8.8.8.8", "2001:4860:4860::8888")
    check("https://газета.example/")


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("8.8.8.8", "fe80::1%eth0")])
def test_a_name_with_one_address_that_is_not_public_is_refused(addresses: tuple[str, ...]) -> None:
    with pytest.raises(AddressRefused, match=r"of paper.example is not public; list it under network.allow"):
        check("https://paper.example/", *addresses)


def test_names_are_looked_up() -> None:
    assert asyncio.run(look_up("localhost", 80)) & {"127.0.0.1", "::1"}


def test_the_port_of_the_allow_list_counts() -> None:
    with pytest.raises(AddressRefused, match=r"list it under network.allow"):
        check("http://127.0.0.1:82/", allow=("127.0.0.1:81",))
    check("http://paper.example:81/", "10.0.0.1", allow=("10.0.0.1:81",))
    check("http://paper.example:81/", "10.0.0.1", allow=("paper.example:81",))


# --- the settings ---


def settings(folder: Path, text: str, environment: dict[str, str]) -> Settings:
    file = folder / "feeds.yaml"
    file.write_text(text)
    return load_settings(file, environment)


FEED_LINE = "feeds:\n  - {url: 'https://w.example/', outlet: W, language: en, country: GB, camp: wire, access: "


def test_a_password_of_the_environment_is_escaped_and_never_printed(tmp_path: Path) -> None:
    text = "network:\n  proxy: http://me:${PW}@proxy.example:3128\n" + FEED_LINE + "{proxy: '${WHOLE}'}}\n"
    read = settings(tmp_path, text, {"PW": PASSWORD, "WHOLE": f"http://{LOG_IN}@other.example:8080"})
    assert read.network.proxy == f"http://{LOG_IN}@proxy.example:3128"
    assert read.feeds[0].access == Access(proxy=f"http://{LOG_IN}@other.example:8080")
    request = dressed(Request(url="https://w.example/"), read.feeds[0])
    assert request.proxy
    assert "w0rd" not in repr(read) + repr(request)


@pytest.mark.parametrize(
    "proxy",
    [
        *("socks5://s3cret@p.example:1080", "https://s3cret@p.example", "p.example:3128", "http://:s3cret@:3128"),
        *("http://u:s3cret@p.example:99999", "http://u:s3cret/x@p.example", "http://u:s3cret@p.example/?x", "s3cret"),
        *("http://u:s3cret@p x:80", "http://u:пароль@p.example", "http://u:s3cret@p.example:80\n", "http://s3cret@[::"),
    ],
)
def test_an_address_that_is_no_proxy_is_refused_without_telling_it(tmp_path: Path, proxy: str) -> None:
    assert proxy_problem(proxy)
    for text, place in (
        ("network:\n  proxy: ${P}\n", ":2: network.proxy"),
        (FEED_LINE + "{proxy: '${P}'}}\n", ":2: feeds[1].access: proxy"),
    ):
        with pytest.raises(ConfigurationError) as refused:
            settings(tmp_path, text, {"P": proxy})
        assert place in str(refused.value)
        assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("proxy", ["", DIRECT, "http://p.example", "http://[::1]:3128/", "http://u:p@10.0.0.1:3128"])
def test_good_addresses_are_taken(proxy: str) -> None:
    assert proxy_problem(proxy) == ""


@pytest.mark.parametrize("text", ["network: {proxy: [s3cret]}\n", FEED_LINE + "{proxy: {a: s3cret}}}\n"])
def test_a_proxy_of_the_wrong_type_is_not_repeated(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="string") as refused:
        settings(tmp_path, text, {})
    assert "s3cret" not in str(refused.value)


def test_an_absent_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r":1: network.proxy: the environment has no variable PW"):
        settings(tmp_path, "network: {proxy: 'http://u:${PW}@p.example'}\n", {})
