"""What every part of the SQLite archive stands on: the connection, transactions, rows."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from sqlite_utils.db import Table

from aggregator.archive.conditions import MOST_WORDS, Compiler, Sql, as_sql
from aggregator.archive.engine import require_engine, sqlite3
from aggregator.archive.indexing import is_index_current, reindex, words_beginning
from aggregator.archive.rows import ARTICLES, stored_article
from aggregator.archive.schema import migrations
from aggregator.archive.turn import my_turn
from aggregator.errors import ArchiveError
from aggregator.model import StoredArticle
from aggregator.model.query import Query

_log = logging.getLogger("aggregator.archive")


class SqliteBase:
    """One connection to the archive's file. `read_only` connections never block the writer."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        require_engine()
        self._path = path
        self._read_only = read_only
        self._compiler = Compiler(self._words_beginning)
        with translated(path), self._my_turn():
            self._db = Database(_connect(path, read_only=read_only))
            if read_only:
                self._db.execute("SELECT 1 FROM articles LIMIT 1")  # a file that is no archive is told now
            else:
                migrations.apply(self._db)
                self._renew_index()

    @property
    def is_behind(self) -> bool:
        """Whether the file was made by an older version and not opened for writing since."""
        return bool(migrations.pending(self._db)) or not is_index_current(self._db)

    def close(self) -> None:
        """Give the file back."""
        with self._my_turn():  # the last one to close it writes, too
            self._db.close()

    def _renew_index(self) -> None:
        if is_index_current(self._db):
            return
        if articles := self._db.execute("SELECT count(*) FROM articles").fetchone()[0]:
            _log.warning("making the index of %s articles anew, once for this version of the program", f"{articles:,}")
        with self._db.atomic():
            reindex(self._db)

    def _table(self, name: str) -> Table:
        return self._db.table(name)

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[dict[str, Any]]:
        with translated(self._path):
            return iter(list(self._db.query(sql, parameters)))

    def _one(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        with translated(self._path):
            row = self._db.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def _condition(self, query: Query) -> Sql:
        """The condition that the articles of a query meet, for any statement that reads `articles`."""
        return as_sql(self._compiler.condition(query))

    def _words_beginning(self, start: str) -> tuple[str, ...]:
        return words_beginning(self._db, start, MOST_WORDS + 1)

    def _articles(self, tail: str, parameters: Sequence[object]) -> tuple[StoredArticle, ...]:
        return tuple(stored_article(row) for row in self._rows(f"{ARTICLES} WHERE {tail}", parameters))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self._path), self._my_turn(), self._db.atomic():
            yield

    def _my_turn(self) -> AbstractContextManager[None]:
        return nullcontext() if self._read_only else my_turn(self._path)


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30, check_same_thread=False
    )
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: what was acknowledged survives a power cut, not only a crash of the process.
        connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def roll_back(path: Path) -> None:
    """Undo what a process has left that was killed while it took the archive out of WAL mode: who only reads cannot."""
    if path.with_name(f"{path.name}-journal").exists():
        with translated(path), my_turn(path), closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's own errors as ours; bugs in our SQL stay what they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise ArchiveError(f"archive {path}: {error}") from error
