"""Each wording of an article points to the answer that brought it, which is kept once."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import Capture
from tests.builders import NOW, make_annotated, make_article, make_harvest
from tests.cli.test_commands import run_here


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    with closing(open_archive(tmp_path / "a.db")) as opened:
        yield opened


def capture(minute: int) -> Capture:
    return Capture(
        feed_url="https://example.com/rss",
        asked="https://example.com/rss",
        url="https://cdn.example.com/rss",
        status=200,
        fetched=NOW + timedelta(minutes=minute),
        headers=(("Server", "nginx"), ("X-Name", "Газ \u2028")),
        headers_left_out=1,
        body_length=4711,
        body_sha256="ab" * 32,
    )


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute(sql).fetchall()


def test_a_capture_comes_back_as_it_was_saved_and_is_kept_once(archive: SqliteArchive, tmp_path: Path) -> None:
    two = [make_annotated(make_article(name)) for name in ("One", "Two")]
    archive.save(replace(make_harvest(*two), capture=capture(0)))
    assert archive.captures(1) == archive.captures(2) == (capture(0),)
    assert rows(tmp_path / "a.db", "SELECT count(*) FROM captures") == [(1,)]


def test_what_brought_nothing_new_is_not_kept(archive: SqliteArchive, tmp_path: Path) -> None:
    one = make_annotated(make_article("One"))
    archive.save(replace(make_harvest(one), capture=capture(0)))
    archive.save(replace(make_harvest(one), capture=capture(1)))
    archive.save(replace(make_harvest(), capture=capture(2)))
    assert rows(tmp_path / "a.db", "SELECT count(*) FROM captures") == [(1,)]


def test_each_wording_points_to_what_brought_it(archive: SqliteArchive, tmp_path: Path) -> None:
    page = "https://example.com/page"
    for minute, title in enumerate(("First", "Second", "Third")):
        archive.save(replace(make_harvest(make_annotated(make_article(title, url=page))), capture=capture(minute)))
    assert archive.captures(1) == (capture(0), capture(1), capture(2))
    assert rows(tmp_path / "a.db", "SELECT title, capture_id FROM revisions ORDER BY rowid") == [
        ("First", 1),
        ("Second", 2),
    ]
    assert rows(tmp_path / "a.db", "SELECT title, capture_id FROM articles") == [("Third", 3)]


def test_an_article_of_before_captures_has_none(archive: SqliteArchive) -> None:
    archive.save(make_harvest(make_annotated(make_article("One"))))
    assert archive.captures(1) == ()


def test_explain_shows_what_brought_an_article(archive: SqliteArchive, tmp_path: Path) -> None:
    pushed = replace(capture(1), status=None, asked="")
    archive.save(replace(make_harvest(make_annotated(make_article("One"))), capture=capture(0)))
    archive.save(replace(make_harvest(make_annotated(make_article("Two"))), capture=pushed))
    path = tmp_path / "a.db"
    told = run_here("explain", "1", "--archive", path, "--json").json["captures"]
    assert told == [
        {
            "feed_url": "https://example.com/rss",
            "asked": "https://example.com/rss",
            "url": "https://cdn.example.com/rss",
            "status": 200,
            "fetched": "2026-03-05T12:00:00Z",
            "headers": [["Server", "nginx"], ["X-Name", "Газ \u2028"]],
            "headers_left_out": 1,
            "body_length": 4711,
            "body_sha256": "ab" * 32,
        }
    ]
    assert "4,711" in run_here("explain", "1", "--archive", path).out
    assert "pushed" in run_here("explain", "2", "--archive", path).out
    assert "captures" not in run_here("explain", "--title", "Xi met Putin", "--json").json
