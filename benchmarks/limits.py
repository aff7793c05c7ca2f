"""How fast a round could be at all: the same bytes through wrk, lxml's tree and bare SQLite inserts.

    python benchmarks/limits.py [--feeds 1000] [--port 8099]

Needs what benchmarks/poll.py needs, and wrk. Each part by itself, on one core: nothing here is annotated,
recognised or made safe. What is stored is what this program stores, with the index's own cost.
"""

import argparse
import importlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from aggregator.acquire.normalise import normalise
from aggregator.acquire.parse import parse
from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive.engine import sqlite3
from aggregator.archive.rows import ARTICLE_COLUMNS, record
from aggregator.archive.sqlite import open_archive
from aggregator.model import Document, ParseFailure, Record
from aggregator.settings import Camp, Feed

HOME = Path(__file__).resolve().parent.parent


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of this process for a piece of work."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def requests_per_second(url: str, *headers: str) -> float:
    """What wrk gets of an address with one thread, in three seconds."""
    options = [part for header in headers for part in ("-H", header)]
    said = subprocess.run(["wrk", "-t1", "-c32", "-d3", *options, url], capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s*([\d.]+)", said.stdout)
    return float(found[1]) if found else 0.0


def records(documents: Sequence[bytes]) -> list[Record]:
    """What is stored of the documents."""
    beat, now = load_beat(), datetime.now(UTC)
    made = []
    for number, body in enumerate(documents):
        url = f"https://site{number}.example/feed"
        feed = Feed(url=url, outlet=f"Site {number}", language="en", country="GB", camp=Camp.WESTERN)
        parsed = parse(Document(url=url, body=body, headers=(), fetched=now))
        if not isinstance(parsed, ParseFailure):
            made += [record(annotate(a, beat)) for a in normalise(parsed, feed, base_url=url, now=now).articles]
    return made


def insert(kept: Sequence[Record], path: Path) -> None:
    """Bare inserts into the archive's own tables."""
    open_archive(path).close()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    marks = ", ".join("?" * (len(ARTICLE_COLUMNS) + 2))
    for start in range(0, len(kept), 2000):
        batch = list(enumerate(kept[start : start + 2000], start=start + 1))
        connection.execute("BEGIN")
        connection.executemany(
            f"INSERT INTO articles(id, position, {', '.join(ARTICLE_COLUMNS)}) VALUES ({marks})",
            [(number, number, *one.values) for number, one in batch],
        )
        connection.executemany(
            "INSERT INTO article_words(rowid, title, text, marks) VALUES (?, ?, ?, ?)",
            [(number, *one.words) for number, one in batch],
        )
        connection.execute("COMMIT")
    connection.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--harness", type=Path, default=HOME.parent / "shared" / "peers")
    options = parser.parse_args()
    sys.path.insert(0, str(options.harness))
    folder = importlib.import_module("paths").WORK / "www" / "round1" / "feed"
    documents = [(folder / f"{number}.xml").read_bytes() for number in range(options.feeds)]
    kept = records(documents)
    url = f"http://127.0.0.1:{options.port}/feed/1.xml"
    etag = subprocess.run(["curl", "-sI", url], capture_output=True, text=True, check=True).stdout
    validator = (re.search(r"etag: (\S+)", etag, re.IGNORECASE) or ["", ""])[1]
    with tempfile.TemporaryDirectory() as scratch:
        stored = seconds(lambda: insert(kept, Path(scratch) / "bare.db"))
    rows = [
        ("wrk, whole documents", options.feeds / requests_per_second(url, "Accept-Encoding: gzip")),
        ("wrk, 304", options.feeds / requests_per_second(url, f"If-None-Match: {validator}")),
        ("lxml's tree", seconds(lambda: [etree.fromstring(body) for body in documents])),
        (f"bare inserts of {len(kept)} articles", stored),
    ]
    print(f"| {options.feeds} feeds | seconds |\n|---|---|")
    for name, took in rows:
        print(f"| {name} | {took:.2f} |")


if __name__ == "__main__":
    main()
