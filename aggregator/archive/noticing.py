"""What alerts have told, what waits, and up to where they have looked."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime

from aggregator.archive.outbox import Outbox
from aggregator.archive.rows import notice_from, notice_row, read_time, store_time
from aggregator.archive.statements import marks
from aggregator.model import Delivery, Mute, Notice

_AMONG = "IN (SELECT value FROM json_each(?))"
#: Ids that a story has had: what it is, and what became part of it.
_HAD = "(story = ?2 OR story IN (SELECT old FROM merged_stories WHERE story = ?2))"


class Noticing(Outbox):
    """The part of the archive that alerts use."""

    def alert_mark(self) -> int:
        return int(self._one("SELECT value FROM marks WHERE name = 'alerts'") or 0)

    def save_notices(self, notices: Sequence[Notice], deliveries: Sequence[Delivery], *, mark: int) -> int:
        kept = 0
        with self._transaction():
            for notice in notices:
                # A story that became part of this one may have had its notice.
                sql = f"SELECT 1 FROM notices WHERE rule = ?1 AND {_HAD} AND number >= ?3"
                if not self._one(sql, (notice.rule, notice.story, notice.number)):
                    self._table("notices").insert(notice_row(notice))
                    self._queue(delivery for delivery in deliveries if delivery.key == notice.key)
                    kept += 1
            self._table("marks").upsert({"name": "alerts", "value": mark}, pk="name")
        return kept

    def release_notices(self, notices: Sequence[Notice], held: str, deliveries: Sequence[Delivery]) -> None:
        with self._transaction():
            for one in notices:
                sql = "UPDATE notices SET held = ? WHERE rule = ? AND story = ? AND number = ?"
                self._db.execute(sql, (held, one.rule, one.story, one.number))
            self._queue(deliveries)

    def notices(self, limit: int) -> tuple[Notice, ...]:
        return self._notices("ORDER BY created DESC LIMIT ?", (limit,))

    def notices_between(self, since: datetime, until: datetime) -> tuple[Notice, ...]:
        period = (store_time(since), store_time(until))
        return self._notices("WHERE created >= ? AND created < ? ORDER BY created, rule, story, number", period)

    def notices_by(self, rule: str, limit: int) -> tuple[Notice, ...]:
        return self._notices("WHERE rule = ? ORDER BY created DESC, story, number DESC LIMIT ?", (rule, limit))

    def notices_held(self, reasons: Collection[str]) -> tuple[Notice, ...]:
        among = marks(tuple(reasons))
        return self._notices(f"WHERE held IN ({among}) ORDER BY created, rule, story, number", tuple(reasons))

    def last_notices(self, stories: Collection[int]) -> dict[tuple[str, int], Notice]:
        ids = json.dumps(sorted(stories))
        merged = self._rows(f"SELECT old, story FROM merged_stories WHERE story {_AMONG}", (ids,))
        now = {row["old"]: row["story"] for row in merged}
        told = self._notices(f"WHERE story {_AMONG} ORDER BY number, created", (json.dumps([*sorted(stories), *now]),))
        return {(notice.rule, now.get(notice.story, notice.story)): notice for notice in told}

    def save_mute(self, mute: Mute) -> None:
        row = {"rule": mute.rule, "story": mute.story, "outlet": mute.outlet, "until": store_time(mute.until)}
        with self._transaction():
            self._table("mutes").upsert(row, pk=("rule", "story", "outlet"))

    def mutes(self, now: datetime) -> tuple[Mute, ...]:
        rows = self._rows("SELECT * FROM mutes WHERE until > ? ORDER BY until, rule, story, outlet", (store_time(now),))
        return tuple(Mute(**{**row, "until": read_time(row["until"])}) for row in rows)

    def looked(self, name: str) -> datetime | None:
        seconds = self._one("SELECT value FROM marks WHERE name = ?", (name,))
        return datetime.fromtimestamp(seconds, tz=UTC) if seconds else None

    def save_looked(self, name: str, now: datetime) -> None:
        with self._transaction():
            self._table("marks").upsert({"name": name, "value": int(now.timestamp())}, pk="name")

    def feeds_began(self, feeds: Iterable[str]) -> dict[str, datetime]:
        sql = f"SELECT feed_url, min(first_seen) AS began FROM articles WHERE feed_url {_AMONG} GROUP BY feed_url"
        return {row["feed_url"]: read_time(row["began"]) for row in self._rows(sql, (json.dumps(sorted(set(feeds))),))}

    def _notices(self, tail: str, parameters: Sequence[object]) -> tuple[Notice, ...]:
        return tuple(map(notice_from, self._rows(f"SELECT * FROM notices {tail}", parameters)))
