"""Being the only one who has an archive open, so that its file can be replaced."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from aggregator.archive.engine import sqlite3
from aggregator.archive.turn import my_turn, only_service
from aggregator.errors import ArchiveError

_PROCESSES = Path("/proc")
#: Seconds that others are given to close it: a page that is being served takes less.
_TIMEOUT = 3


@contextmanager
def alone(archive: Path) -> Iterator[sqlite3.Connection | None]:
    """Nobody else has the archive open, or can open it meanwhile; what its WAL held is in the file.

    Yields the connection that locks it; None if there is no file.

    Raises:
        ArchiveError: others have it open; says who, as far as it can be seen.
    """
    with only_service(archive), my_turn(archive):
        if not archive.is_file():
            yield None
            return
        with closing(sqlite3.connect(archive, timeout=_TIMEOUT, isolation_level=None)) as connection:
            with suppress(sqlite3.DatabaseError):  # too damaged to be locked: those locks must do that we hold already
                keep_others_out(connection, archive)
            yield connection


def keep_others_out(connection: sqlite3.Connection, archive: Path) -> None:
    """Lock an archive until the connection is closed, its WAL folded in.

    Raises:
        ArchiveError: others have it open; says who, as far as it can be seen.
    """
    try:
        # Leaving the WAL succeeds only for the last one who has the file open.
        connection.execute("PRAGMA journal_mode = DELETE")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise ArchiveError(_in_use(archive)) from error
        raise


def _in_use(archive: Path) -> str:
    found = holders(archive)
    who = ", ".join(found) if found else f"another process (`fuser -v {archive}` tells which)"
    return f"archive {archive} is open in {who}; end that first. Nothing was changed"


def holders(archive: Path) -> tuple[str, ...]:
    """The processes that have a file open, but this one; as far as the system tells (Linux, one's own processes)."""
    wanted = str(archive.resolve())
    found = []
    for process in _PROCESSES.glob("[0-9]*"):
        if process.name != str(os.getpid()) and wanted in _open_files(process):
            found.append(f"process {process.name} ({_command(process)})")
    return tuple(found)


def _open_files(process: Path) -> set[str]:
    try:
        return {os.readlink(file) for file in (process / "fd").iterdir()}
    except OSError:
        return set()


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "?"
    told = " ".join(Path(word.decode(errors="replace")).name for word in words[:4] if word)
    return "".join(sign if sign.isprintable() else " " for sign in told)[:60]
