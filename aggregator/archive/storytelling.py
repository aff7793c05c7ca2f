"""Stories in the archive: placing articles, merging, and what people say against it."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import product

from aggregator.archive.affairs import Affairs
from aggregator.archive.rows import store_time
from aggregator.archive.schema import TELL_STORIES
from aggregator.model import Placement, StoredArticle, Story, StoryVerdict


class Storytelling(Affairs):
    """The part of the archive that gathers articles into stories."""

    def unplaced(self, limit: int) -> tuple[StoredArticle, ...]:
        return self._articles("story_id IS NULL ORDER BY date, id LIMIT ?", (limit,))

    def recent(self, since: datetime) -> tuple[StoredArticle, ...]:
        return self._articles("story_id IS NOT NULL AND date >= ? ORDER BY date, id", (store_time(since),))

    def place(self, placements: Iterable[Placement]) -> None:
        touched: set[int] = set()
        with self._transaction():
            for placement in placements:
                story = self._story_of(placement.joins) or self._found_story(placement.article)
                self._db.execute(
                    "UPDATE articles SET story_id = ?, copy_of = ? WHERE id = ?",
                    (story, placement.copy_of, placement.article),
                )
                for other in placement.merges:
                    self._unite(story, self._story_of(other))
                self._mark_grown(story)
                touched.add(story)
            self._tell(touched)

    def story(self, story_id: int) -> Story | None:
        resolved = self._resolved(story_id)
        articles = self._articles("story_id = ? ORDER BY date, id", (resolved,))
        return Story(id=resolved, articles=articles) if articles else None

    def split_story(self, story_id: int, articles: Sequence[int], *, now: datetime) -> int | None:
        leaving = set(articles)
        with self._transaction():
            members = self._members(self._resolved(story_id))
            staying = members - leaving
            if not leaving or not staying or not leaving <= members:
                return None
            founded = self._found_story(min(leaving))
            for article in leaving:
                self._db.execute("UPDATE articles SET story_id = ? WHERE id = ?", (founded, article))
            for story in (founded, self._resolved(story_id)):
                self._mark_changed(story)
            self._tell({founded, self._resolved(story_id)})
            self._decide(leaving, staying, same=False, now=now)
        return founded

    def merge_stories(self, kept: int, gone: int, *, now: datetime) -> bool:
        with self._transaction():
            one, other = self._resolved(kept), self._resolved(gone)
            mine, theirs = self._members(one), self._members(other)
            if one == other or not mine or not theirs:
                return False
            self._decide(mine, theirs, same=True, now=now)
            self._unite(one, other)
            self._mark_changed(one)
            self._tell({one})
        return True

    def story_verdicts(self) -> tuple[StoryVerdict, ...]:
        rows = self._rows("SELECT article, other, same FROM story_verdicts ORDER BY article, other")
        return tuple(StoryVerdict(row["article"], row["other"], bool(row["same"])) for row in rows)

    def _story_of(self, article_id: int | None) -> int | None:
        found = self._one("SELECT story_id FROM articles WHERE id = ?", (article_id,))
        return int(found) if found else None

    def _found_story(self, article_id: int) -> int:
        cursor = self._db.execute("INSERT INTO stories(founded_by) VALUES (?)", (article_id,))
        return int(cursor.lastrowid or 0)

    def _members(self, story_id: int) -> set[int]:
        return {row["id"] for row in self._rows("SELECT id FROM articles WHERE story_id = ?", (story_id,))}

    def _unite(self, kept: int, gone: int | None) -> None:
        """All that was of `gone` is of `kept`, and so are the ids that led to it."""
        if gone is None or gone == kept:
            return
        self._db.execute("UPDATE articles SET story_id = ? WHERE story_id = ?", (kept, gone))
        self._db.execute("UPDATE merged_stories SET story = ? WHERE story = ?", (kept, gone))
        self._db.execute("INSERT INTO merged_stories(old, story) VALUES (?, ?)", (gone, kept))
        self._db.execute("UPDATE stories SET changed = 0 WHERE id = ?", (gone,))
        self._unite_affairs(kept, gone)

    def _tell(self, stories: Iterable[int]) -> None:
        """Keep with the stories what searches ask of them."""
        self._db.execute(f"{TELL_STORIES} WHERE id IN (SELECT value FROM json_each(?))", (json.dumps(list(stories)),))

    def _decide(self, some: Iterable[int], others: Iterable[int], *, same: bool, now: datetime) -> None:
        decided = store_time(now)
        for a, b in product(some, others):
            row = (min(a, b), max(a, b), int(same), decided)
            self._db.execute("INSERT OR REPLACE INTO story_verdicts VALUES (?, ?, ?, ?)", row)
