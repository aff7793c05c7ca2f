"""EDGE: whose turn it is to write. SQLite 3.7.0–3.51.2 can damage a WAL file when two processes write at once."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.errors import ArchiveError


@contextmanager
def my_turn(archive: Path) -> Iterator[None]:
    """Wait until no other process writes to an archive, and keep others from it meanwhile.

    By a lock file beside it, which the kernel gives back when a process is killed.

    Raises:
        ArchiveError: the file cannot be made.
    """
    try:
        lock = archive.with_name(f"{archive.name}-lock").open("ab")
    except OSError as error:
        raise ArchiveError(f"archive {archive}: {error.strerror}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
