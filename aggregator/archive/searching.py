"""Searching the archive: pages in several orders, and what all that a query finds is like.

The rows of a query's branches come in the order asked for and are merged, so the newest come without sorting.
"""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice, pairwise
from typing import NamedTuple

from aggregator.archive import Order
from aggregator.archive.base import SqliteBase, translated
from aggregator.archive.branches import Branch, branches
from aggregator.archive.positions import first_position, moment_of
from aggregator.archive.rows import store_time
from aggregator.archive.timeline import stretches
from aggregator.model import Bucket, Facets, Page, StoredArticle
from aggregator.model.query import And, Compare, Query

#: So many of the newest matches are ranked where an order must look at each, and tell by topic, actor, outlet and so on
#: what a query is like. Ranking 300,000 takes a second, and of so many nobody wants the best of all times. The timeline
#: counts all.
NEWEST = 5_000
#: Of a page so many matches are counted: more than one looks through.
_COUNTED = 1_000

#: Orders in which the index has its rows; the first is of the earliest.
_BY_TIME: tuple[Order, Order] = ("oldest", "newest")
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


class _Row(NamedTuple):
    key: float
    older: int
    """The position, negative."""
    article: int
    story: int | None


class Searching(SqliteBase):
    """The part of the archive that answers queries."""

    def search(
        self, query: Query, *, order: Order, limit: int, offset: int, stories: bool = False, as_of: int | None = None
    ) -> Page:
        until = self._last_article() if as_of is None else as_of
        asked = [branch.as_of(as_of) for branch in branches(query, self._compiler)]
        rows = _merged((self._ranked(branch, order) for branch in asked), stories=stories)
        found = [row.article for row in islice(rows, offset, offset + limit)]
        at_end = len(found) < limit and (found or not offset)
        if at_end and (order in _BY_TIME or self._are_all_ranked(asked, offset + len(found))):
            total, more = offset + len(found), False
        else:
            total, more = self._up_to_counted(asked, stories=stories)
        return Page(total=max(total, offset + len(found)), more=more, articles=self._in_order(found), as_of=until)

    def story_ids(self, since: datetime, until: datetime, *, minimum_relevance: float, query: Query) -> frozenset[int]:
        begin, end = Compare("date", ">=", store_time(since)), Compare("date", "<", store_time(until))
        relevant = Compare("relevance", ">=", minimum_relevance)
        found: set[int] = set()
        for branch in branches(And((begin, end, relevant, query)), self._compiler):
            source, parameters = branch.source()
            rows = self._rows(f"SELECT DISTINCT story_id AS story {source} AND story_id IS NOT NULL", parameters)
            found.update(row["story"] for row in rows)
        return frozenset(found)

    def independent_sources(self, stories: Sequence[int]) -> dict[int, int]:
        sql = "SELECT id, sources FROM stories WHERE id IN (SELECT value FROM json_each(?))"
        return {row["id"]: row["sources"] for row in self._rows(sql, (json.dumps(stories),))}

    def facets(self, query: Query) -> Facets:
        asked = branches(query, self._compiler)
        timeline = self._timeline(asked)
        newest = [-row.older for row in islice(_merged(self._ranked(branch, "newest") for branch in asked), NEWEST)]
        counts = self._named(newest)
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
        source, parameters = branch.source()
        if order in _BY_TIME:
            direction = "DESC" if order == "newest" else "ASC"
            sql = f"SELECT {_KEYS[order]}, -position, id, story_id {source} ORDER BY {branch.place} {direction}"
        else:
            sql, parameters = _best(branch, _KEYS[order])
        with translated(self._path):
            yield from map(_Row._make, self._db.execute(sql, parameters))

    def _up_to_counted(self, asked: Sequence[Branch], *, stories: bool) -> tuple[int, bool]:
        """How many match, and whether there may be more than were counted."""
        if len(asked) == 1 and not stories:
            branch = asked[0]
            if branch.match and branch.needs_articles:
                return self._among_newest(branch)
            total = self._number(branch, f"LIMIT {_COUNTED + 1}")
        else:
            rows = _merged((self._ranked(branch, "newest") for branch in asked), stories=stories)
            total = sum(1 for _ in islice(rows, _COUNTED + 1))
        return min(total, _COUNTED), total > _COUNTED

    def _among_newest(self, branch: Branch) -> tuple[int, bool]:
        """Of the newest that the index finds, those that meet the condition, too."""
        source, parameters = branch.by_index_alone().source(joined=False)
        newest = f"SELECT article_words.rowid AS place {source} ORDER BY article_words.rowid DESC LIMIT {NEWEST}"
        sql = f"SELECT count(*), sum({branch.where.where}) FROM ({newest}) CROSS JOIN articles ON position = place"  # 0 and 1
        with translated(self._path):
            looked_at, met = self._db.execute(sql, (*branch.where.parameters, *parameters)).fetchone()
        return met or 0, looked_at == NEWEST

    def _are_all_ranked(self, asked: Iterable[Branch], rows: int) -> bool:
        """Whether so few rows came from the branches that none was left unranked."""
        found = (branch.by_index_alone() for branch in asked if branch.match and branch.needs_articles)
        return rows < NEWEST and all(self._number(branch, f"LIMIT {NEWEST}") < NEWEST for branch in found)

    def _number(self, branch: Branch, tail: str = "") -> int:
        source, parameters = branch.source(joined=branch.needs_articles)
        return int(self._one(f"SELECT count(*) FROM (SELECT 1 {source} {tail})", parameters))

    def _timeline(self, asked: Sequence[Branch]) -> tuple[Bucket, ...]:
        ends = [moment for order in _BY_TIME if (moment := self._outermost(asked, order))]
        if not ends:
            return ()
        cut = stretches(*ends)
        # A beginning of words is looked up anew at each count: then one look at all is less.
        if len(asked) == 1 and not (asked[0].match and "*" in asked[0].match):
            return tuple(Bucket(since, until, self._number(asked[0].within(since, until))) for since, until in cut)
        positions = sorted(-row.older for row in _merged(self._ranked(branch, "newest") for branch in asked))
        places = [bisect_left(positions, first_position(since)) for since, _ in cut] + [len(positions)]
        counts = (after - before for before, after in pairwise(places))
        return tuple(Bucket(*stretch, articles) for stretch, articles in zip(cut, counts, strict=True))

    def _outermost(self, asked: Sequence[Branch], order: Order) -> datetime | None:
        """When the first article in an order appeared, to the minute."""
        row = next(_merged(self._ranked(branch, order) for branch in asked), None)
        return moment_of(-row.older) if row else None

    def _named(self, positions: Sequence[int]) -> dict[str, tuple[tuple[str, int], ...]]:
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


def _best(branch: Branch, key: str) -> tuple[str, tuple[object, ...]]:
    """The newest matches by a key. Of words that the index finds, the newest are ranked; the rest is asked of these."""
    if branch.match is None:
        source, parameters = branch.source()
        newest = f"SELECT -1 AS score, position, id, story_id, relevance {source} ORDER BY position DESC LIMIT {NEWEST}"
        return f"SELECT {key} AS key, -position, id, story_id FROM ({newest}) ORDER BY key, position DESC", parameters
    source, parameters = branch.by_index_alone().source(joined=False)
    newest = f"SELECT {_SCORE} AS score, article_words.rowid AS place {source} ORDER BY place DESC LIMIT {NEWEST}"
    sql = (
        f"SELECT {key} AS key, -position, id, story_id FROM ({newest}) CROSS JOIN articles ON position = place"
        f" WHERE {branch.where.where} ORDER BY key, position DESC"
    )
    return sql, (*parameters, *branch.where.parameters)
