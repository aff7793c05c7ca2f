"""Keeping what proves where articles come from: once for an answer, and only if it brought something."""

import json

from sqlite_utils import Database

from aggregator.archive.base import SqliteBase
from aggregator.archive.rows import Row, read_time, store_time
from aggregator.model import Capture

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class OneCapture:
    """A harvest's capture, which is kept when the first article that it brought is."""

    def __init__(self, db: Database, capture: Capture | None) -> None:
        self._db, self._capture = db, capture
        self._id: int | None = None

    @property
    def id(self) -> int | None:
        """Its id in the archive; None if there is no capture."""
        if self._id is None and self._capture:
            self._id = _insert(self._db, self._capture)
        return self._id


class Captures(SqliteBase):
    """The part of the archive that proves quotations."""

    def captures(self, article_id: int) -> tuple[Capture, ...]:
        rows = self._rows(
            "SELECT * FROM captures WHERE id IN (SELECT capture_id FROM articles WHERE id = ?1"
            " UNION SELECT capture_id FROM revisions WHERE article_id = ?1) ORDER BY id",
            (article_id,),
        )
        return tuple(map(_capture_from, rows))


def _insert(db: Database, capture: Capture) -> int:
    values = (
        capture.feed_url,
        capture.asked,
        capture.url,
        capture.status,
        store_time(capture.fetched),
        _ENCODER.encode(capture.headers),
        capture.headers_left_out,
        capture.body_length,
        capture.body_sha256,
    )
    cursor = db.conn.execute(
        "INSERT INTO captures(feed_url, asked, url, status, fetched, headers, headers_left_out, body_length, body_sha256)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    return int(cursor.lastrowid or 0)


def _capture_from(row: Row) -> Capture:
    return Capture(
        feed_url=row["feed_url"],
        asked=row["asked"],
        url=row["url"],
        status=row["status"],
        fetched=read_time(row["fetched"]),
        headers=tuple((name, value) for name, value in json.loads(row["headers"])),
        headers_left_out=row["headers_left_out"],
        body_length=row["body_length"],
        body_sha256=row["body_sha256"],
    )
