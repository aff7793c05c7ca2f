"""Many queries over few new articles: they are put into an index of their own in memory, by the same code as the archive's.

Asked of the archive itself, each query would look at all its matches of all times: 20 ms in a million articles, and more
of common words. Here it takes 0.2 ms.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from aggregator.archive.base import SqliteBase
from aggregator.archive.rows import record
from aggregator.archive.trial import Trial
from aggregator.model import Record, StoredArticle
from aggregator.model.query import Query
from aggregator.text.words import words

_AMONG = "IN (SELECT value FROM json_each(?))"


class Percolating(SqliteBase):
    """The part of the archive that alerts use to ask their rules of what is new."""

    def placed_since(self, mark: int, limit: int) -> tuple[StoredArticle, ...]:
        return self._articles("id > ? AND story_id IS NOT NULL ORDER BY id LIMIT ?", (mark, limit))

    def percolate(self, queries: Sequence[Query], articles: Sequence[StoredArticle]) -> tuple[frozenset[int], ...]:
        story_of = {one.id: one.story for one in articles}
        ids = json.dumps(sorted({story for story in story_of.values() if story}))
        stories = self._rows(f"SELECT id, sources, first_camp FROM stories WHERE id {_AMONG}", (ids,))
        merged = self._rows(f"SELECT old, story FROM merged_stories WHERE story {_AMONG}", (ids,))
        with self._trial.holding(
            {one.id: _with_words(one) for one in articles},
            story_of,
            [(row["id"], row["sources"], row["first_camp"]) for row in stories],
            [(row["old"], row["story"]) for row in merged],
        ) as matching:
            return tuple(map(matching, queries))

    @cached_property
    def _trial(self) -> Trial:
        return Trial()


def _with_words(one: StoredArticle) -> Record:
    """A stored article as it was indexed."""
    title, text = (" ".join(words(part)) for part in (one.article.title, one.article.body))
    return record(replace(one.annotated, title_words=title, text_words=text))
