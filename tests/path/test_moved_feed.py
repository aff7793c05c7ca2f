"""A feed that moves, over the wire: redirects count whether the document behind them is sent or is unchanged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.cli.service import open_service
from aggregator.model import FeedState
from aggregator.settings import Network, Settings
from tests.builders import NOW, make_feed

FEED = b"<rss version='2.0'><channel><title>T</title><item><title>Putin meets Xi</title></item></channel></rss>"


class Server:
    """/old has moved to /new for good; /new knows its ETag. `log` holds what was asked and answered."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        path = head.split(" ")[1]
        if path == "/old":
            status, extra, body = 301, "Location: /new\r\n", b""
        elif 'if-none-match: "v1"' in head.lower():
            status, extra, body = 304, "", b""
        else:
            status, extra, body = 200, 'ETag: "v1"\r\n', FEED
        self.log.append((path, status))
        writer.write(
            f"HTTP/1.1 {status} X\r\n{extra}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def serving(server: Server) -> AsyncIterator[int]:
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    async with listener:
        yield listener.sockets[0].getsockname()[1]


def states_after(hours: list[float], folder: Path) -> tuple[list[FeedState], list[list[tuple[str, int]]]]:
    """The feed's state, and what was asked, after each of the polls at these hours."""

    async def run() -> tuple[list[FeedState], list[list[tuple[str, int]]]]:
        server, states, asked = Server(), [], []
        moment = NOW
        async with serving(server) as port:
            url = f"http://127.0.0.1:{port}/old"
            network = Network(allow=(f"127.0.0.1:{port}",), workers=1)
            settings = Settings(feeds=(make_feed(url),), network=network, archive=folder / "archive.db")

            def clock() -> datetime:
                return moment

            async with open_service(settings, clock) as service:
                for hour in hours:
                    moment = NOW + timedelta(hours=hour)
                    server.log.clear()
                    await service.poll(progress=False)
                    states.append(service.archive.feed_states()[url])
                    asked.append(list(server.log))
        return states, asked

    return asyncio.run(run())


def test_an_unchanged_document_behind_a_redirect_counts_as_one_that_is_sent(tmp_path: Path) -> None:
    states, asked = states_after([0, 12, 24, 25], tmp_path)
    assert asked == [
        [("/old", 301), ("/new", 200)],
        [("/old", 301), ("/new", 304)],
        [("/old", 301), ("/new", 200)],  # once a day the document itself
        [("/new", 304)],  # believed; the validators came from there
    ]
    assert [state.moved.times for state in states] == [1, 2, 0, 0]
    assert [state.moved.asked[-4:] for state in states] == ["", "", "/new", "/new"]
    assert [(change.url[-4:], change.when) for change in states[-1].moved.history] == [
        ("/new", NOW + timedelta(hours=24))
    ]
    assert all(state.failures == 0 for state in states)
