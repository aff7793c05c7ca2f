"""Old texts go, the skeleton stays; what people judged and editions show keeps its text."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.archive.upkeep.checking import check, repair_index
from aggregator.cli.service import open_service
from aggregator.model import (
    DeliveryState,
    Edition,
    FullText,
    FullTextState,
    Placement,
    Saved,
    Selection,
    Tidied,
    Verdict,
)
from aggregator.model.query import Term
from aggregator.settings import Retention, Settings
from aggregator.tidying import is_due, tidy
from tests.archive.upkeep.samples import content
from tests.builders import NOW, make_annotated, make_article, make_delivery, make_harvest, place_alone
from tests.cli.test_commands import run_here

YEAR = Retention(text_days=365)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    with closing(open_archive(tmp_path / "a.db")) as opened:
        yield opened


def keep(archive: SqliteArchive, title: str, days: int, *, score: float = 0.8, seen: int | None = None) -> None:
    date, first_seen = NOW - timedelta(days=days), NOW - timedelta(days=days if seen is None else seen)
    article = make_article(title, text=f"sorghum {title}", summary="barley", published=date, first_seen=first_seen)
    archive.save(make_harvest(make_annotated(article, concepts=["vladimir-putin"], topics=["energy"], score=score)))
    place_alone(archive)


def with_text(archive: SqliteArchive) -> list[str]:
    page = archive.search(Term("sorghum"), order="oldest", limit=99, offset=0)
    return [one.article.title for one in page.articles if one.article.text]


def test_without_rules_all_is_kept(archive: SqliteArchive) -> None:
    keep(archive, "Old", 9999)
    assert tidy(archive, Retention(), NOW) == Tidied(articles=0, deliveries=0)
    assert not is_due(archive, Retention(), NOW)
    assert with_text(archive) == ["Old"]


def test_old_texts_go_and_the_skeleton_stays(archive: SqliteArchive, tmp_path: Path) -> None:
    for title, days in (("Old", 366), ("Young", 364), ("Older", 999)):
        keep(archive, title, days)
    before = archive.article(1)
    assert before is not None
    assert archive.to_tidy(YEAR, NOW) == Tidied(articles=2, deliveries=0)
    assert with_text(archive) == ["Older", "Old", "Young"]
    assert tidy(archive, YEAR, NOW) == Tidied(articles=2, deliveries=0)
    after = archive.article(1)
    bare = replace(before.article, text="", summary="")
    assert after == replace(before, annotated=replace(before.annotated, article=bare))
    assert with_text(archive) == ["Young"]
    assert archive.search(Term("old"), order="newest", limit=9, offset=0).total == 1
    assert archive.to_tidy(YEAR, NOW) == Tidied(articles=0, deliveries=0)
    left = content(tmp_path / "a.db")
    repair_index(tmp_path / "a.db")
    assert content(tmp_path / "a.db") == left, "the index holds words that no article has"
    assert check(tmp_path / "a.db") == ()


def test_what_came_late_is_not_old_yet(archive: SqliteArchive) -> None:
    keep(archive, "Late", 999, seen=1)
    assert archive.to_tidy(YEAR, NOW).articles == 0


def test_what_is_not_relevant_goes_earlier(archive: SqliteArchive) -> None:
    for title, days, score in (("Weak", 61, 0.1), ("Young", 59, 0.1), ("Strong", 61, 0.9)):
        keep(archive, title, days, score=score)
    tidy(archive, Retention(irrelevant_text_days=60, irrelevant_below=0.5), NOW)
    assert sorted(with_text(archive)) == ["Strong", "Young"]


def test_what_people_have_judged_and_editions_show_is_kept(archive: SqliteArchive) -> None:
    for n in range(1, 8):
        keep(archive, f"Article {n}", 400)
    archive.save_verdict(Verdict(article=1, label=0, given=NOW))
    archive.merge_stories(2, 3, now=NOW)
    edition = Edition(
        digest="daily", date=NOW.date(), since=NOW, until=NOW, html="<p>", text="p", stories=(4, 5), manifest={}
    )
    archive.save_edition(edition, [])
    keep(archive, "Article 8", 400)
    archive.place([Placement(article=8, joins=6, merges=(5,))])
    tidy(archive, YEAR, NOW)
    assert with_text(archive) == [f"Article {n}" for n in (1, 2, 3, 4, 5, 6, 8)]
    assert archive.edition("daily", NOW.date()) == edition


def test_former_wordings_and_the_text_of_the_page_go_too(archive: SqliteArchive, tmp_path: Path) -> None:
    page, long_ago = "https://example.com/p", NOW - timedelta(days=500)
    old = make_article("Old", text="sorghum", url=page, published=long_ago, first_seen=long_ago)
    new = make_article("New", text="millet", url=page, published=long_ago, first_seen=long_ago)
    for one in (old, new):
        archive.save(make_harvest(make_annotated(one)))
    place_alone(archive)
    read = FullText(article=1, url=page, state=FullTextState.READ, asked=NOW, text="quinoa " * 9)
    archive.save_full_texts([(read, make_annotated(replace(new, full_text=read.text)))])
    tidy(archive, YEAR, NOW)
    with closing(sqlite3.connect(tmp_path / "a.db")) as raw:
        assert raw.execute("SELECT title, text FROM revisions").fetchall() == [("Old", "")]
        assert raw.execute("SELECT state, text FROM full_texts").fetchall() == [("read", "")]
    assert archive.search(Term("quinoa"), order="newest", limit=9, offset=0).total == 0


def test_an_article_without_text_is_recognised_but_not_judged_again_until_it_has_one(archive: SqliteArchive) -> None:
    date = NOW - timedelta(days=400)
    article = make_article("Old", text="sorghum", url="https://example.com/p", published=date, first_seen=date)
    archive.save(make_harvest(make_annotated(article)))
    place_alone(archive)
    tidy(archive, YEAR, NOW)
    assert archive.save(make_harvest(make_annotated(article))) == Saved(known=1)
    assert archive.count_selected(Selection(not_version="another")) == 0
    edited = replace(article, text="millet", content_hash="new")
    assert archive.save(make_harvest(make_annotated(edited))) == Saved(revised=1)
    assert archive.count_selected(Selection(not_version="another")) == 1
    assert archive.search(Term("millet"), order="newest", limit=9, offset=0).total == 1


def test_the_words_of_what_was_sent_go_and_of_nothing_else(archive: SqliteArchive) -> None:
    for state in DeliveryState:
        archive.save_notices([], [], mark=0)
        delivery = replace(make_delivery(key=f"edition/daily/{state}", state=state), html="<p>")
        edition = Edition(
            digest=state, date=NOW.date(), since=NOW, until=NOW, html="", text="", stories=(), manifest={}
        )
        archive.save_edition(edition, [delivery])
    rules = Retention(deliveries_days=30)
    assert tidy(archive, rules, NOW + timedelta(days=29)).deliveries == 0
    assert tidy(archive, rules, NOW + timedelta(days=31)) == Tidied(articles=0, deliveries=1)
    bare = [one.state for one in archive.deliveries(*DeliveryState) if not one.text and not one.html]
    assert bare == [DeliveryState.SENT]


def test_the_service_does_it_once_a_day_a_part_in_each_round(tmp_path: Path) -> None:
    path, now = tmp_path / "a.db", NOW
    with closing(open_archive(path)) as archive:
        long_ago = NOW - timedelta(days=400)
        made = (make_article(f"Old {n}", published=long_ago, first_seen=long_ago, text="t") for n in range(2500))
        archive.save(make_harvest(*map(make_annotated, made)))
        while archive.unplaced(1):
            place_alone(archive)

    async def rounds() -> list[int]:
        left = []
        async with open_service(Settings(archive=path, retention=YEAR), clock=lambda: now) as service:
            for _ in range(2):
                await service.tidy()
                left.append(service.archive.to_tidy(YEAR, NOW).articles)
            assert not is_due(service.archive, YEAR, NOW + timedelta(hours=23))
            assert is_due(service.archive, YEAR, NOW + timedelta(hours=24))
        return left

    assert asyncio.run(rounds()) == [500, 0]


def test_the_command_says_beforehand_what_goes(tmp_path: Path) -> None:
    config, path = tmp_path / "feeds.yaml", tmp_path / "archive.db"
    config.write_text("retention: {text_days: 365}\n", encoding="utf-8")
    with closing(open_archive(path)) as archive:
        keep(archive, "Old", 99999)
    dry = run_here("archive", "tidy", "--config", config, "--dry-run")
    assert "1 articles and 0 deliveries would lose their texts" in dry.out
    for articles in (1, 0):
        told = run_here("archive", "tidy", "--config", config, "--json").json
        assert told == {"articles": articles, "deliveries": 0, "dry_run": False}
    config.write_text("feeds: []\n", encoding="utf-8")
    assert "has no `retention:`" in run_here("archive", "tidy", "--config", config).out
    config.write_text("retention: {text_days: 5}\n", encoding="utf-8")
    refused = run_here("archive", "tidy", "--config", config)
    assert (refused.code, "feeds.yaml:1: retention.text_days" in refused.err) == (2, True)
