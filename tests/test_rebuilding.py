"""Editions are made again from what is kept: the same bytes, and what would be told otherwise is named."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from aggregator import pipeline
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import Edition, Placement, Relevance, Selection
from aggregator.rebuilding import rebuild
from aggregator.settings import DigestDefinition, Section, Settings
from tests.builders import make_annotated, make_article, make_harvest, make_state

BEGIN = datetime(2026, 2, 1, 6, tzinfo=UTC)
DAYS = 30
DAILY = DigestDefinition(zone="Asia/Shanghai", sections=(Section(title="Gas", query="gas"), Section(title="Rest")))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(digests=(DAILY,), archive=tmp_path / "a.db", digest_folder=tmp_path / "digests")


@pytest.fixture
def archive(settings: Settings) -> Iterator[SqliteArchive]:
    """Thirty days with two stories each, of which one goes on the day after; an edition of each day."""
    with closing(open_archive(settings.archive)) as opened:
        opened.save(replace(make_harvest(), state=replace(make_state(), last_attempt=BEGIN - timedelta(days=1))))
        for day in range(DAYS):
            now = BEGIN + timedelta(days=day)
            told = [
                (f"Gas flows, day {day}", "A", 20),
                (f"Talks begin, day {day}", "B", 10),
                (f"Talks go on {day}", "C", -5),
            ]
            articles = [
                make_article(
                    title, outlet=outlet, text=f"{title} in Moscow. " * 6, published=now - timedelta(hours=hours)
                )
                for title, outlet, hours in told
            ]
            opened.save(make_harvest(*map(make_annotated, articles)))
            first = 3 * day + 1
            opened.place(
                [Placement(article=first), Placement(article=first + 1), Placement(article=first + 2, joins=first + 1)]
            )
            made = pipeline.digest(opened, settings, now=now, day=now.date())
            assert [new for *_, new in made] == [True]
        yield opened


def editions(archive: SqliteArchive) -> list[Edition]:
    kept = [archive.edition(name, day) for name, day in archive.edition_days()]
    return [edition for edition in kept if edition]


def test_thirty_editions_come_again_byte_for_byte(archive: SqliteArchive, settings: Settings) -> None:
    kept = editions(archive)
    assert len(kept) == DAYS
    for edition in kept:
        made = rebuild(archive, settings, edition)
        assert (made.edition.html, made.edition.text, made.same) == (edition.html, edition.text, True)
        assert [change for change in made.changes if "would be" in change] == []


def test_after_a_new_judgement_the_bytes_are_the_same_and_the_difference_is_named(
    archive: SqliteArchive, settings: Settings
) -> None:
    stored = archive.selected(Selection(), after=0, limit=1000)
    judged = [
        (one, replace(one.annotated, relevance=Relevance(score=0.1 if one.id % 3 == 1 else 0.9, evidence=())))
        for one in stored
    ]
    archive.save_annotations(judged)
    for edition in editions(archive):
        made = rebuild(archive, settings, edition)
        assert made.same
        assert any("would not be shown: Gas flows" in change for change in made.changes)
        assert any("told with another relevance, why" in change for change in made.changes)


def test_what_else_has_changed_is_named(archive: SqliteArchive, settings: Settings) -> None:
    edition = archive.edition("daily", date(2026, 2, 10))
    assert edition is not None
    revised = make_article("Gas flows, day 9", outlet="A", text="Another text.", published=BEGIN)
    assert archive.save(make_harvest(make_annotated(revised))).revised == 1
    elsewhere = replace(settings, digests=(replace(DAILY, minimum_relevance=0.3, title="Another"),))
    changes = rebuild(archive, elsewhere, edition).changes
    assert "article 28 was edited since: Gas flows, day 9" in changes
    assert "the digest's definition: title was 'China–Russia daily', is 'Another'" in changes
    assert "the digest's definition: minimum_relevance was 0.5, is 0.3" in changes
    assert (
        rebuild(archive, replace(settings, digests=()), edition).changes[-1]
        == "feeds.yaml has no digest 'daily' any more"
    )


def test_an_edition_of_before_content_was_kept_says_so(archive: SqliteArchive, settings: Settings) -> None:
    edition = archive.edition("daily", date(2026, 2, 10))
    assert edition is not None
    made = rebuild(archive, settings, replace(edition, manifest={"articles": {}}))
    assert (made.same, made.changes) == (False, ("it was made by a version that kept no content",))


def test_a_changed_template_is_told(archive: SqliteArchive, settings: Settings) -> None:
    edition = archive.edition("daily", date(2026, 2, 10))
    assert edition is not None
    made = rebuild(archive, settings, replace(edition, html=edition.html.replace("<h1>", "<h1 >")))
    assert not made.same
    assert made.changes[0] == "the templates have changed: the same content gives another page"


def test_a_story_that_goes_on_is_an_update_in_the_next_edition(archive: SqliteArchive) -> None:
    edition = archive.edition("daily", date(2026, 2, 10))
    assert edition is not None
    content = json.loads(json.dumps(edition.manifest["content"]))
    told = [content["top"], *(story for section in content["sections"] for story in section["stories"])]
    updates = {story["headline"]: story["update_note"] for story in told}
    assert updates["Gas flows, day 9"] is None
    assert updates["Talks go on 8"]["told"] == "09 Feb"
    assert updates["Talks go on 8"]["outlets"] == ["C"]
