"""Giving back the room that deleted and rewritten rows leave, and the index in one piece.

The index is brought together in small transactions; then the file is written anew beside the old one and takes its place.
VACUUM itself would need twice the room (a copy, and all of it in the WAL), and would keep the lock for as long.
"""

from dataclasses import dataclass
from pathlib import Path

from aggregator.archive.engine import sqlite3
from aggregator.archive.indexing import INDEX
from aggregator.archive.turn import my_turn, only_service
from aggregator.archive.upkeep.checking import check
from aggregator.archive.upkeep.copying import told
from aggregator.archive.upkeep.files import put_in_place, require_room, size_of, unfinished
from aggregator.archive.upkeep.opening import opened
from aggregator.archive.upkeep.solitude import keep_others_out
from aggregator.errors import ArchiveError

#: Pages of the index that are merged in one transaction: some tenths of a second.
_PAGES = 2000


@dataclass(frozen=True, slots=True)
class Compacted:
    """Bytes of an archive before and after."""

    before: int
    after: int


def room_to_compact(archive: Path) -> int:
    """Bytes that must be free: the new file is at most as large as the old one, and the index is merged before.

    Raises:
        ArchiveError: there is no archive.
    """
    with opened(archive) as connection:
        index = connection.execute(f"SELECT coalesce(sum(octet_length(block)), 0) FROM {INDEX}_data").fetchone()[0]
    return size_of(archive) + int(index)


def compact(archive: Path) -> Compacted:
    """Make an archive's file as small as it can be.

    Raises:
        ArchiveError: there is no room, another process has it open, or it is not whole.
    """
    require_room(archive.parent, room_to_compact(archive), "making the archive smaller")
    before = size_of(archive)
    with only_service(archive), my_turn(archive), opened(archive, "rw") as connection, unfinished(archive) as part:
        _merge_index(connection)
        version = _version(connection)
        connection.execute("VACUUM INTO ?", (str(part),))
        if findings := check(part):
            raise ArchiveError(f"the archive is not whole, so it stays as it is: {told(findings)}")
        # Asked before the WAL is left, which changes the number too.
        written = _version(connection) != version
        keep_others_out(connection, archive)
        if written:
            raise ArchiveError(
                f"archive {archive}: another program wrote to it meanwhile, so it stays as it is; try again"
            )
        put_in_place(part, archive)
    return Compacted(before=before, after=size_of(archive))


def _merge_index(connection: sqlite3.Connection) -> None:
    """As FTS5's 'optimize', in steps (https://sqlite.org/fts5.html, 6.8): killed in between, nothing is lost."""
    pages = -_PAGES
    while True:
        before = connection.total_changes
        connection.execute(f"INSERT INTO {INDEX}({INDEX}, rank) VALUES ('merge', ?)", (pages,))
        if connection.total_changes - before < 2:
            return
        pages = _PAGES


def _version(connection: sqlite3.Connection) -> int:
    """A number that changes when another connection has written."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])
