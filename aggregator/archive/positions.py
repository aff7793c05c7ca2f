"""An article's place in the index: the minute of its date, and which of that minute's it is.

The rows of the index lie in this order, so the newest come first and a period is a range, without sorting or looking
at the articles: over a million articles a common word's newest come in less than a millisecond instead of half a second.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import count

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: So many bits number the articles of a minute: many feeds give only a day, whose articles all fall into midnight.
_BITS = 16
_FULL = 1 << _BITS

FIRST, LAST = 0, 2**62


def first_position(moment: datetime) -> int:
    """The position from which the articles of a whole minute lie."""
    return max(0, (moment - _EPOCH) // timedelta(minutes=1)) << _BITS


def moment_of(position: int) -> datetime:
    """The minute in which a position lies."""
    return _EPOCH + timedelta(minutes=position >> _BITS)


def new_positions(dates: Iterable[datetime], taken_until: Callable[[int, int], int | None]) -> list[int]:
    """A free position for each date, in order; `taken_until(a, b)` is the last position taken from a until before b.

    What has no place in its minute goes into the next one.
    """
    following: dict[int, int] = {}
    found = []
    for date in dates:
        start = first_position(date)
        for minute in count(start, _FULL):
            if minute not in following:
                last = taken_until(minute, minute + _FULL)
                following[minute] = minute if last is None else last + 1
            if following[minute] < minute + _FULL:
                found.append(following[minute])
                following[minute] += 1
                break
    return found
