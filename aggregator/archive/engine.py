"""The SQLite that the archive runs on: the newer one of a wheel where there is one, else Python's own."""

from typing import TYPE_CHECKING

from aggregator.errors import ArchiveError

if TYPE_CHECKING:
    import sqlite3
else:
    from sqlite_utils.utils import sqlite3  # the one that sqlite-utils itself takes: connections must be of its kind

__all__ = ["VERSION", "has_wal_reset_bug", "require_engine", "sqlite3"]

VERSION: tuple[int, ...] = sqlite3.sqlite_version_info
#: Contentless indexes whose rows can be deleted came with 3.43 (https://sqlite.org/fts5.html, 4.4.3); `PRAGMA
#: integrity_check` looks into the index from 3.44 on (https://sqlite.org/releaselog/3_44_0.html).
_LEAST = (3, 44, 0)


def has_wal_reset_bug(version: tuple[int, ...] = VERSION) -> bool:
    """Whether two connections that write and checkpoint at once can damage a WAL file: 3.7.0 to 3.51.2.

    Our writers take turns (`archive.turn`); other programs that write to the file would not.
    """
    return (3, 7, 0) <= version <= (3, 51, 2)


def require_engine(version: tuple[int, ...] = VERSION) -> None:
    """Refuse a SQLite that cannot hold the index.

    Raises:
        ArchiveError: it is too old; says what to do.
    """
    if version < _LEAST:
        have, need = (".".join(map(str, number)) for number in (version, _LEAST))
        raise ArchiveError(
            f"SQLite {have} is too old, {need} is needed: install a newer one by `pip install pysqlite3`"
        )
