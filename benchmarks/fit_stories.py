"""Fit what makes two articles one event on judged stories, and say what windows held out expect of it.

    python benchmarks/fit_stories.py JUDGED.jsonl [--pairs PAIRS.jsonl] [--windows ITEMS.jsonl.gz] [--write sameness.json]
    python benchmarks/fit_stories.py --pool ITEMS.jsonl.gz --write rarity.json

Items are as `aggregator evaluate stories` reads them. Held out are whole months, then whole affairs (`topic`): their
items are gathered by weights that have seen none of them. `--windows` learns also from small windows of a pool of
items, none within two days of the judged ones, whose stories `tests/gold/pool_stories.jsonl` gives by id. `--pool` counts
in how many items each common word stands.
"""

import argparse
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from aggregator.annotate.beat import Beat, load_beat
from aggregator.annotate.fitting import Example, fit
from aggregator.annotate.rarity import FACTS, Rarity
from aggregator.annotate.sameness import Report, Weights, features, load_weights, weighed
from aggregator.annotate.signature import signature
from aggregator.annotate.stories import WINDOW, StoryIndex
from aggregator.evaluate import EvaluationError, read_rows
from aggregator.evaluate_stories import (
    JudgedArticle,
    StoryMeasures,
    counts,
    gather,
    measure_stories,
    read_judged_articles,
    read_judged_pairs,
    stored_article,
)
from aggregator.model import StoredArticle
from tests.annotate.test_judgement import sample

_WINDOWS = Path(__file__).parent.parent / "tests" / "gold" / "pool_stories.jsonl"
_FOLDS = 6
_RIDGE = 10.0
#: How often a pair that was judged by itself counts.
_PAIR_WEIGHT = 2.0
#: How much a pair of the sample feeds counts. With 1 the real items came out worse, with 0 the sample did.
_SAMPLE_WEIGHT = 0.3
#: How much a pair of the judged windows of the pool counts: they are of more months and affairs than the judged items.
_WINDOW_WEIGHT = 3.0
#: Words in fewer articles than this share are left out of the prior: all of them are rare.
_COMMON = 0.002


