"""What people say of articles is kept, and asked for where it teaches most."""

from pathlib import Path

import pytest

from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import Placement, Verdict
from tests.builders import NOW, make_annotated, make_article, make_harvest

SCORES = {"sure": 0.99, "nearly": 0.7, "even": 0.5, "twin of even": 0.52, "no": 0.01}


@pytest.fixture
def archive(tmp_path: Path) -> SqliteArchive:
    store = open_archive(tmp_path / "a.db")
    store.save(make_harvest(*(make_annotated(make_article(title), score=score) for title, score in SCORES.items())))
    twin = {stored.article.title: stored.id for stored in store.unplaced(10)}
    store.place(
        Placement(article=number, joins=twin["even"] if title == "twin of even" else None)
        for title, number in twin.items()
    )
    return store


def titles(archive: SqliteArchive) -> list[str]:
    return [stored.article.title for stored in archive.uncertain(10)]


def test_the_least_certain_comes_first_and_a_story_once(archive: SqliteArchive) -> None:
    assert titles(archive) == ["twin of even", "nearly"]


def test_what_is_judged_is_not_asked_again_until_it_is_taken_back(archive: SqliteArchive) -> None:
    first = archive.uncertain(1)[0]
    archive.save_verdict(Verdict(article=first.id, label=2, given=NOW))
    archive.save_verdict(Verdict(article=first.id, label=0, given=NOW))
    assert [(stored.id, label) for stored, label in archive.verdicts()] == [(first.id, 0)]
    assert first.article.title not in titles(archive)
    archive.forget_verdict(first.id)
    assert archive.verdicts() == ()
    assert first.article.title in titles(archive)
