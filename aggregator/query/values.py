"""What stands behind a field: numbers, dates, and how long ago."""

import re
from datetime import UTC, date, datetime, timedelta

from aggregator.errors import QueryError

_AGO = {"h": "hours", "d": "days", "w": "weeks"}


def parse_number(value: str, column: int = 0) -> float:
    """A number that SQLite can hold.

    Raises:
        QueryError: it is none; names the column.
    """
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not abs(number) < 2**53:
        raise QueryError(f"{value!r} is not a number", column=column)
    return number


def parse_since(value: str, *, now: datetime, column: int = 0) -> datetime:
    """The moment that `7d`, `12h`, `2w` or a date means, to the minute.

    Raises:
        QueryError: it is none of these; names the column.
    """
    if match := re.fullmatch(r"(\d{1,4})([hdw])", value, re.ASCII):
        return (now - timedelta(**{_AGO[match[2]]: int(match[1])})).replace(second=0, microsecond=0)
    return parse_period(value, column)[0]


def parse_period(value: str, column: int = 0) -> tuple[datetime, datetime]:
    """First moment and the moment after a day, month or year in UTC, or of the minute that a time names.

    Raises:
        QueryError: it is none of these; names the column.
    """
    if "T" in value:
        moment = _moment(value, column)
        return moment, moment + timedelta(minutes=1)
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", value, re.ASCII)
    if match is None:
        raise QueryError(f"{value!r} is not a date; write 2026-03-05, 2026-03 or 2026", column=column)
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        first = date(year, month, day)
        if match[3]:
            after = first + timedelta(days=1)
        else:
            after = date(year + (month == 12), month % 12 + 1, 1) if match[2] else date(year + 1, 1, 1)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{value!r} is not a date", column=column) from error
    return _midnight(first), _midnight(after)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _moment(value: str, column: int) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        utc = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
        utc + timedelta(minutes=1)  # what has no next minute is no time either
        return utc
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{value!r} is not a time; write 2026-03-05T08:30", column=column) from error
