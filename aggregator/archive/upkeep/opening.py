"""Connections to an archive's file for upkeep: they change nothing by themselves, neither schema nor journal."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from aggregator.archive.base import roll_back, translated
from aggregator.archive.engine import require_engine, sqlite3
from aggregator.archive.schema import migrations
from aggregator.errors import ArchiveError

#: Seconds that SQLite waits for a lock of another connection.
_TIMEOUT = 5


@contextmanager
def opened(path: Path, mode: Literal["ro", "rw"] = "ro") -> Iterator[sqlite3.Connection]:
    """A connection to an archive; transactions are begun by hand.

    Raises:
        ArchiveError: there is no archive at the path, or SQLite fails meanwhile.
    """
    require_engine()
    if not path.is_file():
        raise ArchiveError(f"there is no archive at {path}")
    if mode == "ro":
        roll_back(path)
    with translated(path), closing(_connect(path, mode)) as connection:
        connection.execute("SELECT 1 FROM articles LIMIT 1")
        yield connection


@contextmanager
def new_file(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection to a file that is thrown away if anything goes wrong: nothing is journaled, nothing waits for the disk."""
    with translated(path), closing(_connect(path, "rwc")) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "foreign_keys = OFF", "cache_size = -64000"):
            connection.execute(f"PRAGMA {pragma}")
        yield connection


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(address, uri=True, timeout=_TIMEOUT, isolation_level=None)


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """What is read meanwhile is of one moment, whoever writes beside; nobody is kept from writing."""
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def schema_of(connection: sqlite3.Connection) -> dict[str, str]:
    """The migrations that made a file, and when."""
    return {one.name: one.applied_at for one in migrations.applied(Database(connection))}


def known_schema() -> tuple[str, ...]:
    """The migrations of this program, in their order."""
    with closing(sqlite3.connect(":memory:")) as nothing:
        return tuple(one.name for one in migrations.pending(Database(nothing)))


def require_known_schema(path: Path, schema: dict[str, str]) -> None:
    """Refuse what a newer program has made.

    Raises:
        ArchiveError: it has migrations that this program does not know.
    """
    if newer := sorted(set(schema) - set(known_schema())):
        raise ArchiveError(f"{path} was made by a newer version of the program ({newer[-1]}); install that one")
