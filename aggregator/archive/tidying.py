"""Dropping the texts that the settings say are old; of each article the skeleton stays."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aggregator.archive.base import SqliteBase
from aggregator.archive.outbox import FORGET_WORDS
from aggregator.archive.rows import record, store_time
from aggregator.archive.writing import reindex_articles
from aggregator.model import Record, StoredArticle, Tidied
from aggregator.settings import Retention
from aggregator.text.words import words

#: Articles whose text may go: placed, not judged by anybody, in no story that an edition shows, and old by both dates:
#: one that comes late is not old on its first day.
_OLD = """
FROM articles WHERE text_dropped IS NULL AND date < max(?1, ?2) AND story_id IS NOT NULL
AND ((date < ?1 AND first_seen < ?1) OR (relevance < ?3 AND date < ?2 AND first_seen < ?2))
AND id NOT IN (SELECT article_id FROM verdicts UNION SELECT article FROM story_verdicts UNION SELECT other FROM story_verdicts)
AND story_id NOT IN (
    SELECT coalesce(merged_stories.story, shown.value) FROM editions JOIN json_each(editions.stories) AS shown
    LEFT JOIN merged_stories ON merged_stories.old = shown.value
)
"""
_SENT = "FROM deliveries WHERE state = 'sent' AND created < ? AND words IS NOT NULL"
_MARK = "tidied"


class Tidying(SqliteBase):
    """The part of the archive that keeps it from growing for ever."""

    def to_tidy(self, rules: Retention, now: datetime) -> Tidied:
        return Tidied(
            articles=int(self._one(f"SELECT count(*) {_OLD}", _bounds(rules, now))),
            deliveries=int(self._one(f"SELECT count(*) {_SENT}", (_before(rules.deliveries_days, now),))),
        )

    def tidy(self, rules: Retention, now: datetime, limit: int) -> Tidied:
        with self._transaction():
            old = self._rows(f"SELECT id {_OLD} ORDER BY date LIMIT ?4", (*_bounds(rules, now), limit))
            ids = [row["id"] for row in old]
            self._drop_texts(ids, now)
            sent = self._db.execute(
                f"UPDATE deliveries SET words = NULL WHERE rowid IN (SELECT rowid {_SENT} LIMIT ?)",
                (_before(rules.deliveries_days, now), limit),
            )
            self._db.execute(FORGET_WORDS)
            return Tidied(articles=len(ids), deliveries=sent.rowcount)

    def tidied(self) -> datetime | None:
        seconds = self._one("SELECT value FROM marks WHERE name = ?", (_MARK,))
        return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None

    def save_tidied(self, now: datetime) -> None:
        with self._transaction():
            self._table("marks").upsert({"name": _MARK, "value": int(now.timestamp())}, pk="name")

    def _drop_texts(self, ids: Sequence[int], now: datetime) -> None:
        listed, among = json.dumps(ids), "IN (SELECT value FROM json_each(?))"
        dropped = f"UPDATE articles SET text = '', summary = '', text_dropped = ? WHERE id {among}"
        self._db.execute(dropped, (store_time(now), listed))
        self._db.execute(f"UPDATE full_texts SET text = '' WHERE article_id {among}", (listed,))
        self._db.execute(f"UPDATE revisions SET text = '', summary = '' WHERE article_id {among}", (listed,))
        reindex_articles(self._db, {one.id: _bare_record(one) for one in self._articles(f"id {among}", (listed,))})


def _bare_record(one: StoredArticle) -> Record:
    """A record of an article that has but its title."""
    return record(replace(one.annotated, title_words=" ".join(words(one.article.title))))


def _bounds(rules: Retention, now: datetime) -> tuple[str, str, float]:
    return _before(rules.text_days, now), _before(rules.irrelevant_text_days, now), rules.irrelevant_below


def _before(days: int | None, now: datetime) -> str:
    """From before then; without a rule from before all times."""
    return str(store_time(now - timedelta(days=days))) if days else ""
