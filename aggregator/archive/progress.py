"""How far long work on an archive has come."""

from collections.abc import Callable

#: (done, total), in whatever unit the work has.
Progress = Callable[[int, int], None]


def unseen(done: int, total: int) -> None:
    """Progress that nobody looks at."""
