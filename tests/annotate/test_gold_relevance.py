"""Own-written cases in three languages: what is about the tie, and the traps."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.evaluate import THRESHOLD, make_article

Case = Mapping[str, Any]
CASES: list[Case] = YAML(typ="safe").load(
    (Path(__file__).parents[1] / "gold" / "relevance.yaml").read_text(encoding="utf-8")
)


def score(case: Case) -> float:
    article = make_article(case["title"], case.get("summary", ""), case["lang"])
    return annotate(article, load_beat()).relevance.score


@pytest.mark.parametrize(
    "case", [case for case in CASES if "trap" in case and not case.get("open")], ids=lambda c: c["trap"]
)
def test_traps(case: Case) -> None:
    assert (score(case) >= THRESHOLD) is case["about"]


def test_there_are_enough_cases_in_each_language() -> None:
    for language in ("en", "ru", "zh"):
        verdicts = [case["about"] for case in CASES if case["lang"] == language]
        assert min(verdicts.count(True), verdicts.count(False)) >= 7


def test_floor() -> None:
    pairs = [(score(case) >= THRESHOLD, case["about"], case["title"]) for case in CASES]
    wrong = [title for said, about, title in pairs if said is not about]
    hits = sum(said and about for said, about, _ in pairs)
    f1 = 2 * hits / (sum(said for said, _, _ in pairs) + sum(about for _, about, _ in pairs))
    assert f1 >= 0.88, "\n".join(wrong)
