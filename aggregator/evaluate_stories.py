"""How well articles are gathered into stories, on items whose stories readers have judged.

Items go through the code that a poll runs: normalise, annotate, place; in order of time.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any, Literal, NamedTuple

from aggregator.acquire.normalise import normalise
from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat
from aggregator.annotate.sameness import Weights
from aggregator.annotate.semantic import Embedder
from aggregator.annotate.stories import StoryIndex
from aggregator.evaluate import EvaluationError, f1, read_rows
from aggregator.model import Entry, ParsedFeed, Placement, StoredArticle
from aggregator.settings import Camp, Feed
from aggregator.text.urls import host_of

#: When the items are said to have been fetched: after all of them.
_FETCHED = datetime(2100, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedArticle:
    """An article and the story that readers gave it; `near` are stories that they might also have given."""

    id: str
    stored: StoredArticle
    story: str
    near: frozenset[str] = frozenset()
    doubtful: bool = False
    """An unsure placement, or a bulletin of several events."""


class Counts(NamedTuple):
    """Precision, recall and F1, 0..1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryMeasures:
    """How one grouping agrees with another: by item (B-cubed), and by pair within a language and across languages."""

    items: int
    bcubed: Counts
    within: Counts
    cross_lingual: Counts


class JudgedPair(NamedTuple):
    """Two articles, and whether readers say that they report the same event."""

    first: StoredArticle
    second: StoredArticle
    same: bool


def read_judged_articles(file: Path, beat: Beat) -> list[JudgedArticle]:
    """The items of a file, earliest first.

    Raises:
        EvaluationError: the file cannot be read, or a line is no item.
    """
    judged = [_judged(number, row, file, beat) for number, row in enumerate(read_rows(file), 1)]
    return sorted(judged, key=lambda one: (one.stored.article.date, one.stored.id))


def read_judged_pairs(file: Path, beat: Beat) -> list[JudgedPair]:
    """The pairs of a file `{a, b, same}`.

    Raises:
        EvaluationError: the file cannot be read, or a line is no pair.
    """
    pairs = []
    for row in read_rows(file):
        if not isinstance(row.get("a"), dict) or not isinstance(row.get("b"), dict) or "same" not in row:
            raise EvaluationError(f"{file}, line {row['line']}: a pair needs a, b and same")
        first, second = (stored_article(number, row[name], beat) for number, name in ((1, "a"), (2, "b")))
        pairs.append(JudgedPair(first, second, bool(row["same"])))
    return pairs


def _judged(number: int, row: Mapping[str, Any], file: Path, beat: Beat) -> JudgedArticle:
    if not row.get("id") or not row.get("story"):
        raise EvaluationError(f"{file}, line {row['line']}: an item needs an id and a story")
    return JudgedArticle(
        id=str(row["id"]),
        stored=stored_article(number, row, beat),
        story=str(row["story"]),
        near=frozenset(map(str, row.get("near") or ())),
        doubtful=bool(row.get("unsure") or row.get("digest")),
    )


def stored_article(number: int, row: Mapping[str, Any], beat: Beat) -> StoredArticle:
    """An item `{title, text[, id, lang, url, source, published]}` as the archive would hold it.

    Raises:
        EvaluationError: it has neither a title nor a text.
    """
    url = str(row.get("url") or "")
    outlet = str(row.get("source") or host_of(url) or number)
    language: Literal["en", "ru", "zh"] = "ru" if row.get("lang") == "ru" else "zh" if row.get("lang") == "zh" else "en"
    feed = Feed(url=url, outlet=outlet, language=language, country="", camp=Camp.OTHER)
    entry = Entry(
        guid=str(row.get("id") or number),
        link=url,
        title=str(row.get("title") or ""),
        summary=str(row.get("text") or ""),
        published=str(row.get("published") or ""),
    )
    articles = normalise(ParsedFeed(format="judged", entries=(entry,)), feed, base_url=url, now=_FETCHED).articles
    if not articles:
        raise EvaluationError(f"item {entry.guid}: neither a title nor a text")
    return StoredArticle(id=number, annotated=annotate(articles[0], beat))


def gather(
    articles: Sequence[StoredArticle], beat: Beat, weights: Weights | None = None, embedder: Embedder | None = None
) -> tuple[dict[int, int], float]:
    """The story of each article by id, gathered as `pipeline.gather` does; and the articles placed in a second."""
    index = StoryIndex(beat, weights, embedder)
    begun = time.perf_counter()
    placements = index.place_all(articles)
    return grouped(placements), len(articles) / (time.perf_counter() - begun or 1.0)


def grouped(placements: Sequence[Placement]) -> dict[int, int]:
    """Story by article, as the archive would number them: a story bears the id of the article that founded it."""
    story: dict[int, int] = {}
    for placement in placements:
        story[placement.article] = story[placement.joins] if placement.joins else placement.article
        gone = {story[other] for other in placement.merges} - {story[placement.article]}
        if gone:
            story = {a: story[placement.article] if s in gone else s for a, s in story.items()}
    return story


def measure_stories(judged: Sequence[JudgedArticle], story: Mapping[int, int]) -> StoryMeasures:
    """Compare the stories of articles with those that readers gave; pairs that `near` covers are left out of the pairs."""
    return StoryMeasures(
        items=len(judged),
        bcubed=b_cubed({one.stored.id: story[one.stored.id] for one in judged}, {o.stored.id: o.story for o in judged}),
        within=_of_pairs(judged, story, across=False),
        cross_lingual=_of_pairs(judged, story, across=True),
    )


def b_cubed(said: Mapping[int, object], true: Mapping[int, object]) -> Counts:
    """B-cubed precision, recall and F1 of one grouping against another (Bagga and Baldwin 1998)."""
    mine, theirs, both = (Counter(said.values()), Counter(true.values()), Counter((said[i], true[i]) for i in said))
    count = len(said) or 1
    precision = sum(n * n / mine[group] for (group, _), n in both.items()) / count
    recall = sum(n * n / theirs[group] for (_, group), n in both.items()) / count
    return Counts(precision, recall, f1(precision, recall))


def _of_pairs(judged: Sequence[JudgedArticle], story: Mapping[int, int], *, across: bool) -> Counts:
    said, true = set(_pairs(judged, lambda one: story[one.stored.id])), set(_pairs(judged, lambda one: one.story))
    pairs = [
        (a, b)
        for a, b in said | true
        if (judged[a].stored.article.language != judged[b].stored.article.language) == across
        and judged[a].story not in judged[b].near
        and judged[b].story not in judged[a].near
    ]
    return counts([(pair in said, pair in true) for pair in pairs])


def _pairs(judged: Sequence[JudgedArticle], group_of: Any) -> Iterator[tuple[int, int]]:
    groups: dict[object, list[int]] = defaultdict(list)
    for place, one in enumerate(judged):
        groups[group_of(one)].append(place)
    for members in groups.values():
        yield from combinations(members, 2)


def same_event(pair: JudgedPair, beat: Beat) -> bool:
    """Whether the second article would join the first's story if there were no others."""
    story = gather([pair.first, pair.second], beat)[0]
    return story[1] == story[2]


def counts(verdicts: Sequence[tuple[bool, bool]]) -> Counts:
    """Precision, recall and F1 of (said, is) verdicts."""
    hits = sum(said and true for said, true in verdicts)
    said, true = sum(said for said, _ in verdicts), sum(true for _, true in verdicts)
    precision, recall = hits / (said or 1), hits / (true or 1)
    return Counts(precision, recall, f1(precision, recall))
