"""Connections are kept while their host behaves, and a poisoned one harms nobody twice."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest
from aiohttp.base_protocol import BaseProtocol

from aggregator.acquire.connections import Body, Connections
from aggregator.acquire.guard import guarded_socket_factory


class Server:
    """Answers each path with its name; /noise goes on talking behind its answer, /mute says nothing after it."""

    def __init__(self) -> None:
        self.log: list[tuple[int, str]] = []
        self._connections = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        number, mute = self._connections, False
        try:
            while line := await reader.readline():
                path = line.split()[1].decode()
                while (await reader.readline()).strip():
                    pass
                self.log.append((number, path))
                if mute:
                    continue
                body = path.encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                await writer.drain()
                if path == "/noise":
                    await asyncio.sleep(0.05)
                    writer.write(b"and another thing\r\n\r\n")
                mute = mute or path == "/mute"
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    @property
    def connections(self) -> list[int]:
        return [number for number, _ in self.log]


@asynccontextmanager
async def asking(server: Server) -> AsyncIterator[Callable[..., "asyncio.Future[str]"]]:
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    host = f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    transport = Connections(
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tls=None, guard=guarded_socket_factory([host]), patience=0.3
    )

    async def ask(path: str, *, method: str = "GET", keep: bool = True) -> str:
        request = httpx.Request(method, f"http://{host}{path}", extensions={"keep": keep})
        response = await transport.handle_async_request(request)
        return (await response.aread()).decode()

    async with listener, transport:
        yield lambda *args, **options: asyncio.ensure_future(ask(*args, **options))


def connections_of(paths: list[str], *, keep: bool = True) -> list[int]:
    server = Server()

    async def run() -> None:
        async with asking(server) as ask:
            for path in paths:
                assert await ask(path, keep=keep) == path
                await asyncio.sleep(0.1)

    asyncio.run(run())
    return server.connections


def test_a_connection_serves_again_where_another_request_follows() -> None:
    assert connections_of(["/a", "/b", "/c"]) == [1, 1, 1]


def test_a_connection_is_closed_where_none_follows() -> None:
    assert connections_of(["/a", "/b"], keep=False) == [1, 2]


def test_what_is_said_behind_an_answer_harms_nobody() -> None:
    # Whether the noise came before the next request or with its answer, the first connection is left alone then.
    assert connections_of(["/noise", "/good", "/better"])[-1] != 1


def test_a_connection_that_stays_silent_is_given_up_and_the_host_not_trusted_again() -> None:
    # The second request is heard on the old connection and again on a new one; then none is kept.
    assert connections_of(["/mute", "/good", "/better"]) == [1, 1, 2, 3]


def test_only_a_get_is_made_again() -> None:
    server = Server()

    async def run() -> None:
        async with asking(server) as ask:
            await ask("/mute")
            assert await ask("/form", method="POST") == "/form"

    asyncio.run(run())
    assert server.log == [(1, "/mute"), (2, "/form")]


def test_a_host_that_is_away_is_told_at_once() -> None:
    async def run() -> None:
        server = Server()
        async with asking(server):
            transport = Connections(
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), tls=None, guard=guarded_socket_factory(["127.0.0.1:1"])
            )
            with pytest.raises(httpx.TransportError):
                await transport.handle_async_request(
                    httpx.Request("GET", "http://127.0.0.1:1/", extensions={"keep": True})
                )
            await transport.aclose()

    asyncio.run(run())


class _Read(httpx.AsyncByteStream):
    """A body as the transport hands it on: chunks of aiohttp's own reader."""

    def __init__(self, reader: aiohttp.StreamReader) -> None:
        self._reader = reader

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._reader.iter_chunked(1024):
            yield chunk


def test_a_body_whose_connection_has_closed_is_a_failure_of_the_network() -> None:
    """Seen once in a round of hostile feeds: aiohttp raises a RuntimeError, which ended the round of all."""

    async def run() -> None:
        loop = asyncio.get_running_loop()
        reader = aiohttp.StreamReader(BaseProtocol(loop), 2**16, loop=loop)  # of a protocol without a connection
        reader.feed_data(b"begun")
        body = aiter(Body(_Read(reader)))
        assert await anext(body) == b"begun"
        with pytest.raises(httpx.ReadError, match="closed"):
            await anext(body)

    asyncio.run(run())
