"""The outbox: what must reach whom, and how that went."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from aggregator.archive.base import SqliteBase
from aggregator.archive.locks import LockFile
from aggregator.archive.rows import delivery_from, delivery_row, store_time, store_time_if_known
from aggregator.archive.schema import keep_words
from aggregator.archive.statements import marks
from aggregator.model import Delivery, DeliveryState

#: Deliveries with their words.
_WHOLE = """
SELECT deliveries.*, coalesce(text, '') AS text, coalesce(html, '') AS html
FROM deliveries LEFT JOIN delivery_texts ON delivery_texts.id = words"""
#: Words that no delivery has any more go.
FORGET_WORDS = "DELETE FROM delivery_texts WHERE id NOT IN (SELECT words FROM deliveries WHERE words IS NOT NULL)"
_THIS = "key = ? AND channel = ? AND target = ?"
#: What a person may have sent again, and what may be dropped: never what is being sent or was.
_UNSETTLED = (DeliveryState.UNCERTAIN, DeliveryState.FAILED)
_UNSENT = (DeliveryState.QUEUED, *_UNSETTLED)


class Outbox(SqliteBase):
    """The part of the archive that knows deliveries."""

    def _queue(self, deliveries: Iterable[Delivery]) -> None:
        kept: dict[tuple[str, str], int | None] = {}
        rows = []
        for one in deliveries:
            words = one.text, one.html
            if words not in kept:
                kept[words] = keep_words(self._db, *words)
            rows.append({**delivery_row(one), "words": kept[words]})
        self._table("deliveries").insert_all(rows, ignore=True)

    def deliveries(self, *states: DeliveryState) -> tuple[Delivery, ...]:
        rows = self._rows(
            f"{_WHOLE} WHERE state IN ({marks(states)}) ORDER BY created, key, target",
            tuple(state.value for state in states),
        )
        return tuple(delivery_from(row) for row in rows)

    def latest_deliveries(self, *states: DeliveryState, limit: int) -> tuple[Delivery, ...]:
        rows = self._rows(
            f"SELECT *, '' AS text, '' AS html FROM deliveries WHERE state IN ({marks(states)})"
            " ORDER BY created DESC, key, target LIMIT ?",
            (*(state.value for state in states), limit),
        )
        return tuple(delivery_from(row) for row in rows)

    def delivery_counts(self) -> dict[DeliveryState, int]:
        rows = self._rows("SELECT state, count(*) AS deliveries FROM deliveries GROUP BY state")
        counts = {row["state"]: row["deliveries"] for row in rows}
        return {state: counts[state] for state in DeliveryState if state in counts}

    def ready_deliveries(self, now: datetime, *, limit: int) -> tuple[Delivery, ...]:
        rows = self._rows(
            f"{_WHOLE} WHERE state = 'queued' AND (next_attempt IS NULL OR next_attempt <= ?)"
            " ORDER BY kind <> 'alert', created, key, target LIMIT ?",
            (store_time(now), limit),
        )
        return tuple(delivery_from(row) for row in rows)

    def claim_delivery(self, delivery: Delivery) -> bool:
        statement = f"UPDATE deliveries SET state = 'sending' WHERE {_THIS} AND state = 'queued'"
        with self._transaction():
            return bool(self._db.execute(statement, (delivery.key, delivery.channel, delivery.target)).rowcount)

    def update_delivery(self, delivery: Delivery) -> None:
        statement = f"UPDATE deliveries SET state = ?, attempts = ?, reason = ?, next_attempt = ? WHERE {_THIS}"
        again = store_time_if_known(delivery.next_attempt)
        values = (delivery.state.value, delivery.attempts, delivery.reason, again)
        with self._transaction():
            self._db.execute(statement, (*values, delivery.key, delivery.channel, delivery.target))

    def resend(self, key: str, target: str = "") -> tuple[Delivery, ...]:
        return self._by_hand(
            "UPDATE deliveries SET state = 'queued', attempts = 0, next_attempt = NULL", _UNSETTLED, key, target
        )

    def drop(self, key: str, target: str = "") -> tuple[Delivery, ...]:
        return self._by_hand("DELETE FROM deliveries", _UNSENT, key, target)

    def _by_hand(self, change: str, states: tuple[DeliveryState, ...], key: str, target: str) -> tuple[Delivery, ...]:
        where = f"WHERE key = ? AND ? IN ('', target) AND state IN ({marks(states)})"
        parameters = (key, target, *(state.value for state in states))
        with self._transaction():
            rows = list(self._rows(f"{_WHOLE} {where} ORDER BY target", parameters))
            self._db.execute(f"{change} {where}", parameters)
            self._db.execute(FORGET_WORDS)
        return tuple(delivery_from(row) for row in rows)

    @contextmanager
    def only_sender(self) -> Iterator[bool]:
        with LockFile(self._path, "outbox") as lock:
            alone = lock.take()
            if alone:
                lock.sign()
            yield alone
