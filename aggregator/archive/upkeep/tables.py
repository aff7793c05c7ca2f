"""Which tables hold what is kept, as the file itself says: all but the full-text index with its words and the record of migrations."""

from dataclasses import dataclass

from aggregator.archive.engine import sqlite3
from aggregator.archive.indexing import WORDS

_MIGRATIONS = "_sqlite_migrations"


@dataclass(frozen=True, slots=True)
class Table:
    """A table and what stands in a row of it."""

    name: str
    columns: tuple[str, ...]
    """Its columns; `rowid` among them, as the first, where no other names it: it says in which order rows came."""

    @property
    def select(self) -> str:
        """All of it, in the order of its keys."""
        return f"SELECT {', '.join(self.columns)} FROM {self.name} ORDER BY {self.columns[0]}"

    @property
    def insert(self) -> str:
        """A row of it."""
        return f"INSERT INTO {self.name}({', '.join(self.columns)}) VALUES ({', '.join('?' * len(self.columns))})"


def content_tables(connection: sqlite3.Connection) -> tuple[Table, ...]:
    """The tables to keep, by name."""
    rows = connection.execute(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
        " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT IN (?, ?) ORDER BY name",
        (_MIGRATIONS, WORDS),
    ).fetchall()
    return tuple(Table(name, _columns(connection, name, without_rowid=bool(wr))) for name, wr in rows)


def _columns(connection: sqlite3.Connection, table: str, *, without_rowid: bool) -> tuple[str, ...]:
    columns = connection.execute("SELECT name, type, pk FROM pragma_table_info(?)", (table,)).fetchall()
    keys = [(name, kind) for name, kind, pk in columns if pk]
    named = without_rowid or (len(keys) == 1 and keys[0][1].upper() == "INTEGER")
    first = [name for name, _ in keys] if named else ["rowid"]
    return (*first, *(name for name, *_ in columns if name not in first))


def row_counts(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows each table holds."""
    return {
        table.name: int(connection.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])
        for table in content_tables(connection)
    }
