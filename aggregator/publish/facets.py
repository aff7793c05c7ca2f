"""Pure: what a query's articles are like, in words, each with the query that narrows to it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.errors import QueryError
from aggregator.model import Bucket, Facets
from aggregator.model.query import And, Everything, Or, Query
from aggregator.publish.view import CAMP_NAMES, LANGUAGES
from aggregator.query import parse_query, printed

_PLACES = ("place", "country")
_MONTH = timedelta(days=31)


class FacetRow(NamedTuple):
    """A topic, an outlet … and how many articles have it."""

    id: str
    name: str
    articles: int
    query: str
    """What finds these only; empty if no query can say it."""


@dataclass(frozen=True, slots=True)
class FacetTable:
    """The rows of one field, most first; months and years latest first."""

    field: str
    rows: tuple[FacetRow, ...]


def facet_tables(facets: Facets, text: str, *, beat: Beat, now: datetime) -> tuple[FacetTable, ...]:
    """The tables of a query's facets; `text` is the query as typed.

    Raises:
        QueryError: it cannot be read.
    """
    narrowing = _Narrowing(text, beat, now)
    topics = ((id, beat.topics[id].name["en"] if id in beat.topics else id, n) for id, n in facets.topic)
    named = [(beat.concepts[id], n) for id, n in facets.concept if id in beat.concepts]
    actors = [(one.id, one.name(), n) for one, n in named if one.kind not in _PLACES]
    places = [(one.id, one.name(), n) for one, n in named if one.kind in _PLACES]
    camps = ((id, CAMP_NAMES.get(id, id), n) for id, n in facets.camp)
    languages = ((id, LANGUAGES.get(id, id), n) for id, n in facets.language)
    span = span_of(facets.timeline)
    return (
        narrowing.table("topic", topics),
        narrowing.table("actor", actors, by_name=True),
        narrowing.table("place", places, by_name=True),
        narrowing.table("outlet", ((name, name, n) for name, n in facets.outlet)),
        narrowing.table("camp", camps),
        narrowing.table("lang", languages),
        narrowing.table("date", _periods(facets.timeline, "%Y" if span == "year" else "%Y-%m")),
    )


class Bar(NamedTuple):
    """A stretch of the timeline as a column of a chart, in hundredths of its width and height."""

    name: str
    articles: int
    left: float
    width: float
    height: float
    query: str


def bars(timeline: tuple[Bucket, ...], text: str, *, beat: Beat, now: datetime) -> tuple[Bar, ...]:
    """The columns of a timeline, each with the query that narrows to it.

    Raises:
        QueryError: the text cannot be read.
    """
    narrowing = _Narrowing(text, beat, now)
    names = [stretch_name(bucket) for bucket in timeline]
    rows = narrowing.table("date", ((name, name, b.articles) for name, b in zip(names, timeline, strict=True))).rows
    width, most = 100 / (len(rows) or 1), max((row.articles for row in rows), default=1) or 1
    return tuple(
        Bar(
            row.name,
            row.articles,
            round(place * width, 3),
            round(width * 0.86, 3),
            100 * row.articles / most,
            row.query,
        )
        for place, row in enumerate(rows)
    )


def span_of(timeline: tuple[Bucket, ...]) -> str:
    """What the stretches of a timeline are: day, month or year."""
    length = timeline[0].until - timeline[0].since if timeline else timedelta()
    return "day" if length <= timedelta(days=1) else "month" if length <= _MONTH else "year"


def stretch_name(bucket: Bucket) -> str:
    """The name of a stretch, as the query language has it: 2026-03-05, 2026-03 or 2026."""
    formats = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}
    return bucket.since.strftime(formats[span_of((bucket,))])


def _periods(timeline: Iterable[Bucket], pattern: str) -> list[tuple[str, str, int]]:
    counts: Counter[str] = Counter()
    for bucket in timeline:
        counts[bucket.since.strftime(pattern)] += bucket.articles
    return [(period, period, n) for period, n in sorted(counts.items(), reverse=True) if n]


class _Narrowing:
    """A query, and what may be added to it."""

    def __init__(self, text: str, beat: Beat, now: datetime) -> None:
        self._text, self._beat, self._now = text.strip(), beat, now
        self._query = self._read(text)

    def table(self, field: str, rows: Iterable[tuple[str, str, int]], *, by_name: bool = False) -> FacetTable:
        """The rows with their queries, which name a value by its id or by its name."""
        found = (
            FacetRow(id, name, n, self._narrowed(field, id, name if by_name else id, by_name=by_name))
            for id, name, n in rows
        )
        return FacetTable(field, tuple(found))

    def _narrowed(self, field: str, id: str, value: str, *, by_name: bool) -> str:
        if '"' in value or (by_name and self._beat.concept_named(value) != id):
            return ""
        added = f"{field}:{value}" if value.isascii() and value.replace("-", "").isalnum() else f'{field}:"{value}"'
        try:
            condition = self._read(added)
        except QueryError:
            return ""
        return self._joined(added, condition)

    def _joined(self, added: str, condition: Query) -> str:
        """In the words that were typed if they still mean the same with more behind them, else in the program's."""
        if isinstance(self._query, Everything):
            return added
        parts = self._query.parts if isinstance(self._query, And) else (self._query,)
        more = condition.parts if isinstance(condition, And) else (condition,)
        meant = And((*parts, *more))
        typed = f"({self._text}) {added}" if isinstance(self._query, Or) else f"{self._text} {added}"
        try:
            return typed if self._read(typed) == meant else printed(meant)
        except QueryError:
            return printed(meant)

    def _read(self, text: str) -> Query:
        return parse_query(text, vocabulary=self._beat, now=self._now)
