"""EDGE: connections to hosts, kept for the next request where there is one, as long as a host's answers are sound.

A connection costs as much as a short answer. But what a server sends behind the end of an answer, or fails
to send, strikes whoever asks next on that connection: a request that fares badly on a kept one is made again on a
new one, and that host's connections are kept no more.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from aggregator.acquire.guard import AddressInfo

SocketFactory = Callable[[AddressInfo], socket.socket]

#: Seconds that a kept connection waits for its next request; so few, because ten thousand hosts are asked in a round.
_KEPT_SECONDS = 1.0
#: Seconds to the head of an answer on a kept connection, after which a new one is tried.
_PATIENCE = 5.0
#: What aiohttp says, by a RuntimeError, of a body that is read when its connection has closed meanwhile.
_CLOSED = "Connection closed."
#: Set to True when the request at hand gets a connection that was used before.
_reused: ContextVar[list[bool]] = ContextVar("_reused")


async def _note_reuse(session: aiohttp.ClientSession, context: SimpleNamespace, parameters: object) -> None:
    _reused.get([]).append(True)


class Body(httpx.AsyncByteStream):
    """The body of an answer; a connection that has closed is a failure of the network, as httpx has it."""

    def __init__(self, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> None:
        assert isinstance(stream, httpx.AsyncByteStream)
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._stream:
                yield chunk
        except RuntimeError as error:
            if str(error) != _CLOSED:
                raise
            raise httpx.ReadError(str(error)) from error

    async def aclose(self) -> None:
        await self._stream.aclose()


class Connections(httpx.AsyncBaseTransport):
    """aiohttp's connections under httpx's interface; `request.extensions["keep"]`: another request to the host follows."""

    def __init__(
        self,
        unused: ssl.SSLContext,
        *,
        tls: ssl.SSLContext | None,
        guard: SocketFactory,
        patience: float = _PATIENCE,
    ) -> None:
        """`tls` is whom to trust, `guard` makes the sockets; `unused` spares each transport to load the roots again."""
        self._patience = patience

        def made(**options: Any) -> aiohttp.ClientSession:
            # Who may fetch how much at once is the conductor's business: waiting here would count as fetching.
            return session(aiohttp.TCPConnector(limit=0, ssl=tls or True, socket_factory=guard, **options))

        self._closing = AiohttpTransport(client=lambda: made(force_close=True), verify=unused)
        self._keeping = AiohttpTransport(client=lambda: made(keepalive_timeout=_KEPT_SECONDS), verify=unused)
        self._unsound: set[bytes] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; only a GET is ever sent twice."""
        response = await self._send(request)
        response.stream = Body(response.stream)
        return response

    async def _send(self, request: httpx.Request) -> httpx.Response:
        host = request.url.netloc
        if not request.extensions.get("keep") or request.method != "GET" or host in self._unsound:
            return await self._closing.handle_async_request(request)
        reused: list[bool] = []
        token = _reused.set(reused)
        try:
            return await self._on_kept(request, reused)
        except (httpx.TransportError, aiohttp.ClientError, TimeoutError):
            self._unsound.add(host)
            if not reused:
                raise
        finally:
            _reused.reset(token)
        return await self._closing.handle_async_request(request)

    async def _on_kept(self, request: httpx.Request, reused: list[bool]) -> httpx.Response:
        """The answer; TimeoutError where a connection that was used before stays silent."""
        answer = asyncio.ensure_future(self._keeping.handle_async_request(request))
        try:
            done, _ = await asyncio.wait({answer}, timeout=self._patience)
            if not done and reused:
                raise TimeoutError
            return await answer
        finally:
            answer.cancel()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._closing.aclose()
        await self._keeping.aclose()


def session(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    """A session that undoes no encoding, keeps no cookies, and notes connections that are used again."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_reuseconn.append(_note_reuse)
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        trace_configs=[trace],
    )
