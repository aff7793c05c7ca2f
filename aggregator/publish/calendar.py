"""Pure: for which local dates an edition is due. The wall clock of the digest's zone decides."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from aggregator.settings import DigestDefinition

#: An edition missed while the machine was off is made at the next start, for up to this many days.
CATCH_UP = timedelta(days=7)


def due_dates(digest: DigestDefinition, now: datetime, done: Collection[date], *, begun: datetime | None) -> list[date]:
    """Local dates whose hour has come and that have no edition yet, in order.

    Nothing is caught up on from before the archive `begun`; an empty archive owes no edition.
    """
    if begun is None:
        return []
    today = now.astimezone(ZoneInfo(digest.zone)).date()
    days = [today - timedelta(days=back) for back in range(CATCH_UP.days, -1, -1)]
    return [day for day in days if day not in done and begun <= due_at(digest, day) <= now]


def due_at(digest: DigestDefinition, day: date) -> datetime:
    """The moment, in UTC, at which the edition of a local date is due.

    An hour that the clock skips counts from the moment of the change; one that it repeats, the
    first time (as Vixie cron does), so that a change of the clock makes neither two editions nor none.
    """
    local = datetime.combine(day, time.fromisoformat(digest.time), ZoneInfo(digest.zone))
    return local.astimezone(UTC)


def edition_window(
    digest: DigestDefinition, day: date, now: datetime, *, by_command: bool = False
) -> tuple[datetime, datetime]:
    """Since and until: the hours before the due time, or before now if it is still to come.

    An edition made `by_command` begins there too and reaches to the end of its local date, or to now:
    whoever asks for a date at noon wants to read of the morning.
    """
    due = due_at(digest, day)
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(digest.zone)).astimezone(UTC)
    until = midnight if by_command else due
    return min(due, now) - timedelta(hours=digest.window_hours or 24), min(until, now)


def local_day(digest: DigestDefinition, now: datetime) -> date:
    """Today, where the digest is read."""
    return now.astimezone(ZoneInfo(digest.zone)).date()
