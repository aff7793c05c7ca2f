"""Affairs in the archive: which stories belong to one running topic."""

import json
from collections.abc import Sequence
from datetime import datetime

from aggregator.archive.base import SqliteBase
from aggregator.archive.rows import Row, read_time, store_time
from aggregator.model import Episode, StoredArticle, Story

#: What a story is about stands in its first reports; so a large one costs no more than a small one.
TOLD = 8


class Affairs(SqliteBase):
    """The part of the archive that links stories."""

    def changed_stories(self, limit: int) -> tuple[Story, ...]:
        changed = [
            row["id"] for row in self._rows("SELECT id FROM stories WHERE changed ORDER BY id LIMIT ?", (limit,))
        ]
        first = self._articles(
            "id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY story_id ORDER BY date, id) AS place"
            " FROM articles WHERE story_id IN (SELECT value FROM json_each(?))) WHERE place <= ?) ORDER BY date, id",
            (json.dumps(changed), TOLD),
        )
        grouped: dict[int, list[StoredArticle]] = {}
        for stored in first:
            grouped.setdefault(stored.story or 0, []).append(stored)
        return tuple(Story(id=story, articles=tuple(articles)) for story, articles in grouped.items())

    def episodes(self, since: datetime) -> tuple[Episode, ...]:
        rows = self._rows("SELECT * FROM episodes WHERE date >= ? ORDER BY date, story", (store_time(since),))
        return tuple(map(_episode_from, rows))

    def save_episodes(self, episodes: Sequence[Episode]) -> None:
        with self._transaction():
            self._table("episodes").upsert_all(map(_episode_row, episodes), pk="story")
            decided = [(episode.story,) for episode in episodes]
            self._db.conn.executemany("UPDATE stories SET changed = 0 WHERE id = ?", decided)

    def linked(self) -> tuple[int, int]:
        return int(self._one("SELECT count(*) FROM episodes")), int(self._one("SELECT count(*) FROM merged_stories"))

    def affair(self, story_id: int) -> tuple[Episode, ...]:
        rows = self._rows(
            "SELECT * FROM episodes WHERE affair = (SELECT affair FROM episodes WHERE story = ?) ORDER BY date, story",
            (self._resolved(story_id),),
        )
        return tuple(map(_episode_from, rows))

    def _resolved(self, story_id: int) -> int:
        """The story that an id leads to."""
        return int(self._one("SELECT story FROM merged_stories WHERE old = ?", (story_id,)) or story_id)

    def _mark_changed(self, story: int) -> None:
        """Its affair is to be decided."""
        self._db.execute("UPDATE stories SET changed = 1 WHERE id = ?", (story,))

    def _mark_grown(self, story: int) -> None:
        """The same, unless its first reports are what they were."""
        if self._one("SELECT count(*) FROM articles WHERE story_id = ?", (story,)) <= TOLD:
            self._mark_changed(story)

    def _unite_affairs(self, kept: int, gone: int) -> None:
        """What was an episode of another affair makes both one when its story becomes part of `kept`."""
        affairs = {
            row["story"]: row["affair"]
            for row in self._rows("SELECT story, affair FROM episodes WHERE story IN (?, ?)", (kept, gone))
        }
        if gone in affairs and kept in affairs:
            self._db.execute("UPDATE episodes SET affair = ? WHERE affair = ?", (affairs[kept], affairs[gone]))
            self._db.execute("DELETE FROM episodes WHERE story = ?", (gone,))
        elif gone in affairs:
            self._db.execute("UPDATE episodes SET story = ? WHERE story = ?", (kept, gone))


def _episode_from(row: Row) -> Episode:
    return Episode(
        story=row["story"],
        affair=row["affair"],
        date=read_time(row["date"]),
        terms=json.loads(row["terms"]),
        shares=tuple(json.loads(row["shares"])),
    )


def _episode_row(episode: Episode) -> dict[str, object]:
    return {
        "story": episode.story,
        "affair": episode.affair,
        "date": store_time(episode.date),
        "terms": json.dumps(episode.terms, ensure_ascii=False),
        "shares": json.dumps(episode.shares, ensure_ascii=False),
    }