class Pair(NamedTuple):
    """Two judged articles that could be compared."""

    first: int
    second: int
    values: Mapping[str, float]
    same: bool
    across: bool
    weight: float
    window: int = 0
    """Pairs of one window are held out together."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--windows", type=Path)
    parser.add_argument("--pool", type=Path)
    parser.add_argument("--write", type=Path)
    parser.add_argument("--beat", default="china-russia")
    chosen = parser.parse_args()
    beat = load_beat(chosen.beat)
    data = prior(chosen.pool, beat) if chosen.pool else model(chosen.file, chosen.pairs, chosen.windows, beat)
    if chosen.write:
        chosen.write.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


# --- the prior ---


def prior(pool: Path, beat: Beat) -> dict[str, object]:
    """Shares of articles in which each common word and fact stands."""
    totals: Counter[str] = Counter()
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for stored, _ in readable(enumerate(read_rows(pool), 1), beat):
        mine = signature(stored, beat)
        for language, terms in ((mine.language, mine.words), (FACTS, mine.facts)):
            totals[language] += 1
            found[language].update(terms.keys())
    shares = {
        language: {
            term: round(n / totals[language], 4) for term, n in sorted(c.items()) if n >= _COMMON * totals[language]
        }
        for language, c in sorted(found.items())
    }
    return {"articles": dict(totals), "shares": shares}


# --- the model ---


def model(file: Path, more: Path | None, pool: Path | None, beat: Beat) -> dict[str, object]:
    """Weights fitted on all items; prints what held-out windows and affairs expect."""
    judged = read_judged_articles(file, beat)
    topics = {str(row["id"]): str(row.get("topic")) for row in read_rows(file)}
    pairs = list(comparable(judged, beat))
    windows = list(window_pairs(pool, beat)) if pool else []
    single = list(judged_pairs(more, beat)) if more else []
    invented = list(sample_pairs(beat))
    beside = [*invented, *windows, *single]
    print(f"{len(judged)} items, {len(pairs)} pairs, {sum(pair.same for pair in pairs)} of one event")
    months = [f"{one.stored.article.date:%Y-%m}" for one in judged]
    affairs = [topics[one.id] for one in judged]
    for name, groups in (("months", months), ("affairs", affairs)):
        for seed in range(2):
            show(f"held out: {name}, split {seed}", held_out(judged, pairs, beside, folds(groups, seed), beat))
    for name, own, rest in (("pairs", single, windows), ("windows", windows, single)):
        for seed in range(3 if own else 0):
            print(f"held out: {name}, split {seed}", held_out_pairs([*pairs, *invented, *rest], own, seed))
    fitted = fit_pairs([*pairs, *beside])
    story, _ = gather([one.stored for one in judged], beat, fitted)
    show("fitted on all", measure_stories(judged, story))
    return {
        "version": f"{datetime.now(UTC):%Y-%m-%d}",
        "within": rounded(fitted.within),
        "across": rounded(fitted.across),
        "best": fitted.best,
        "join": fitted.join,
        "alone": fitted.alone,
        "alone_across": fitted.alone_across,
        "merge": fitted.merge,
    }


def comparable(judged: Sequence[JudgedArticle], beat: Beat) -> Iterator[Pair]:
    """Pairs within the window that share something, with what counts; those that `near` covers are left out.

    A story of n articles counts as the root of n: else one large story would decide all.
    """
    rarity, reports = Rarity(), list[Report]()
    sizes = Counter(one.story for one in judged)
    for place, one in enumerate(judged):
        mine = signature(one.stored, beat)
        rarity.count(mine.language, mine.words)
        rarity.count(FACTS, mine.facts)
        reports.append(weighed(mine, rarity))
        for earlier in range(place - 1, -1, -1):
            other, report = judged[earlier], reports[earlier]
            if one.stored.article.date - other.stored.article.date > WINDOW:
                break
            across = mine.language != report.signature.language
            shared = reports[-1].facts.keys() & report.facts.keys() or (
                not across and reports[-1].words.keys() & report.words.keys()
            )
            if shared and one.story not in other.near and other.story not in one.near:
                same = one.story == other.story
                weight = (sizes[one.story] - 1) ** -0.5 if same else 1.0
                yield Pair(earlier, place, features(reports[-1], report), same, across, weight)


def sample_pairs(beat: Beat) -> Iterator[Pair]:
    """Pairs of the judged sample feeds: invented, of more kinds than one set of real items has, and counting less."""
    ordered = sorted(sample(), key=lambda pair: (pair[0].article.date, pair[0].id))
    judged = [
        JudgedArticle(id=str(stored.id), stored=stored, story=row["event"] or f"alone {stored.id}")
        for stored, row in ordered
    ]
    for pair in comparable(judged, beat):
        yield pair._replace(weight=pair.weight * _SAMPLE_WEIGHT)


def window_pairs(pool: Path, beat: Beat) -> Iterator[Pair]:
    """Pairs within the judged windows of a pool, with the weights that words had among all its items of that time."""
    labels = {str(row["id"]): (int(row["window"]), str(row["story"])) for row in read_rows(_WINDOWS)}
    sizes = Counter(story for _, story in labels.values())
    dated = [(number, row) for number, row in enumerate(read_rows(pool), 1) if row.get("published")]
    index, windows = StoryIndex(beat), defaultdict[int, list[tuple[Report, str]]](list)
    for stored, name in sorted(readable(dated, beat), key=lambda pair: (pair[0].article.date, pair[0].id)):
        mine = index.weigh(stored)
        if name not in labels:
            continue
        window, story = labels[name]
        for earlier, other in windows[window]:
            if mine.signature.moment - earlier.signature.moment <= WINDOW:
                across = mine.signature.language != earlier.signature.language
                weight = _WINDOW_WEIGHT * ((sizes[story] - 1) ** -0.5 if story == other else 1.0)
                yield Pair(0, 0, features(mine, earlier), story == other, across, weight, window)
        windows[window].append((mine, story))


def readable(rows: Iterable[tuple[int, Mapping[str, Any]]], beat: Beat) -> Iterator[tuple[StoredArticle, str]]:
    """The items that have a title or text, as the archive would hold them, and their ids."""
    for number, row in rows:
        with suppress(EvaluationError):
            yield stored_article(number, {**row, "text": row.get("summary")}, beat), str(row["id"])


def judged_pairs(file: Path, beat: Beat) -> Iterator[Pair]:
    """Pairs that readers judged one by one."""
    for number, pair in enumerate(read_judged_pairs(file, beat)):
        index = StoryIndex(beat)
        a, b = index.weigh(pair.first), index.weigh(pair.second)
        across = a.signature.language != b.signature.language
        yield Pair(0, 0, features(b, a), pair.same, across, _PAIR_WEIGHT, number)


def held_out_pairs(pairs: Sequence[Pair], own: Sequence[Pair], seed: int) -> str:
    """How single pairs are decided by weights that have not seen them nor others of their window."""
    fold = folds([str(pair.window) for pair in own], seed)
    said: dict[bool, list[tuple[bool, bool]]] = {False: [], True: []}
    for held in range(_FOLDS):
        fitted = fit_pairs([*pairs, *(pair for pair, its in zip(own, fold, strict=True) if its != held)])
        for pair in (pair for pair, its in zip(own, fold, strict=True) if its == held):
            side = fitted.across if pair.across else fitted.within
            score = side["bias"] + sum(side[name] * value for name, value in pair.values.items())
            said[pair.across].append((score >= fitted.join + fitted.alone, pair.same))
    return "  ".join(
        f"{name} {c.precision:.3f} {c.recall:.3f} F1 {c.f1:.3f}"
        for name, c in (("within", counts(said[False])), ("across", counts(said[True])))
    )


def fit_pairs(pairs: Sequence[Pair]) -> Weights:
    """The model of these pairs; how it decides about stories is kept as it is."""
    return replace(
        load_weights(),
        within=fit_side([pair for pair in pairs if not pair.across]),
        across=fit_side([pair for pair in pairs if pair.across]),
    )


def fit_side(pairs: Sequence[Pair]) -> dict[str, float]:
    """Bias and weights; the ridge pulls on features of equal spread."""
    names = sorted(pairs[0].values)
    spread = {name: _spread([float(pair.values[name]) for pair in pairs]) for name in names}
    examples = [
        Example(str(n), {name: value / spread[name] for name, value in pair.values.items() if value}, pair.same)
        for n, pair in enumerate(pairs)
    ]
    fitted = fit(examples, ridge=_RIDGE, counts=[pair.weight for pair in pairs])
    return {"bias": fitted.bias, **{name: fitted.weights.get(name, 0.0) / spread[name] for name in names}}


def _spread(values: Sequence[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) or 1.0


def folds(groups: Sequence[str], seed: int) -> list[int]:
    """A fold for each item: groups stay whole."""
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    fold = {name: number % _FOLDS for number, name in enumerate(names)}
    return [fold[group] for group in groups]


def held_out(
    judged: Sequence[JudgedArticle], pairs: Sequence[Pair], beside: Sequence[Pair], fold: Sequence[int], beat: Beat
) -> StoryMeasures:
    """The measures where the items of each fold are gathered by weights fitted on the others."""
    story: dict[int, int] = {}
    for held in range(_FOLDS):
        fitted = fit_pairs([*(p for p in pairs if held not in (fold[p.first], fold[p.second])), *beside])
        said, _ = gather([one.stored for one in judged], beat, fitted)
        # Stories of different folds are kept apart by the fold's number.
        story |= {
            one.stored.id: said[one.stored.id] * _FOLDS + held
            for one, own in zip(judged, fold, strict=True)
            if own == held
        }
    return measure_stories(judged, story)


def show(title: str, measures: StoryMeasures) -> None:
    figures = (("items", measures.bcubed), ("within", measures.within), ("across", measures.cross_lingual))
    print(f"{title:28}", *(f"{name} {c.precision:.3f} {c.recall:.3f} F1 {c.f1:.3f}" for name, c in figures), sep="  ")


def rounded(weights: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 5) for name, value in weights.items()}


if __name__ == "__main__":
    main()
