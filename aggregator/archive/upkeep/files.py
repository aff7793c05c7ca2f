"""Files that are there whole or not at all, whenever the process is killed."""

import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from aggregator.errors import ArchiveError

#: What SQLite keeps beside a database: without it, or with another's, a file is damaged.
COMPANIONS = ("-wal", "-shm", "-journal")
_PART = ".part"
#: Looks at the lock of an unfinished file, and seconds between them: `sweep` may hold it for a moment.
_TRIES, _PAUSE = 20, 0.01
#: Bytes that are left free beyond what is needed.
_SPARE = 16 * 2**20


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A file beside the target to write to; it is gone afterwards, unless it has been given another name.

    What a killed process has left is overwritten.

    Raises:
        ArchiveError: it cannot be made, or another process is writing it.
    """
    part = target.with_name(f"{target.name}{_PART}")
    with _told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        held = _locked(part)
    if held is None:
        raise ArchiveError(f"another process is writing {target}; wait for it to end")
    with held, _told(target):
        held.truncate(0)
        _remove_companions(part)
        try:
            yield part
        finally:
            if _is_at(part, held):
                remove(part)


def _locked(part: Path) -> IO[bytes] | None:
    """The file, opened and locked; None if another process has it."""
    for _ in range(_TRIES):
        held = part.open("ab")
        if _lock(held) and _is_at(part, held):  # and not the one that `sweep` has just removed
            return held
        held.close()
        time.sleep(_PAUSE)
    return None


def _lock(held: IO[bytes]) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, held: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(held.fileno()))
    except FileNotFoundError:
        return False


def publish(part: Path, target: Path) -> None:
    """Give a finished file its name, on the disk too.

    Raises:
        ArchiveError: the name is taken.
    """
    _synced(part)
    try:
        os.link(part, target)
    except FileExistsError:
        raise ArchiveError(f"{target} exists already; name another file, or remove it") from None
    except OSError:  # a file system without links
        refuse_existing(target)
        part.rename(target)
    _synced(target.parent)


def put_in_place(part: Path, target: Path, kept: Path | None = None) -> None:
    """Put a finished file where another is, which stays under the name `kept` if one is given.

    At each moment there is a whole file at the target. Nobody may have it open.
    """
    _synced(part)
    if kept is not None and target.exists():
        _second_name(target, kept)
    for companion in COMPANIONS:
        left = target.with_name(target.name + companion)
        if left.exists():
            # Of a damaged file: the last changes are in it; beside the new one it would damage that.
            os.replace(left, target.with_name(f"{kept.name if kept else f'{target.name}.left'}{companion}"))
    os.replace(part, target)
    _synced(target.parent)


def _second_name(file: Path, name: Path) -> None:
    try:
        os.link(file, name)
    except OSError:  # a file system without links
        shutil.copy2(file, name)
        _synced(name)


def remove(database: Path) -> None:
    """Remove a database and what is beside it, as far as it is there."""
    _remove_companions(database)
    database.unlink(missing_ok=True)


def _remove_companions(database: Path) -> None:
    for companion in COMPANIONS:
        database.with_name(database.name + companion).unlink(missing_ok=True)


def refuse_existing(target: Path) -> None:
    """Refuse to overwrite.

    Raises:
        ArchiveError: there is such a file.
    """
    if target.exists():
        raise ArchiveError(f"{target} exists already; name another file, or remove it")


def require_room(folder: Path, needed: int, what: str) -> None:
    """Refuse what would fill the disk.

    Raises:
        ArchiveError: too little is free; says how much is needed.
    """
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed + _SPARE:
        raise ArchiveError(
            f"{what} needs {in_mb(needed + _SPARE)} free in {folder}, which has {in_mb(free)}; make room"
        )


def in_mb(size: int) -> str:
    """Bytes for people."""
    return f"{size / 1e6:,.1f} MB"


def size_of(database: Path) -> int:
    """Bytes of a database with its WAL."""
    files = (database, database.with_name(f"{database.name}-wal"))
    return sum(file.stat().st_size for file in files if file.exists())


def stamp(moment: datetime) -> str:
    """A time in UTC that sorts and can stand in a file's name."""
    return moment.strftime("%Y%m%dT%H%M%SZ")


def dated(archive: Path, moment: datetime) -> str:
    """Name of a backup of an archive."""
    return f"{archive.stem}-{stamp(moment)}{archive.suffix}"


def backups_of(archive: Path, folder: Path) -> tuple[Path, ...]:
    """The files in a folder that are named as backups of the archive are, the latest first."""
    named = re.compile(re.escape(archive.stem) + r"-\d{8}T\d{6}Z" + re.escape(archive.suffix))
    return tuple(sorted((file for file in folder.iterdir() if named.fullmatch(file.name)), reverse=True))


def sweep(archive: Path, folder: Path) -> None:
    """Remove what backups that were killed have left in a folder."""
    named = re.compile(re.escape(archive.stem) + r"-\d{8}T\d{6}Z" + re.escape(archive.suffix + _PART))
    for file in [one for one in folder.iterdir() if named.fullmatch(one.name)]:
        with suppress(FileNotFoundError), file.open("rb") as held:
            if _lock(held):
                remove(file)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ArchiveError(f"{target}: {error.strerror or error}") from error
