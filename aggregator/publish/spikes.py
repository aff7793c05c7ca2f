"""Pure: whether more is reported than is usual at this hour of the week.

The usual is the median of the same hours of the eight weeks before, with the hour before and after each; the spread is
their median absolute deviation, but no less than a count of that size scatters by chance (Poisson: its root). So a
Monday morning is compared with Monday mornings, and a burst of last week does not hide the one of today.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_WEEKS, _DAY, _WEEK = 8, 24, 168
#: Deviations from the usual that are unusual, and the fewest articles that are worth a notice.
UNUSUAL, FEWEST = 5.5, 5
#: Hours before those that are counted that the usual is worked out of.
KNOWN_HOURS = (_WEEKS + 1) * _WEEK
#: Of a normal distribution the median absolute deviation, times this, is the standard deviation.
_TO_DEVIATION = 1.4826


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Articles of the last hours, and what is usual then."""

    count: int
    usual: float
    deviations: float
    """How far beyond the usual, in standard deviations."""

    @property
    def is_spike(self) -> bool:
        """Whether it is unusual and enough to tell of."""
        return self.deviations >= UNUSUAL and self.count >= FEWEST


def volume_of(hourly: Sequence[int], hours: int) -> Volume | None:
    """The volume of the last so many hours of a series of counts by the hour; None if three weeks are not known.

    Lately joined feeds or a young archive would make everything unusual, so weeks without any article say nothing.
    """
    count, windows = sum(hourly[-hours:]), [_window(hourly, back, hours) for back in _backs(hours)]
    known = [window for window in windows if window is not None]
    if len(known) < 3 * len(_backs(hours)) // _WEEKS:
        return None
    usual = median(known)
    spread = _TO_DEVIATION * median(abs(window - usual) for window in known)
    return Volume(count=count, usual=usual, deviations=(count - usual) / max(spread, usual**0.5, 1.0))


def _backs(hours: int) -> list[int]:
    """How many hours back the compared windows end: the same hour of earlier weeks, with its neighbours."""
    apart = 1 if hours < _DAY else _DAY
    return [
        week * _WEEK + shift * apart
        for week in range(1, _WEEKS + 1)
        for shift in ((-1, 0, 1) if hours < _DAY else (0,))
    ]


def _window(hourly: Sequence[int], back: int, hours: int) -> int | None:
    end = len(hourly) - back
    return sum(hourly[end - hours : end]) if end - hours >= 0 else None


def spikes(hourly: Sequence[int], hours: int) -> list[int]:
    """At which hours of a series a spike begins: one that goes on is one."""
    unusual = []
    for end in range(1, len(hourly) + 1):
        volume = volume_of(hourly[max(0, end - KNOWN_HOURS - hours) : end], hours)
        unusual.append(volume is not None and volume.is_spike)
    return [hour for hour, (before, now) in enumerate(pairwise([False, *unusual])) if now and not before]
