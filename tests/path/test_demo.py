"""The whole path on the sample feeds, as `make demo` walks it; and again, when nothing has changed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import SqliteArchive, read_archive
from aggregator.cli.rounds import Round, play_round
from aggregator.cli.service import open_service
from aggregator.config import load_settings
from aggregator.demo import RECORDED_UNTIL, sample_configuration, sample_folder, sample_server, shift_dates
from aggregator.model.query import Everything
from aggregator.publish.calendar import local_day
from aggregator.settings import Settings

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)


def _settings(folder: Path, port: int) -> Settings:
    file = folder / "feeds.yaml"
    file.write_text(sample_configuration(port), encoding="utf-8")
    return replace(load_settings(file), archive=folder / "archive.db", digest_folder=folder / "digests")


async def _two_rounds(settings: Settings) -> tuple[Round, Round]:
    moments = iter([NOW + timedelta(seconds=second) for second in range(100_000)])
    async with open_service(settings, clock=lambda: next(moments)) as service:
        day = local_day(settings.digests[0], NOW)
        first = await play_round(service, by_command=True, day=day, progress=False)
        second = await play_round(service, by_command=True, day=day, progress=False)
    return first, second


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Round, Round]:
    folder = tmp_path_factory.mktemp("demo")
    with sample_server(now=NOW) as port:
        settings = _settings(folder, port)
        first, second = asyncio.run(_two_rounds(settings))
    return settings, first, second


def test_every_entry_is_accounted_for(walked: tuple[Settings, Round, Round]) -> None:
    _, first, _ = walked
    report = first.report
    assert (report.feeds("ok"), report.feeds("failed")) == (26, 2)
    assert report.fetched == 390 == report.stored + report.duplicate + sum(report.dropped.values())
    assert first.placed == report.stored
    assert {failure.url.rpartition("/")[2] for failure in report.failures} == {"missing.rss", "broken-dumpling.rss"}


def test_the_top_story_is_the_visit_in_three_languages(walked: tuple[Settings, Round, Round]) -> None:
    settings, _, _ = walked
    archive = read_archive(settings.archive)
    try:
        ids = archive.story_ids(NOW - timedelta(days=1), NOW, minimum_relevance=0.5, query=Everything())
        stories = archive.told_stories(ids, NOW)
        visit = max(stories, key=lambda story: len(story.outlets))
    finally:
        archive.close()
    assert {stored.article.language for stored in visit.articles} == {"en", "ru", "zh"}
    assert len(visit.outlets) >= 6
    assert visit.independent_sources < len(visit.outlets)
    assert any("Li Shangfu" in stored.article.title for stored in visit.articles)


def test_the_digest_is_a_file_and_a_text_twin(walked: tuple[Settings, Round, Round]) -> None:
    settings, first, _ = walked
    assert [new for *_, new in first.editions] == [True]
    files = sorted(path.name for path in settings.digest_folder.iterdir())
    assert files == ["daily-2026-03-05.html", "daily-2026-03-05.txt", "index.html"]
    page = (settings.digest_folder / files[0]).read_text(encoding="utf-8")
    assert "Li Shangfu" in page
    assert "missing.rss" in page
    assert "26 of 28 feeds" in page


def test_a_second_round_stores_nothing_and_makes_no_second_digest(walked: tuple[Settings, Round, Round]) -> None:
    _, _, second = walked
    assert (second.report.feeds("unchanged"), second.report.feeds("failed")) == (26, 2)
    assert (second.report.fetched, second.report.stored, second.placed) == (0, 0, 0)
    assert [new for *_, new in second.editions] == [False]


def test_shifted_feeds_keep_everything_but_their_dates() -> None:
    for file in sample_folder().iterdir():
        if file.name.endswith((".rss", ".atom", ".rdf")) and file.name != "broken-dumpling.rss":
            body = file.read_bytes()
            before, after = feedparser.parse(body), feedparser.parse(shift_dates(body, NOW - RECORDED_UNTIL))
            assert [entry.title for entry in before.entries] == [entry.title for entry in after.entries]


def test_a_poll_killed_anywhere_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """kill -9 at random moments, then a poll to the end: the archive equals one that was never killed."""
    chance = random.Random(7)
    with sample_server(now=NOW) as port:
        settings = _settings(tmp_path, port)
        command = [
            sys.executable,
            "-m",
            "aggregator",
            "poll",
            "--config",
            str(tmp_path / "feeds.yaml"),
            "--json",
        ]
        command += ["--archive", str(settings.archive)]
        for _ in range(4):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
            time.sleep(chance.uniform(3.0, 9.0))
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        subprocess.run(command, check=True, capture_output=True)
    with sqlite3.connect(settings.archive) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    archive = SqliteArchive(settings.archive)
    try:
        counts = archive.counts()
        assert counts["articles"] == 387
        assert archive.unplaced(1) == ()
    finally:
        archive.close()
