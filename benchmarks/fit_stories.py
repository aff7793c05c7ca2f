"""Fit what makes two articles one event on judged stories, and say what windows held out expect of it.

    python benchmarks/fit_stories.py JUDGED.jsonl [--pairs PAIRS.jsonl] [--windows ITEMS.jsonl.gz] [--write sameness.json]
    python benchmarks/fit_stories.py --pool ITEMS.jsonl.gz --write rarity.json

Items are as `aggregator evaluate stories` reads them. Held out are whole months, then whole affairs (`topic`): their
items are gathered by weights that have seen none of them. `--windows` learns also from a pool of items: from small
windows, none within two days of the judged items, whose stories `tests/gold/pool_stories.jsonl` gives by id, and from the
pairs of `tests/gold/pool_pairs.jsonl`; of those too whole months are held out. `--pool` counts in how many items each common
word stands.
"""

import argparse
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from aggregator.annotate.beat import Beat, load_beat
from aggregator.annotate.fitting import Example, fit
from aggregator.annotate.rarity import FACTS
from aggregator.annotate.sameness import Weights, load_weights
from aggregator.annotate.signature import signature
from aggregator.evaluate import read_rows
from aggregator.evaluate_stories import (
    JudgedArticle,
    StoryMeasures,
    counts,
    gather,
    measure_stories,
    read_judged_articles,
)
from benchmarks.story_pairs import Pair, Pool, comparable, judged_pairs, readable, sample_pairs

_FOLDS = 6
_RIDGE = 10.0
#: A pair of the pool that is so near in days to an item held out may be of its events: it is left out then.
_NEAR_DAYS = 2
#: Words in fewer articles than this share are left out of the prior: all of them are rare.
_COMMON = 0.002


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
    read = Pool(pool, beat) if pool else None
    windows, found = (list(read.windows()), list(read.pairs())) if read else ([], [])
    single = list(judged_pairs(more, beat)) if more else []
    beside = [*sample_pairs(beat), *windows, *found, *single]
    print(f"{len(judged)} items, {len(pairs)} pairs, {sum(pair.same for pair in pairs)} of one event")
    months = [f"{one.stored.article.date:%Y-%m}" for one in judged]
    affairs = [topics[one.id] for one in judged]
    for name, groups in (("months", months), ("affairs", affairs)):
        for seed in range(2):
            show(f"held out: {name}, split {seed}", held_out(judged, pairs, beside, folds(groups, seed), beat))
    for name, own in (("pairs", single), ("windows", windows), ("pool pairs", found)):
        for seed in range(3 if own else 0):
            print(f"held out: {name}, split {seed}", held_out_pairs([*pairs, *beside], own, seed))
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


def held_out_pairs(pairs: Sequence[Pair], own: Sequence[Pair], seed: int) -> str:
    """How single pairs are decided by weights that have seen neither them nor others of their group (their month)."""
    groups = [pair.group for pair in own]
    fold = dict(zip(groups, folds(groups, seed), strict=True))
    said: dict[bool, list[tuple[bool, bool]]] = {False: [], True: []}
    for held in range(_FOLDS):
        fitted = fit_pairs([pair for pair in pairs if fold.get(pair.group) != held])
        for pair in (pair for pair in own if fold[pair.group] == held):
            side, alone = (fitted.across, fitted.alone_across) if pair.across else (fitted.within, fitted.alone)
            score = side["bias"] + sum(side[name] * value for name, value in pair.values.items())
            said[pair.across].append((score >= fitted.join + alone, pair.same))
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
        days = {one.stored.article.date.toordinal() for one, own in zip(judged, fold, strict=True) if own == held}
        near = {day + apart for day in days for apart in range(-_NEAR_DAYS, _NEAR_DAYS + 1)}
        fitted = fit_pairs(
            [
                *(pair for pair in pairs if held not in (fold[pair.first], fold[pair.second])),
                *(pair for pair in beside if not pair.day or pair.day.toordinal() not in near),
            ]
        )
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
