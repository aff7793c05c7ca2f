"""Archives for the tests of upkeep, and what can be seen of one from outside."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import open_archive
from aggregator.archive.upkeep.opening import opened
from aggregator.archive.upkeep.tables import content_tables
from aggregator.model import (
    Capture,
    Edition,
    Episode,
    FullText,
    FullTextState,
    Mute,
    Notice,
    Offer,
    Placement,
    Subscription,
    Verdict,
)
from tests.builders import FEED_URL, NOW, make_annotated, make_article, make_delivery, make_harvest, place_alone

ROOT = Path(__file__).parents[3]
CAPTURE = Capture(
    feed_url=FEED_URL,
    asked=FEED_URL,
    url="https://cdn.example.com/rss",
    status=200,
    fetched=NOW,
    headers=(("Server", "nginx"),),
    headers_left_out=1,
    body_length=4711,
    body_sha256="ab" * 32,
)


def whole_archive(path: Path) -> None:
    """An archive that has something in each table."""
    with closing(open_archive(path)) as archive:
        names = ["Putin 普京 Путин", "Pipeline\nsigned", "Third", "Fourth \u2028 line"]
        articles = [
            make_article(name, text=f"{name} text 文本 текст", published=NOW - timedelta(hours=n), outlet=f"Outlet {n}")
            for n, name in enumerate(names)
        ]
        harvest = make_harvest(
            *(make_annotated(one, concepts=["vladimir-putin"], topics=["energy"]) for one in articles)
        )
        archive.save(replace(harvest, capture=CAPTURE))
        archive.save(make_harvest(make_annotated(replace(articles[2], text="Another text", content_hash="other"))))
        archive.place([Placement(article=1), Placement(article=2), Placement(article=3), Placement(article=4, joins=3)])
        archive.merge_stories(1, 2, now=NOW)
        read = FullText(
            article=4, url="https://example.com/4", state=FullTextState.READ, asked=NOW, text="A whole page " * 9
        )
        archive.save_full_texts([(read, make_annotated(replace(articles[3], full_text=read.text)))])
        archive.save_verdict(Verdict(article=1, label=2, given=NOW))
        archive.save_episodes([Episode(story=1, affair=1, date=NOW, terms={"事": 1}, shares=("Путин",))])
        offer = Offer(hub="https://hub.example", topic="https://example.com/rss")
        archive.save_subscriptions([Subscription(feed_url=offer.topic, offer=offer, token="token", secret="secret")])
        notice = Notice(
            rule="gas", story=1, headline="Gas", why="gas", url="https://e.org", created=NOW, recipients=("a@b.c",)
        )
        archive.save_notices([notice], [make_delivery(key=notice.key, kind="alert")], mark=4)
        archive.save_mute(Mute(rule="gas", story=2, until=NOW))
        edition = Edition(
            digest="daily", date=NOW.date(), since=NOW, until=NOW, html="<p>", text="p", stories=(1,), manifest={"a": 1}
        )
        archive.save_edition(edition, [make_delivery()])


def large_archive(path: Path, articles: int = 1500) -> None:
    """An archive of some megabytes."""
    with closing(open_archive(path)) as archive:
        made = (
            make_annotated(make_article(f"Report {n}", text=f"word{n % 97} said so {n}. " * 40))
            for n in range(articles)
        )
        archive.save(make_harvest(*made))
        while archive.unplaced(1):
            place_alone(archive)


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, and every word of the index with its place."""
    with opened(path) as raw:
        tables: dict[str, list[tuple[object, ...]]] = {
            table.name: raw.execute(table.select).fetchall() for table in content_tables(raw)
        }
        tables["schema"] = raw.execute("SELECT name, applied_at FROM _sqlite_migrations ORDER BY id").fetchall()
        tables["objects"] = raw.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE VIRTUAL TABLE temp.indexed USING fts5vocab(main, article_words, instance)")
        tables["words"] = raw.execute(
            'SELECT doc, term, col, "offset" FROM temp.indexed ORDER BY 1, 2, 3, 4'
        ).fetchall()
    return tables


def names(folder: Path) -> set[str]:
    """The files of a folder, but those that only lock, and what a reader leaves beside an archive."""
    passing = ("-lock", "-outbox", "-service", "archive.db-wal", "archive.db-shm")
    return {file.name for file in folder.iterdir() if not file.name.endswith(passing)}


def damage_index(path: Path) -> None:
    """Lose one article of the index."""
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("DELETE FROM article_words WHERE rowid = (SELECT max(position) FROM articles)")


@contextmanager
def process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Python code in a process of its own, that is killed behind it."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def kill_after(seconds: float, code: str, *arguments: object) -> int:
    """Run code that says when it begins, and kill it some time after; returns its exit code."""
    with process(code, *arguments) as started:
        assert started.stdout is not None
        started.stdout.readline()
        time.sleep(seconds)
        started.send_signal(signal.SIGKILL)
        return started.wait()
