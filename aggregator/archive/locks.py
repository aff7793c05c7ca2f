"""EDGE: files beside an archive that one process at a time can lock, and that say which one it is."""

import fcntl
import os
import sys
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

from aggregator.errors import ArchiveError

#: Bytes of a note; always written whole, so that a shorter one needs no second call.
_NOTE = 128


class LockFile:
    """`NAME-KIND` beside an archive. The kernel gives the lock back when its holder ends, however that comes."""

    def __init__(self, archive: Path, kind: str) -> None:
        self._archive, self._path = archive, archive.with_name(f"{archive.name}-{kind}")
        self._descriptor = -1

    def take(self) -> bool:
        """Lock it, if nobody else has."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def sign(self) -> None:
        """Write into it who we are."""
        os.pwrite(self._descriptor, _own_note(os.getpid()), 0)

    def holder(self) -> str:
        """Who has written into it last, as it can be told to people."""
        note = os.pread(self._descriptor, _NOTE, 0).decode(errors="replace").strip(" \0")
        pid, _, command = note.partition(" ")
        return f"process {pid} ({command})" if pid.isdigit() else "another process"

    def __enter__(self) -> Self:
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ArchiveError(f"archive {self._archive}: {error.strerror}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)


@cache
def _own_note(pid: int) -> bytes:
    """Number and command of this process; without its options, which may hold what is nobody's business."""
    program, *words = sys.argv or [""]
    name = Path(program).name
    named = {"__main__.py": "aggregator", "-c": "python", "": "python"}.get(name, name)
    command = [named]
    for word in words[:2]:
        if word.startswith("-") or not word.isalpha():
            break
        command.append(word)
    return f"{pid} {' '.join(command)}".encode()[:_NOTE].ljust(_NOTE)
