"""Every real document of the shared corpus, and each fifth of its conformance documents, goes through the program."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import pytest

from aggregator.acquire.fetch import fetch, make_client
from aggregator.acquire.normalise import normalise
from aggregator.acquire.parse import parse
from aggregator.model import Document, FetchFailure, ParsedFeed, Request
from aggregator.settings import Camp, Feed, Network

DATA = Path(__file__).parents[2].parent / "shared" / "data"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SHARDS = 4


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def read_one(name: str, document: Document) -> ParsedFeed | None:
    start = time.monotonic()
    parsed = parse(document)
    if isinstance(parsed, ParsedFeed):
        feed = Feed(url=document.url, outlet="O", language="en", country="XX", camp=Camp.OTHER)
        made = normalise(parsed, feed, base_url=document.url, now=NOW)
        assert len(parsed.entries) == len(made.articles) + len(made.dropped), name
        assert all(article.title and article.keys and article.date <= NOW for article in made.articles), name
    assert time.monotonic() - start < 10, name
    return parsed if isinstance(parsed, ParsedFeed) else None


async def read_all(port: int, files: list[Path]) -> tuple[int, int]:
    """How many documents were feeds, and how many entries they had."""
    feeds = entries = 0
    network = Network(allow=(f"127.0.0.1:{port}",))
    async with make_client(network, "test") as client:
        for file in files:
            request = Request(url=f"http://127.0.0.1:{port}/{quote(file.name)}")
            fetched = await fetch(client, request, deadline=10, now=lambda: NOW)
            if isinstance(fetched, FetchFailure):
                assert not file.read_bytes().strip(), (file.name, fetched.reason)
                continue
            assert isinstance(fetched, Document)
            assert fetched.body == file.read_bytes()
            if parsed := read_one(file.name, fetched):
                feeds += 1
                entries += len(parsed.entries)
    return feeds, entries


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("folder", "step", "shard"),
    [(f, s, n) for f, s in (("feeds_real", 1), ("feeds_conformance", 5)) for n in range(SHARDS)],
)
def test_every_document_is_read_and_every_entry_accounted_for(folder: str, step: int, shard: int) -> None:
    if not (DATA / folder).is_dir():
        pytest.skip(f"{DATA / folder} is absent")
    files = sorted(path for path in (DATA / folder).iterdir() if path.is_file())[::step][shard::SHARDS]
    with serving(DATA / folder) as port:
        feeds, entries = asyncio.run(read_all(port, files))
    assert feeds > len(files) * (0.9 if folder == "feeds_real" else 0.5)
    assert entries >= feeds / 2
