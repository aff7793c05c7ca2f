"""What an archive holds, and how large it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from aggregator.archive.engine import VERSION, has_wal_reset_bug, sqlite3
from aggregator.archive.indexing import INDEX, WORDS
from aggregator.archive.upkeep.opening import opened, schema_of, snapshot
from aggregator.archive.upkeep.tables import row_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFigures:
    """A table, or the full-text index."""

    name: str
    rows: int
    size: int
    """Bytes: see `Figures.sizes`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What an archive holds, and how large it is."""

    path: Path
    schema: str
    """The last migration."""
    sqlite: str
    wal_reset_bug: bool
    """Whether this SQLite can damage a file that two programs write at once; ours take turns."""
    size: int
    wal_size: int
    free: int
    """Bytes of the file that hold nothing; `compact` gives them back."""
    sizes: Literal["pages", "content"]
    """Whether the tables' sizes are those of their pages with their indexes, or of the values alone (a SQLite without dbstat)."""
    tables: tuple[TableFigures, ...]
    oldest: str | None
    newest: str | None
    """Dates of the first and last article."""
    languages: dict[str, int]


def figures(path: Path) -> Figures:
    """Count an archive.

    Raises:
        ArchiveError: there is none.
    """
    with opened(path) as connection, snapshot(connection):
        oldest, newest = connection.execute("SELECT min(date), max(date) FROM articles").fetchone()
        by_pages = _has_dbstat(connection)
        return Figures(
            path=path,
            schema=list(schema_of(connection))[-1],
            sqlite=".".join(map(str, VERSION)),
            wal_reset_bug=has_wal_reset_bug(),
            size=path.stat().st_size,
            wal_size=_size(path.with_name(f"{path.name}-wal")),
            free=_pragma(connection, "freelist_count") * _pragma(connection, "page_size"),
            sizes="pages" if by_pages else "content",
            tables=tuple(_tables(connection, by_pages=by_pages)),
            oldest=oldest,
            newest=newest,
            languages=dict(
                connection.execute("SELECT language, count(*) AS n FROM articles GROUP BY 1 ORDER BY n DESC")
            ),
        )


def _tables(connection: sqlite3.Connection, *, by_pages: bool) -> list[TableFigures]:
    counts = row_counts(connection) | {INDEX: _number(connection, f"SELECT count(*) FROM {INDEX}_docsize")}
    parts = {name: [name] for name in counts} | {INDEX: _index_parts(connection)}
    size = _pages_of if by_pages else _content_of
    return [
        TableFigures(name=name, rows=rows, size=sum(size(connection, part) for part in parts[name]))
        for name, rows in counts.items()
    ]


def _index_parts(connection: sqlite3.Connection) -> list[str]:
    sql = "SELECT name FROM pragma_table_list WHERE (type = 'shadow' AND name LIKE ?) OR name = ?"
    return [name for (name,) in connection.execute(sql, (f"{INDEX}%", WORDS))]


def _pages_of(connection: sqlite3.Connection, table: str) -> int:
    sql = (
        "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE aggregate AND name IN"
        " (SELECT name FROM sqlite_master WHERE tbl_name = ?)"
    )
    return int(connection.execute(sql, (table,)).fetchone()[0])


def _content_of(connection: sqlite3.Connection, table: str) -> int:
    columns = [name for (name,) in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    lengths = " + ".join(f"coalesce(octet_length({column}), 0)" for column in columns)
    return _number(connection, f"SELECT coalesce(sum({lengths}), 0) FROM {table}")


def _has_dbstat(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("SELECT 1 FROM dbstat LIMIT 0")
    except sqlite3.OperationalError:
        return False
    return True


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return _number(connection, f"PRAGMA {name}")


def _number(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
