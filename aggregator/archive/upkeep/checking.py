"""Whether an archive's file is whole: what is wrong, and what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database

from aggregator.archive.engine import sqlite3
from aggregator.archive.indexing import INDEX, reindex
from aggregator.archive.progress import Progress, unseen
from aggregator.archive.turn import my_turn, only_service
from aggregator.archive.upkeep.opening import opened, require_known_schema, schema_of, snapshot
from aggregator.errors import ArchiveError

#: Complaints of one kind that are told.
_MOST = 20
_RESTORE = "restore the latest backup that is whole: `aggregator archive restore BACKUP`"
_REPAIR = "make the index anew: `aggregator archive check --repair`"
_REPORT = "keep the file, and report it as a bug: the program should not have written this"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with an archive, and what to do."""

    what: str
    do: str


#: Rows that should not be there: what they are, and SQL for their number.
_STRAYS = (
    (
        "stories without articles",
        """
        SELECT count(*) FROM stories WHERE id NOT IN (SELECT old FROM merged_stories)
        AND id NOT IN (SELECT story_id FROM articles WHERE story_id IS NOT NULL)
        """,
    ),
    (
        "articles in a story that has become part of another",
        "SELECT count(*) FROM articles WHERE story_id IN (SELECT old FROM merged_stories)",
    ),
    (
        "places in affairs of stories without articles",
        "SELECT count(*) FROM episodes WHERE story NOT IN (SELECT story_id FROM articles WHERE story_id IS NOT NULL)",
    ),
    (
        "notices of stories that are not there",
        "SELECT count(*) FROM notices WHERE story NOT IN (SELECT id FROM stories)",
    ),
    (
        "articles that nothing identifies",
        "SELECT count(*) FROM articles WHERE id NOT IN (SELECT article_id FROM article_keys)",
    ),
)


def check(path: Path) -> tuple[Finding, ...]:
    """What is wrong with an archive; nothing is changed, and nobody has to wait.

    Raises:
        ArchiveError: there is none, or a newer program has made it.
    """
    try:
        with opened(path) as connection:
            require_known_schema(path, schema_of(connection))
            with snapshot(connection):
                return tuple(_findings(connection))
    except ArchiveError as error:
        if "malformed" in str(error):  # too damaged to say more of it
            return (Finding(str(error), _RESTORE),)
        raise


def repair_index(path: Path, progress: Progress = unseen) -> int:
    """Make the full-text index anew from the articles, in one transaction; returns of how many.

    Raises:
        ArchiveError: a service is at work on the archive, or SQLite fails.
    """
    with only_service(path), my_turn(path), opened(path, "rw") as connection:
        connection.execute("BEGIN IMMEDIATE")
        done = reindex(Database(connection), progress)
        connection.execute("COMMIT")
    return done


def _findings(connection: sqlite3.Connection) -> Iterator[Finding]:
    broken = [str(told) for (told,) in connection.execute(f"PRAGMA integrity_check({_MOST})") if told != "ok"]
    yield from (Finding(told, _REPAIR if INDEX in told else _RESTORE) for told in broken)
    if any(INDEX not in told for told in broken):
        return  # what else is asked of a damaged file means nothing
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
        yield Finding(f"row {row} of {table} points to a row of {parent} that is not there", _REPORT)
    yield from _index_findings(connection)
    for what, sql in _STRAYS:
        if _has_tables(connection, sql) and (number := _one(connection, sql)):
            yield Finding(f"{number:,} {what}", _REPORT)


def _index_findings(connection: sqlite3.Connection) -> Iterator[Finding]:
    columns = {name for (name,) in connection.execute("SELECT name FROM pragma_table_info('articles')")}
    place = "position" if "position" in columns else "id"  # before m011_positions
    rows = f"SELECT id FROM {INDEX}_docsize"
    for what, sql in (
        ("articles that the index lacks", f"SELECT count(*) FROM articles WHERE {place} NOT IN ({rows})"),
        (
            "rows of the index without an article",
            f"SELECT count(*) FROM ({rows}) WHERE id NOT IN (SELECT {place} FROM articles)",
        ),
    ):
        if number := _one(connection, sql):
            yield Finding(f"{number:,} {what}", _REPAIR)
    if shared := _one(connection, f"SELECT count(*) - count(DISTINCT {place}) FROM articles"):
        yield Finding(f"{shared:,} articles share their place in the index with another", _REPORT)


def _has_tables(connection: sqlite3.Connection, sql: str) -> bool:
    """Whether a file of an older version can be asked this."""
    try:
        connection.execute(f"EXPLAIN {sql}")
    except sqlite3.OperationalError:
        return False
    return True


def _one(connection: sqlite3.Connection, sql: str) -> int:
    return int(connection.execute(sql).fetchone()[0])
