"""Fit a beat's relevance weights on judged items, and say what cross-validation expects of them.

    python benchmarks/fit_relevance.py JUDGED.jsonl [JUDGED.jsonl …] [--write WEIGHTS.json]

Items are `{id, lang, title, summary, label}`; label 2 is what counts as relevant. Scores are those of
five-fold cross-validation: no item is scored by weights that have seen it.
"""

import argparse
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aggregator.annotate.beat import Beat, load_beat
from aggregator.annotate.concepts import find_names
from aggregator.annotate.relevance import features
from aggregator.annotate.sentences import Sentences
from aggregator.model import Article, DateConfidence
from aggregator.settings import Camp
from aggregator.text.markup import plain_text

_FOLDS = 5
_ROUNDS = 1500
_RATE = 0.5
_RIDGE = 0.004
#: These features speak against a tie and all others for it: a weight may be 0, but never say the opposite,
#: so that each line of evidence means what a reader takes it to mean.
_AGAINST = ("_against", "_third", "_one", "enumeration", "round_up")


@dataclass(frozen=True, slots=True)
class Judged:
    """An item with its features and the readers' verdict."""

    id: str
    language: str
    values: Mapping[str, float]
    relevant: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--beat", default="china-russia")
    chosen = parser.parse_args()
    beat = load_beat(chosen.beat)
    items = [_judged(json.loads(line), beat) for file in chosen.files for line in file.read_text("utf-8").splitlines()]
    scores = cross_validate(items)
    for language in ("all", "en", "ru", "zh"):
        group = [(i, scores[i.id]) for i in items if language in ("all", i.language)]
        precision, recall, f1 = measure([(score >= 0.5, item.relevant) for item, score in group])
        print(f"{language:4} n {len(group):5}  precision {precision:.3f}  recall {recall:.3f}  F1 {f1:.3f}")
    if chosen.write:
        bias, weights = fit(items)
        rounded = {name: round(value, 3) for name, value in sorted(weights.items())}
        data = {"version": f"{datetime.now(UTC):%Y-%m-%d}", "bias": round(bias, 3), "features": rounded}
        chosen.write.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def _judged(row: Mapping[str, object], beat: Beat) -> Judged:
    article = Article(
        feed_url="",
        outlet="",
        camp=Camp.OTHER,
        country="",
        language=str(row["lang"]),
        url="",
        title=plain_text(str(row["title"])),
        summary=plain_text(str(row.get("summary") or "")),
        text="",
        author="",
        published=None,
        date_confidence=DateConfidence.FIRST_SEEN,
        first_seen=datetime(2026, 1, 1, tzinfo=UTC),
        content_hash="",
        keys=(),
    )
    found = features(Sentences(article, find_names(article.title, article.body, beat), beat), beat)
    values: dict[str, float] = {}
    for feature in found:
        values[feature.name] = max(values.get(feature.name, 0.0), feature.value)
    return Judged(str(row["id"]), article.language, values, row["label"] == 2)


def cross_validate(items: Sequence[Judged]) -> dict[str, float]:
    """Score of each item by weights fitted on the other folds; folds by hash of the id."""
    fold_of = {item.id: hashlib.md5(item.id.encode()).digest()[0] % _FOLDS for item in items}
    scores = {}
    for fold in range(_FOLDS):
        bias, weights = fit([item for item in items if fold_of[item.id] != fold])
        for item in items:
            if fold_of[item.id] == fold:
                scores[item.id] = _sigmoid(bias + sum(weights.get(n, 0.0) * v for n, v in item.values.items()))
    return scores


def fit(items: Sequence[Judged]) -> tuple[float, dict[str, float]]:
    """Logistic regression by gradient descent with a small ridge; (bias, weight per feature)."""
    weights = dict.fromkeys(sorted({name for item in items for name in item.values}), 0.0)
    bias, count = 0.0, len(items)
    for _ in range(_ROUNDS):
        slope_bias, slopes = 0.0, dict.fromkeys(weights, 0.0)
        for item in items:
            score = _sigmoid(bias + sum(weights[name] * value for name, value in item.values.items()))
            error = score - item.relevant
            slope_bias += error
            for name, value in item.values.items():
                slopes[name] += error * value
        bias -= _RATE * 4 * slope_bias / count
        for name in weights:
            stepped = weights[name] - _RATE * 4 * (slopes[name] / count + _RIDGE * weights[name] / 10)
            weights[name] = min(stepped, 0.0) if name.endswith(_AGAINST) else max(stepped, 0.0)
    return bias, weights


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, value))))


def measure(pairs: Sequence[tuple[bool, bool]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of (said, is) pairs."""
    hits = sum(said and true for said, true in pairs)
    precision = hits / (sum(said for said, _ in pairs) or 1)
    recall = hits / (sum(true for _, true in pairs) or 1)
    return precision, recall, 2 * precision * recall / ((precision + recall) or 1)


if __name__ == "__main__":
    main()
