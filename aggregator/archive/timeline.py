"""A period cut into days, months or years, so that a chart of it has neither two columns nor two hundred."""

from collections.abc import Iterator
from datetime import datetime, timedelta

_DAYS, _MONTHS = timedelta(days=62), timedelta(days=5 * 366)


def stretches(first: datetime, last: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Days for two months, months for five years, else years: since and until of each, from the first moment to the last."""
    return tuple(_stretches(first, last))


def _stretches(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    since = first.replace(hour=0, minute=0, second=0, microsecond=0)
    if last - first > _DAYS:
        since = since.replace(day=1)
    if last - first > _MONTHS:
        since = since.replace(month=1)
    while since <= last:
        until = _after(since, last - first)
        yield since, until
        since = until


def _after(since: datetime, span: timedelta) -> datetime:
    if span <= _DAYS:
        return since + timedelta(days=1)
    if span <= _MONTHS:
        return since.replace(year=since.year + since.month // 12, month=since.month % 12 + 1)
    return since.replace(year=since.year + 1)
