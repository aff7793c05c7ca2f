"""Searching the archive: pages in several orders, and what all that a query finds is like.

A query becomes *branches*, of which each is one expression of the index and one condition in SQL over a range of
positions; their rows come in the order asked for and are merged. So the newest come without sorting, and what the
index can decide alone is decided without looking at the articles.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import NamedTuple

from aggregator.archive import Order
from aggregator.archive.base import SqliteBase, translated
from aggregator.archive.conditions import Condition, Fts, Sql, as_sql, condition_of, join
from aggregator.archive.positions import FIRST, LAST, first_position
from aggregator.archive.rows import stored_time
from aggregator.archive.timeline import stretches
from aggregator.model import Bucket, Facets, Page, StoredArticle, Story
from aggregator.model.query import And, Compare, Or, Query

#: Orders that must look at every match look at so many of the newest that the index finds: ranking 300,000 takes a second, and of so many
#: nobody wants the best of all times.
RANKED = 10_000
#: Of a page so many matches are counted; what a query is like counts all.
_COUNTED = 10_000
#: So many of the newest matches tell by topic, actor, outlet and so on what a query is like.
_TOLD = 10_000

#: What an order sorts by, the smallest first; then the newest.
_KEYS: dict[Order, str] = {
    "newest": "-position",
    "oldest": "position",
    "best": "score * (0.5 + relevance)",
    "relevance": "-relevance",
    "sources": "-ifnull((SELECT sources FROM stories WHERE stories.id = story_id), 1)",
}
#: Words of a title tell most what an article is about, then what it was found to mention.
_SCORE = "bm25(article_words, 5.0, 1.0, 2.0)"


_ALL = Sql("1")


class _Row(NamedTuple):
    key: float
    older: int
    """The position, negative."""
    article: int
    story: int | None


@dataclass(frozen=True, slots=True)
class Branch:
    """Articles that an expression of the index finds (None: all), that meet a condition, in a range of positions."""

    match: str | None
    where: Sql
    first: int = FIRST
    end: int = LAST

    @property
    def needs_articles(self) -> bool:
        """Whether the index alone cannot decide."""
        return self.match is None or self.where != _ALL


def branches(query: Query) -> tuple[Branch, ...]:
    """The branches of a query: one, or one for each part of an OR of which the index cannot answer all."""
    if isinstance(query, Or) and not isinstance(condition_of(query), Fts):
        return tuple(branch for part in query.parts for branch in branches(part))
    parts = query.parts if isinstance(query, And) else (query,)
    first, end, rest = _period(parts)
    conditions = [condition_of(part) for part in rest]
    texts: list[Condition] = [one for one in conditions if isinstance(one, Fts)]
    others = [as_sql(one) for one in conditions if isinstance(one, Sql)]
    where = as_sql(join(others, "AND")) if others else _ALL
    found = join(texts, "AND") if texts else None
    return (Branch(found.positive if isinstance(found, Fts) else None, where, first, end),)


def _period(parts: Sequence[Query]) -> tuple[int, int, list[Query]]:
    """The range of positions that dates leave, and the parts that are still to be asked: of a time in seconds, that too."""
    first, end, rest = FIRST, LAST, list[Query]()
    for part in parts:
        if not isinstance(part, Compare) or part.attribute != "date" or part.operator not in (">=", "<"):
            rest.append(part)
            continue
        moment = datetime.fromisoformat(str(part.value))
        if part.operator == ">=":
            first = max(first, first_position(moment))
        else:
            end = min(end, first_position(moment + timedelta(seconds=59)))
        if moment.second:
            rest.append(part)
    return first, end, rest


class Searching(SqliteBase):
    """The part of the archive that answers queries."""

    def search(
        self, query: Query, *, order: Order, limit: int, offset: int, stories: bool = False, as_of: int | None = None
    ) -> Page:
        until = self._last_article() if as_of is None else as_of
        asked = [_as_of(branch, as_of) for branch in branches(query)]
        rows = _merged((self._ranked(branch, order) for branch in asked), stories=stories)
        found = [row.article for row in islice(rows, offset, offset + limit)]
        if order in ("newest", "oldest") and len(found) < limit and (found or not offset):
            total, more = offset + len(found), False
        else:
            total, more = self._count(asked, stories=stories)
        return Page(total=max(total, len(found)), more=more, articles=self._in_order(found), as_of=until)

    def stories(self, since: datetime, until: datetime, *, minimum_relevance: float, query: Query) -> tuple[Story, ...]:
        begin, end = (Compare("date", ">=", stored_time(since)), Compare("date", "<", stored_time(until)))
        relevant = Compare("relevance", ">=", minimum_relevance)
        found: set[int] = set()
        for branch in branches(And((begin, end, relevant, query))):
            source, parameters = _source(branch)
            rows = self._rows(f"SELECT DISTINCT story_id AS story {source} AND story_id IS NOT NULL", parameters)
            found.update(row["story"] for row in rows)
        articles = self._articles(
            "date < ? AND story_id IN (SELECT value FROM json_each(?)) ORDER BY date, id",
            (stored_time(until), json.dumps(sorted(found))),
        )
        grouped: dict[int, list[StoredArticle]] = {}
        for stored in articles:
            grouped.setdefault(stored.story or 0, []).append(stored)
        return tuple(Story(id=story, articles=tuple(members)) for story, members in grouped.items())

    def facets(self, query: Query) -> Facets:
        asked = branches(query)
        timeline = self._timeline(asked)
        newest = [-row.older for row in islice(_merged(self._ranked(branch, "newest") for branch in asked), _TOLD)]
        counts = self._counts(newest)
        return Facets(
            total=sum(bucket.articles for bucket in timeline), timeline=timeline, counted=len(newest), **counts
        )

    def _last_article(self) -> int:
        return int(self._one("SELECT max(id) FROM articles") or 0)

    def _in_order(self, ids: Sequence[int]) -> tuple[StoredArticle, ...]:
        found = {one.id: one for one in self._articles("id IN (SELECT value FROM json_each(?))", (json.dumps(ids),))}
        return tuple(found[article] for article in ids if article in found)

    def _ranked(self, branch: Branch, order: Order) -> Iterator[_Row]:
        """The rows of a branch in their order, fetched as they are asked for."""
        source, parameters = _source(branch)
        if order in ("newest", "oldest"):
            direction = "DESC" if order == "newest" else "ASC"
            sql = f"SELECT {_KEYS[order]}, -position, id, story_id {source} ORDER BY {_place(branch)} {direction}"
        else:
            sql, parameters = _best(branch, _KEYS[order])
        with translated(self._path):
            yield from map(_Row._make, self._db.execute(sql, parameters))

    def _count(self, asked: Sequence[Branch], *, stories: bool) -> tuple[int, bool]:
        """How many match, and whether there may be more than were counted."""
        if len(asked) == 1 and not stories:
            branch = asked[0]
            if branch.match and branch.needs_articles:
                return self._count_newest(branch)
            total = self._counted(branch, f"LIMIT {_COUNTED + 1}")
        else:
            rows = _merged((self._ranked(branch, "newest") for branch in asked), stories=stories)
            total = sum(1 for _ in islice(rows, _COUNTED + 1))
        return min(total, _COUNTED), total > _COUNTED

    def _count_newest(self, branch: Branch) -> tuple[int, bool]:
        """Of the newest that the index finds, those that meet the condition, too."""
        source, parameters = _source(replace(branch, where=_ALL), joined=False)
        newest = f"SELECT article_words.rowid AS place {source} ORDER BY article_words.rowid DESC LIMIT {RANKED}"
        sql = f"SELECT count(*), sum({branch.where.where}) FROM ({newest}) CROSS JOIN articles ON position = place"  # 0 and 1
        with translated(self._path):
            looked_at, met = self._db.execute(sql, (*branch.where.parameters, *parameters)).fetchone()
        return met or 0, looked_at == RANKED

    def _counted(self, branch: Branch, tail: str = "") -> int:
        source, parameters = _source(branch, joined=branch.needs_articles)
        return int(self._one(f"SELECT count(*) FROM (SELECT 1 {source} {tail})", parameters))

    def _timeline(self, asked: Sequence[Branch]) -> tuple[Bucket, ...]:
        ends = [self._outermost(asked, order) for order in ("oldest", "newest")]
        if not ends[0]:
            return ()
        found = []
        positions = None if len(asked) == 1 else self._positions(asked)
        for since, until in stretches(*(one.article.date for end in ends for one in end)):
            first, end = first_position(since), first_position(until)
            if positions is None:
                narrowed = replace(asked[0], first=max(first, asked[0].first), end=min(end, asked[0].end))
                found.append(Bucket(since, until, self._counted(narrowed)))
            else:
                found.append(Bucket(since, until, sum(first <= position < end for position in positions)))
        return tuple(found)

    def _positions(self, asked: Sequence[Branch]) -> list[int]:
        return [-row.older for row in _merged(self._ranked(branch, "newest") for branch in asked)]

    def _outermost(self, asked: Sequence[Branch], order: Order) -> tuple[StoredArticle, ...]:
        rows = _merged(self._ranked(branch, order) for branch in asked)
        return self._in_order([row.article for row in islice(rows, 1)])

    def _counts(self, positions: Sequence[int]) -> dict[str, tuple[tuple[str, int], ...]]:
        sql = (
            "SELECT topics, concepts, outlet, camp, language FROM json_each(?) AS found"
            " CROSS JOIN articles ON position = found.value"
        )
        names = ("topic", "concept", "outlet", "camp", "language")
        counters: dict[str, Counter[str]] = {name: Counter() for name in names}
        with translated(self._path):
            for topics, concepts, *others in self._db.execute(sql, (json.dumps(positions),)):
                counters["topic"].update(topics.split())
                counters["concept"].update(concepts.split())
                for name, value in zip(names[2:], others, strict=True):
                    counters[name][value] += 1
        return {name: _most_first(counter) for name, counter in counters.items()}


def _most_first(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def _merged(sources: Iterable[Iterator[_Row]], *, stories: bool = False) -> Iterator[_Row]:
    """The rows of all branches in their order, each article (or each story) once."""
    seen = set()
    for row in merge(*sources):
        identity = row.story if stories and row.story else -row.article
        if identity not in seen:
            seen.add(identity)
            yield row


def _as_of(branch: Branch, article: int | None) -> Branch:
    """The branch as it was when this was the last article."""
    if article is None:
        return branch
    where = join([branch.where, Sql("id <= ?", (article,))], "AND")
    return replace(branch, where=as_sql(where))


def _best(branch: Branch, key: str) -> tuple[str, tuple[object, ...]]:
    """The newest matches by a key. Of words that the index finds, the newest are ranked; the rest is asked of these."""
    if branch.match is None:
        source, parameters = _source(branch)
        newest = f"SELECT -1 AS score, position, id, story_id, relevance {source} ORDER BY position DESC LIMIT {RANKED}"
        return f"SELECT {key} AS key, -position, id, story_id FROM ({newest}) ORDER BY key, position DESC", parameters
    source, parameters = _source(replace(branch, where=_ALL), joined=False)
    newest = f"SELECT {_SCORE} AS score, article_words.rowid AS place {source} ORDER BY place DESC LIMIT {RANKED}"
    sql = (
        f"SELECT {key} AS key, -position, id, story_id FROM ({newest}) CROSS JOIN articles ON position = place"
        f" WHERE {branch.where.where} ORDER BY key, position DESC"
    )
    return sql, (*parameters, *branch.where.parameters)


def _place(branch: Branch) -> str:
    return "position" if branch.match is None else "article_words.rowid"


def _source(branch: Branch, *, joined: bool = True) -> tuple[str, tuple[object, ...]]:
    """FROM and WHERE of a branch; the index leads where there is an expression, `joined` by the articles."""
    place = _place(branch)
    within = f"{place} >= ? AND {place} < ? AND ({branch.where.where})"
    ends = (branch.first, branch.end)
    if branch.match is None:
        return f"FROM articles WHERE {within}", (*ends, *branch.where.parameters)
    tables = "article_words CROSS JOIN articles ON position = article_words.rowid" if joined else "article_words"
    return f"FROM {tables} WHERE article_words MATCH ? AND {within}", (branch.match, *ends, *branch.where.parameters)
