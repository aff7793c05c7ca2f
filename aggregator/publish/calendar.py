"""Pure: for which local dates an edition is due, and what it covers. The wall clock of the digest's zone decides."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

from aggregator.settings import DigestDefinition, Weekday

#: An edition missed while the machine was off is made at the next start, for up to this many days.
CATCH_UP = timedelta(days=7)
_DAY = timedelta(days=1)
_WEEK: tuple[Weekday, ...] = get_args(Weekday)
_NAMED: Mapping[str, tuple[Weekday, ...]] = {"daily": _WEEK, "weekdays": _WEEK[:5], "weekly": _WEEK[:1]}


def due_dates(digest: DigestDefinition, now: datetime, done: Collection[date], *, begun: datetime | None) -> list[date]:
    """Local dates whose hour has come and that have no edition yet, in order.

    Nothing is caught up on from before the archive `begun`; an empty archive owes no edition.
    """
    if begun is None:
        return []
    today = local_day(digest, now)
    settled = _settled(today, done)
    week = [today - n * _DAY for n in range(CATCH_UP.days, -1, -1)]
    owed = [day for day in week if day > settled and day not in done and is_edition_day(digest, day)]
    return [day for day in owed if begun <= due_at(digest, day) <= now]


def _settled(today: date, done: Collection[date]) -> date:
    """Up to here nothing is owed.

    An edition of the future says that the clock was set back: what was too old to be made up for, before that, stays so.
    """
    ahead = any(day > today for day in done)
    return max((day for day in done if day <= today), default=date.min) if ahead else date.min


def owed_since(
    digest: DigestDefinition, now: datetime, done: Collection[date], *, begun: datetime | None
) -> datetime | None:
    """What `begun` is for a digest: its first edition, or that of the archive.

    A digest that is new to an older archive has missed nothing: it starts with the last date that it would have had.
    """
    today = local_day(digest, now)
    if begun and (past := [day for day in done if day <= today]):
        return max(begun, due_at(digest, min(past)))
    if begun is None or now - begun <= CATCH_UP:
        return begun
    return due_before(digest, now + timedelta.resolution)


def is_weekday(day: date, days: str | tuple[Weekday, ...]) -> bool:
    """Whether a date is one of the days that a name (`daily`, `weekdays`, `weekly`) or a list says."""
    return _WEEK[day.weekday()] in (_NAMED[days] if isinstance(days, str) else days)


def is_edition_day(digest: DigestDefinition, day: date) -> bool:
    """Whether the digest has an edition of a local date."""
    return is_weekday(day, digest.days)


def due_at(digest: DigestDefinition, day: date) -> datetime:
    """The moment, in UTC, at which the edition of a local date is due.

    An hour that the clock skips comes as late after the change as it stands behind it; one that it repeats counts the
    first time (as Vixie cron does), so that a change of the clock makes neither two editions nor none.
    """
    local = datetime.combine(day, time.fromisoformat(digest.time), ZoneInfo(digest.zone))
    return local.astimezone(UTC)


def due_before(digest: DigestDefinition, moment: datetime) -> datetime:
    """The last due moment before another, by the calendar: whether an edition was made then does not count.

    Raises:
        ValueError: the digest has no days, which a configuration that was read cannot say.
    """
    latest = local_day(digest, moment) + _DAY
    for day in (latest - n * _DAY for n in range(len(_WEEK) + 2)):
        if is_edition_day(digest, day) and (due := due_at(digest, day)) < moment:
            return due
    raise ValueError(f"the digest {digest.name!r} has no days")


def edition_window(
    digest: DigestDefinition, day: date, now: datetime, *, by_command: bool = False
) -> tuple[datetime, datetime]:
    """Since and until: from the due moment before to its own, or to now if that is still to come.

    With `window_hours` it begins so many hours before its end instead. An edition made `by_command` begins there too
    and reaches to the end of its local date, or to now: whoever asks for a date at noon wants to read of the morning.
    """
    due = min(due_at(digest, day), now)
    hours = digest.window_hours
    since = due - timedelta(hours=hours) if hours else due_before(digest, due)
    midnight = datetime.combine(day + _DAY, time(), ZoneInfo(digest.zone)).astimezone(UTC)
    return since, min(midnight, now) if by_command else due


def local_day(digest: DigestDefinition, now: datetime) -> date:
    """Today, where the digest is read."""
    return now.astimezone(ZoneInfo(digest.zone)).date()
