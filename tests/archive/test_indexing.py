"""The index holds what queries ask it for, also in archives that an older version has made."""

import logging
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator.archive.conditions import MOST_WORDS
from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import read_archive
from aggregator.archive.upkeep.checking import repair_index
from aggregator.model import Relevance
from aggregator.model.query import And, Compare, Query, Term
from tests.builders import filled_archive, make_annotated, make_article


def titles(path: Path, query: Query) -> list[str]:
    with closing(read_archive(path)) as archive:
        return [hit.article.title for hit in archive.search(query, order="oldest", limit=5_000, offset=0).articles]


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        for statement in statements:
            raw.execute(statement)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "a.db"
    with filled_archive(
        found, make_annotated(make_article("Переговоры в Пекине")), make_annotated(make_article("Energy"))
    ):
        pass
    return found


def test_an_index_of_another_version_is_made_anew_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    change(path, "PRAGMA user_version = 0", "DELETE FROM index_words")
    with caplog.at_level(logging.WARNING, logger="aggregator.archive"):
        assert titles(path, Term("перего", prefix=True)) == ["Переговоры в Пекине"]
        assert titles(path, Term("energ", prefix=True)) == ["Energy"]
    assert [record.getMessage() for record in caplog.records] == [
        "making the index of 2 articles anew, once for this version of the program"
    ]


def test_the_words_of_the_index_are_kept_beside_it(path: Path) -> None:
    def both() -> tuple[list[str], list[str]]:
        with closing(sqlite3.connect(path)) as raw:
            raw.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, article_words, col)")
            held = "SELECT DISTINCT term FROM temp.terms WHERE col IN ('title', 'text') ORDER BY term"
            kept = "SELECT word FROM index_words ORDER BY word"
            return [term for (term,) in raw.execute(held)], [word for (word,) in raw.execute(kept)]

    held, kept = both()
    assert held == kept
    assert "energi" in kept
    repair_index(path)
    assert both() == (held, kept)


def test_more_words_with_one_beginning_than_are_asked_for_one_by_one(tmp_path: Path) -> None:
    many = [make_annotated(make_article(f"zz{number}", guid=str(number))) for number in range(MOST_WORDS + 1)]
    with filled_archive(tmp_path / "a.db", *many, make_annotated(make_article("zebra"))):
        pass
    assert len(titles(tmp_path / "a.db", Term("zz", prefix=True))) == MOST_WORDS + 1
    assert len(titles(tmp_path / "a.db", Term("zz1", prefix=True))) == 112
    assert len(titles(tmp_path / "a.db", And((Term("zz1", prefix=True), Term("zz10", prefix=True))))) == 12


@pytest.mark.parametrize("bound", [-0.1, 0.0, 0.04, 0.05, 0.3, 0.7, 0.72, 0.95, 0.97, 1.0, 1.1])
@pytest.mark.parametrize("operator", [">=", "<=", ">", "<", "="])
def test_relevance_is_compared_as_numbers_are(every_relevance: Path, operator: str, bound: float) -> None:
    compared = {">=": float.__ge__, "<=": float.__le__, ">": float.__gt__, "<": float.__lt__, "=": float.__eq__}[
        operator
    ]
    found = titles(every_relevance, Compare("relevance", operator, bound))  # type: ignore[arg-type]
    assert {float(title) for title in found} == {score for score in SCORES if compared(score, bound)}


#: Steps of the index, what lies just beside them and between.
SCORES = sorted({round(step / 20 + beside, 6) for step in range(21) for beside in (-1e-6, 0, 1e-6, 0.02)} - {-1e-6})


@pytest.fixture(scope="module")
def every_relevance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("relevance") / "a.db"
    judged = [
        replace(
            make_annotated(make_article(str(score), guid=str(score))), relevance=Relevance(score=score, evidence=())
        )
        for score in SCORES
    ]
    with filled_archive(path, *judged):
        pass
    return path
