"""SQL for many values at once: that costs half of many statements."""

from collections.abc import Sequence

from sqlite_utils import Database


def marks(values: Sequence[object]) -> str:
    """Placeholders for so many values."""
    return ", ".join("?" * len(values))


def many(db: Database, verb: str, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """One statement for all the rows."""
    db.conn.executemany(f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})", rows)
