"""`aggregator evaluate stories | duplicates`: the figures, and how items are read."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aggregator.annotate.beat import load_beat
from aggregator.cli.app import app
from aggregator.evaluate import EvaluationError
from aggregator.evaluate_stories import (
    JudgedArticle,
    b_cubed,
    grouped,
    measure_stories,
    read_judged_articles,
    stored_article,
)
from aggregator.model import Placement

QUAKE = "Earthquake in Gansu kills 111 people"
ITEMS = [
    {"id": "a", "lang": "en", "title": QUAKE, "text": "", "source": "A", "url": "https://a.example/1"},
    {
        "id": "b",
        "lang": "en",
        "title": f"{QUAKE}, rescue begins",
        "text": "",
        "source": "B",
        "url": "https://b.example/1",
    },
    {
        "id": "c",
        "lang": "en",
        "title": "Wheat prices fall in Odessa",
        "text": "",
        "source": "C",
        "url": "https://c.example/1",
    },
]


def _file(folder: Path, rows: object) -> Path:
    path = folder / "items.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")  # type: ignore[attr-defined]
    return path


def _judged(number: int, story: str, *, language: str = "en", near: str = "") -> JudgedArticle:
    row = {"lang": language, "title": {"en": "A title", "ru": "Заголовок", "zh": "习近平会见普京"}[language]}
    stored = stored_article(number, row, load_beat())
    return JudgedArticle(id=str(number), stored=stored, story=story, near=frozenset({near} - {""}))


def test_b_cubed_of_a_hand_counted_example() -> None:
    # {1 2} {3} said, {1} {2 3} true: precision (1/2 + 1/2 + 1) / 3, recall (1 + 1/2 + 1/2) / 3.
    found = b_cubed({1: 1, 2: 1, 3: 3}, {1: "a", 2: "b", 3: "b"})
    assert found == pytest.approx((2 / 3, 2 / 3, 2 / 3))


def test_pairs_are_counted_within_and_across_languages() -> None:
    judged = [_judged(1, "a"), _judged(2, "a"), _judged(3, "a", language="ru"), _judged(4, "b", language="zh")]
    measured = measure_stories(judged, {1: 1, 2: 1, 3: 3, 4: 1})
    assert measured.within == (1.0, 1.0, 1.0)
    assert measured.cross_lingual == (0.0, 0.0, 0.0)


def test_pairs_that_near_covers_count_neither_way() -> None:
    judged = [_judged(1, "a"), _judged(2, "a"), _judged(3, "b", near="a")]
    assert measure_stories(judged, {1: 1, 2: 1, 3: 1}).within == (1.0, 1.0, 1.0)


def test_a_bridge_makes_two_stories_one() -> None:
    placements = [Placement(article=1), Placement(article=2), Placement(article=3, joins=1, merges=(2,))]
    assert grouped(placements) == {1: 1, 2: 1, 3: 1}


def test_items_are_read_in_order_of_time(tmp_path: Path) -> None:
    days = ["2024-03-02", "2024-03-01T10:00:00Z", ""]
    rows = [{**item, "story": "s", "published": day} for item, day in zip(ITEMS, days, strict=True)]
    judged = read_judged_articles(_file(tmp_path, rows), load_beat())
    assert [one.stored.id for one in judged] == [2, 1, 3]


@pytest.mark.parametrize("row", [{"id": "x", "title": "T"}, {"story": "x"}, {"id": "x", "story": "s", "title": ""}])
def test_a_line_that_is_no_item_is_told(row: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(EvaluationError):
        read_judged_articles(_file(tmp_path, [row]), load_beat())


def test_stories_are_printed_for_machines(tmp_path: Path) -> None:
    rows = [{**i, "story": s, "published": "2024-03-01"} for i, s in zip(ITEMS, ("q", "q", "w"), strict=True)]
    done = CliRunner().invoke(app, ["evaluate", "stories", str(_file(tmp_path, rows)), "--json"])
    figures = json.loads(done.output)
    assert figures["bcubed"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert set(figures) == {"items", "bcubed", "within", "cross_lingual", "sure", "items_per_second"}


def test_duplicates_are_printed_for_machines(tmp_path: Path) -> None:
    pairs = [{"a": ITEMS[0], "b": ITEMS[1], "same": True}, {"a": ITEMS[0], "b": ITEMS[2], "same": False}]
    done = CliRunner().invoke(app, ["evaluate", "duplicates", str(_file(tmp_path, pairs)), "--json"])
    figures = json.loads(done.output)
    assert (figures["precision"], figures["recall"], figures["f1"]) == (1.0, 1.0, 1.0)


def test_affairs_are_measured_where_items_have_topics(tmp_path: Path) -> None:
    rows = [
        {**row, "story": row["id"], "topic": "quake" if "Gansu" in row["title"] else "wheat", "published": "2026-03-05"}
        for row in ITEMS
    ]
    done = CliRunner().invoke(app, ["evaluate", "stories", str(_file(tmp_path, rows)), "--json"])
    affairs = json.loads(done.stdout)["affairs"]
    assert affairs["stories"] == 3
    assert affairs["pairs"] == {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert "Affairs" in CliRunner().invoke(app, ["evaluate", "stories", str(_file(tmp_path, rows))]).stdout
    for row in rows:
        del row["topic"]
    done = CliRunner().invoke(app, ["evaluate", "stories", str(_file(tmp_path, rows)), "--json"])
    assert "affairs" not in json.loads(done.stdout)
