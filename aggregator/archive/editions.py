"""What lists say of editions, without reading their pages; and since when there can be any."""

import json
from collections.abc import Sequence
from datetime import date, datetime

from aggregator.archive.base import SqliteBase
from aggregator.archive.rows import Row, read_time
from aggregator.archive.statements import marks
from aggregator.model import EditionLine

_ALL = 1_000_000


class Editions(SqliteBase):
    """The part of the archive that lists editions."""

    def begun(self) -> datetime | None:
        first = self._one("SELECT first_seen FROM articles ORDER BY id LIMIT 1")
        return read_time(str(first)) if first else None

    def edition_lines(self, digests: Sequence[str] | None = None, limit: int | None = None) -> tuple[EditionLine, ...]:
        of = f"WHERE digest IN ({marks(digests)})" if digests is not None else ""
        # Chosen first: sorting whole rows would read the manifests of all, and the pages before them.
        rows = self._rows(
            "SELECT digest, date, until, json_array_length(stories) AS stories, json_extract(manifest, '$.subject') AS"
            " subject, json_extract(manifest, '$.headlines') AS headlines FROM editions WHERE rowid IN"
            f" (SELECT rowid FROM editions {of} ORDER BY date DESC, digest LIMIT ?) ORDER BY date DESC, digest",
            (*(digests or ()), _ALL if limit is None else limit),
        )
        return tuple(map(_line_from, rows))


def _line_from(row: Row) -> EditionLine:
    return EditionLine(
        digest=row["digest"],
        date=date.fromisoformat(row["date"]),
        until=read_time(row["until"]),
        # Editions of before lists were made keep none of their own.
        subject=row["subject"] or f"{row['digest']}, {row['date']}: {row['stories']} stories",
        headlines=tuple(json.loads(row["headlines"] or "[]")),
    )
