"""Figures of the judgement: what they count, and files that cannot be read."""

import gzip
import json
import sys
from pathlib import Path

import pytest

from aggregator.annotate.fitting import Example, Fitted, FittingError, cross_validated, fit
from aggregator.evaluate import (
    EvaluationError,
    JudgedItem,
    Scored,
    average_precision,
    calibration,
    make_article,
    measure,
    read_items,
    read_labels,
)

ROW = {"id": "a", "lang": "en", "title": "Putin meets Xi", "summary": "In Moscow.", "label": 2, "topics": ["diplomacy"]}


def scored(number: int, score: float, relevant: bool, said: str = "", judged: str = "") -> Scored:
    item = JudgedItem(
        id=f"i{number}",
        language="en",
        article=make_article("T", "", "en"),
        relevant=relevant,
        topics=frozenset(judged.split()),
        ambiguous=False,
    )
    return Scored(item, score, frozenset(said.split()))


GROUP = [
    scored(1, 0.9, True, "energy trade", "energy"),
    scored(2, 0.8, False),
    scored(3, 0.6, True, "", "space"),
    scored(4, 0.2, True),
]


def test_figures_by_hand() -> None:
    figures = measure(GROUP)
    assert (figures.precision, figures.recall, figures.f1, figures.n) == pytest.approx((2 / 3, 2 / 3, 2 / 3, 4))
    # Precision at the relevant ranks 1, 3 and 4.
    assert average_precision(GROUP) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    # Energy of energy and trade said, and of energy and space judged.
    assert figures.topic_f1 == pytest.approx(2 * 1 / (2 + 2))


def test_calibration_says_how_many_are_relevant() -> None:
    assert [(b.n, b.share) for b in calibration(GROUP)] == [(1, 1.0), (1, 1.0), (1, 0.0), (1, 1.0)]


def test_weights_find_what_decides() -> None:
    seen = [Example(f"{n}", {"tie": 1.0, "noise": n % 2}, True) for n in range(30)]
    unseen = [Example(f"x{n}", {"noise": n % 2}, False) for n in range(30)]
    fitted = fit([*seen, *unseen])
    assert fitted.weights["tie"] > 2 > abs(fitted.weights["noise"])
    assert fitted.score({"tie": 1.0}) > 0.8 > 0.2 > fitted.score({})
    scores = cross_validated([*seen, *unseen])
    assert min(scores[e.id] for e in seen) > 0.5 > max(scores[e.id] for e in unseen)


def test_a_few_examples_move_what_is_known_and_forget_nothing() -> None:
    known = Fitted(-1.0, {"tie": 2.0, "elsewhere": 1.0})
    fitted = fit([Example("a", {"tie": 1.0}, False)], known=known)
    assert 1.0 < fitted.weights["tie"] < 2.0
    assert fitted.weights["elsewhere"] == pytest.approx(1.0)


def test_rare_features_are_left_out() -> None:
    examples = [Example(f"{n}", {"common": 1.0, f"own {n}": 1.0}, n % 2 == 0) for n in range(8)]
    assert set(fit(examples, least=2).weights) == {"common"}


def test_without_scipy_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    with pytest.raises(FittingError, match="pip install"):
        fit([Example("a", {}, True)])


def test_items_are_read_plain_or_gzipped_and_labels_from_beside(tmp_path: Path) -> None:
    plain, packed, labels = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz", tmp_path / "labels.jsonl"
    plain.write_text(json.dumps(ROW) + "\n\n", encoding="utf-8")
    unlabelled = {**ROW, "id": "b", "label": None}
    packed.write_bytes(gzip.compress((json.dumps(unlabelled) + "\n" + json.dumps({**unlabelled, "id": "c"})).encode()))
    labels.write_text('{"id": "b", "label": 0}\n', encoding="utf-8")
    (item,) = read_items(plain)
    assert (item.relevant, item.topics, item.article.body) == (True, frozenset(["diplomacy"]), "In Moscow.")
    assert [(item.id, item.relevant) for item in read_items(packed, read_labels(labels))] == [("b", False)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1: not a JSON object"),
        ("[1]", "line 1: not a JSON object"),
        ('{"id": "a", "lang": "xx", "label": 2}', "line 1: an item needs"),
        ('{"id": "a", "lang": "en", "label": "2"}', "line 1: an item needs"),
        ('{"id": "a", "lang": "en"}', "no item has a label"),
        ("", "no item has a label"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_by_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "items.jsonl"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(EvaluationError, match=said):
        read_items(file)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="No such file"):
        read_items(tmp_path / "none.jsonl")
