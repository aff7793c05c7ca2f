"""EDGE: whose turn it is to write. SQLite 3.7.0–3.51.2 can damage a WAL file when two processes write at once."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aggregator.archive.locks import LockFile
from aggregator.errors import ArchiveError

#: Seconds after which who waits is told for whom: a batch of 2,000 articles takes less.
TELL_AFTER = 2.0
#: Seconds after which waiting is given up: no transaction of ours takes nearly as long while a service runs.
PATIENCE = 60.0
#: Seconds between two looks at the lock, at first and at most.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.001, 0.02

_log = logging.getLogger("aggregator.archive")


@contextmanager
def my_turn(archive: Path) -> Iterator[None]:
    """Wait until no other process writes to an archive, and keep others from it meanwhile.

    By a lock file beside it, which the kernel gives back when a process is killed.

    Raises:
        ArchiveError: the file cannot be made, or another process has kept its turn for `PATIENCE` seconds.
    """
    with LockFile(archive, "lock") as lock:
        if not lock.take():
            _wait(lock, archive)
        lock.sign()
        yield


def _wait(lock: LockFile, archive: Path) -> None:
    begun, pause, told = time.monotonic(), _FIRST_PAUSE, False
    while not lock.take():
        waited = time.monotonic() - begun
        if waited >= PATIENCE:
            raise ArchiveError(
                f"archive {archive}: {lock.holder()} has been writing to it for {PATIENCE:g} s; "
                "wait for it to end, or end it, and try again"
            )
        if waited >= TELL_AFTER and not told:
            _log.warning("archive %s: waiting for its turn to write, after %s", archive, lock.holder())
            told = True
        time.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


@contextmanager
def only_service(archive: Path) -> Iterator[None]:
    """Be the one service of an archive, or do what must not be done while one runs.

    Raises:
        ArchiveError: there is another; says which, and what to do.
    """
    with LockFile(archive, "service") as lock:
        if not lock.take():
            raise ArchiveError(
                f"archive {archive}: {lock.holder()} is at work on it; end it first (Ctrl-C there, or `kill` with that"
                " number), or name another archive by --archive"
            )
        lock.sign()
        yield
