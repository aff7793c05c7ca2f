"""Judged pairs of articles, with what counts between them: what `fit_stories.py` learns from."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.annotate.rarity import FACTS, Rarity
from aggregator.annotate.sameness import Report, features, weighed
from aggregator.annotate.signature import signature
from aggregator.annotate.stories import WINDOW, StoryIndex
from aggregator.evaluate import EvaluationError, read_rows
from aggregator.evaluate_stories import JudgedArticle, read_judged_pairs, stored_article
from aggregator.model import StoredArticle
from tests.annotate.test_judgement import sample

_GOLD = Path(__file__).parent.parent / "tests" / "gold"
#: How often a pair that was judged by itself counts.
_PAIR_WEIGHT = 2.0
#: How much a pair of the sample feeds counts. With 1 the real items came out worse, with 0 the sample did.
_SAMPLE_WEIGHT = 0.3
#: How much a pair of the judged windows of the pool counts: they are of more months and affairs than the judged items.
_WINDOW_WEIGHT = 3.0
#: How much a pair counts that the index found likely in the pool. Of 0 to 2, this did best on pairs held out within a
#: language; across languages it made no difference.
_POOL_WEIGHT = 2.0


class Pair(NamedTuple):
    """Two judged articles that could be compared."""

    values: Mapping[str, float]
    same: bool
    across: bool
    weight: float
    group: str
    """Pairs of one group are held out together: of a month, if they have one."""
    day: date | None = None
    """When the later one appeared; nothing if both are invented or undated."""
    first: int = 0
    second: int = 0


def pair_of(
    a: Report,
    b: Report,
    same: bool,
    weight: float,
    group: str = "",
    day: date | None = None,
    at: tuple[int, int] = (0, 0),
) -> Pair:
    """The pair of two reports, later one first."""
    across = a.signature.language != b.signature.language
    return Pair(features(a, b), same, across, weight, group or (f"{day:%Y-%m}" if day else ""), day, *at)


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
                weight = _share(sizes[one.story]) if same else 1.0
                yield pair_of(
                    reports[-1], report, same, weight, day=one.stored.article.date.date(), at=(earlier, place)
                )


def _share(size: int) -> float:
    """What each pair of a story of so many articles counts."""
    return float((size - 1) ** -0.5)


def sample_pairs(beat: Beat) -> Iterator[Pair]:
    """Pairs of the judged sample feeds: invented, of more kinds than one set of real items has, and counting less."""
    ordered = sorted(sample(), key=lambda pair: (pair[0].article.date, pair[0].id))
    judged = [
        JudgedArticle(id=str(stored.id), stored=stored, story=row["event"] or f"alone {stored.id}")
        for stored, row in ordered
    ]
    for pair in comparable(judged, beat):
        yield pair._replace(weight=pair.weight * _SAMPLE_WEIGHT, group="sample", day=None)


def judged_pairs(file: Path, beat: Beat) -> Iterator[Pair]:
    """Pairs that readers judged one by one."""
    for number, pair in enumerate(read_judged_pairs(file, beat)):
        index = StoryIndex(beat)
        a, b = index.weigh(pair.first), index.weigh(pair.second)
        yield pair_of(b, a, pair.same, _PAIR_WEIGHT, f"pair {number}")


class Pool:
    """The reports of a pool that were judged, with the weights that words had among all its items of that time."""

    def __init__(self, file: Path, beat: Beat) -> None:
        self._windows = {str(row["id"]): str(row["story"]) for row in read_rows(_GOLD / "pool_stories.jsonl")}
        self._window = {str(row["id"]): int(row["window"]) for row in read_rows(_GOLD / "pool_stories.jsonl")}
        self._pairs = [(str(r["a"]), str(r["b"]), bool(r["same"])) for r in read_rows(_GOLD / "pool_pairs.jsonl")]
        wanted = {*self._windows, *(name for a, b, _ in self._pairs for name in (a, b))}
        dated = [(number, row) for number, row in enumerate(read_rows(file), 1) if row.get("published")]
        index = StoryIndex(beat)
        self._reports: dict[str, Report] = {}
        for stored, name in sorted(readable(dated, beat), key=lambda pair: (pair[0].article.date, pair[0].id)):
            mine = index.weigh(stored)
            if name in wanted:
                self._reports[name] = mine

    def pairs(self) -> Iterator[Pair]:
        """Pairs that the index itself found likely, or hard to tell, and that were read one by one."""
        for a, b, same in self._pairs:
            later, earlier = sorted((self._reports[a], self._reports[b]), key=_moment, reverse=True)
            yield pair_of(later, earlier, same, _POOL_WEIGHT, day=later.signature.moment.date())

    def windows(self) -> Iterator[Pair]:
        """Pairs within the judged windows."""
        sizes = Counter(self._windows.values())
        before = defaultdict[int, list[tuple[Report, str]]](list)
        for name, mine in self._reports.items():
            if name not in self._windows:
                continue
            window, story = self._window[name], self._windows[name]
            for earlier, other in before[window]:
                if mine.signature.moment - earlier.signature.moment <= WINDOW:
                    weight = _WINDOW_WEIGHT * (_share(sizes[story]) if story == other else 1.0)
                    yield pair_of(mine, earlier, story == other, weight, day=mine.signature.moment.date())
            before[window].append((mine, story))


def _moment(report: Report) -> tuple[float, int]:
    return report.signature.moment.timestamp(), report.signature.article


def readable(rows: Iterable[tuple[int, Mapping[str, Any]]], beat: Beat) -> Iterator[tuple[StoredArticle, str]]:
    """The items that have a title or text, as the archive would hold them, and their ids."""
    for number, row in rows:
        with suppress(EvaluationError):
            yield stored_article(number, {**row, "text": row.get("summary")}, beat), str(row["id"])
