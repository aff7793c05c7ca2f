"""What digests are made of: the stories of a period by rank, what was said of them before, and how much is usual."""

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from aggregator.archive.branches import branches
from aggregator.archive.positions import moment_of
from aggregator.archive.rows import store_time
from aggregator.archive.searching import Searching
from aggregator.model import DayVolume, RankedStory, StoredArticle, Story
from aggregator.model.query import And, Compare, Query

#: The rule of `publish.view.lead_article`: an original before a reprint, English, the most relevant, the first.
_RANKED = """
WITH told AS (
    SELECT story_id, outlet, camp, language, relevance, copy_of, row_number() OVER (
        PARTITION BY story_id ORDER BY copy_of IS NOT NULL, language <> 'en', relevance DESC, id
    ) AS place
    FROM articles WHERE date < ? AND story_id IN (SELECT value FROM json_each(?))
)
SELECT story_id, max(relevance), count(*), count(DISTINCT iif(copy_of IS NULL, outlet, NULL)),
    json_group_array(DISTINCT outlet), json_group_array(DISTINCT language),
    max(iif(place = 1, outlet, NULL)), max(iif(place = 1, camp, NULL))
FROM told GROUP BY story_id ORDER BY story_id
"""


class Digesting(Searching):
    """The part of the archive that digests use."""

    def ranked_stories(
        self, since: datetime, until: datetime, *, minimum_relevance: float, query: Query
    ) -> tuple[RankedStory, ...]:
        found = self.story_ids(since, until, minimum_relevance=minimum_relevance, query=query)
        rows = self._db.execute(_RANKED, (store_time(until), json.dumps(sorted(found))))
        return tuple(
            RankedStory(
                id=story,
                relevance=relevance,
                articles=articles,
                sources=sources,
                outlets=frozenset(json.loads(outlets)),
                languages=frozenset(json.loads(languages)),
                lead_outlet=outlet,
                lead_camp=camp,
            )
            for story, relevance, articles, sources, outlets, languages, outlet, camp in rows
        )

    def told_stories(self, stories: Collection[int], until: datetime) -> tuple[Story, ...]:
        articles = self._articles(
            "date < ? AND story_id IN (SELECT value FROM json_each(?)) ORDER BY date, id",
            (store_time(until), json.dumps(sorted(stories))),
        )
        grouped: dict[int, list[StoredArticle]] = {}
        for stored in articles:
            grouped.setdefault(stored.story or 0, []).append(stored)
        return tuple(Story(id=story, articles=tuple(grouped[story])) for story in sorted(grouped))

    def hourly(self, query: Query, until: datetime, *, hours: int, minimum_relevance: float) -> tuple[int, ...]:
        begin = until - timedelta(hours=hours)
        period = (Compare("date", ">=", store_time(begin)), Compare("date", "<", store_time(until)))
        relevant = Compare("relevance", ">=", minimum_relevance)
        places: set[int] = set()
        for branch in branches(And((*period, relevant, query)), self._compiler):
            source, parameters = branch.source(joined=branch.needs_articles)
            places.update(place for (place,) in self._db.execute(f"SELECT {branch.place} {source}", parameters))
        counts = [0] * hours
        for place in places:
            counts[min(hours - 1, max(0, (moment_of(place) - begin) // timedelta(hours=1)))] += 1
        return tuple(counts)

    def volumes(self, until: datetime, *, days: int, minimum_relevance: float) -> tuple[DayVolume, ...]:
        end = store_time(until)
        sql = (
            "SELECT (unixepoch(?) - unixepoch(date) - 1) / 86400 AS back, camp, topics, count(*)"
            " FROM articles WHERE date >= strftime('%Y-%m-%dT%H:%M:%S+00:00', ?, ?) AND date < ? AND relevance >= ?"
            " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        )
        rows = self._db.execute(sql, (end, end, f"-{days} days", end, minimum_relevance))
        return tuple(DayVolume(back, camp, tuple(topics.split()), number) for back, camp, topics, number in rows)
