"""Dates as feeds write them → aware UTC datetimes and how exact they are, or None where the text does not say."""

import email.utils
import re
from datetime import UTC, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple

from aggregator.model import DateConfidence

#: Zone names that mean one thing in a language's press and another, or nothing, to the standard parsers.
_ZONES = {"ru": {"MSK": 3, "MSD": 4}, "zh": {"CST": 8, "HKT": 8}, "en": {"BST": 1, "JST": 9, "KST": 9, "MSK": 3}}
_ZONE_NAME = re.compile(r"\b([A-Z]{3})$")
_HOME_OFFSET = {"ru": 3, "zh": 8, "en": 0}
_LONGEST = 60


class StatedDate(NamedTuple):
    """A moment in UTC, and how exactly the text names it."""

    moment: datetime
    confidence: DateConfidence


#: What nearly all feeds write: the standard parsers take ten times as long.
_PLAIN_RFC822 = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) (\d\d):(\d\d):(\d\d)"
    r" (?:GMT|UTC|(?!-0000)([+-])(0\d|1[0-4])(00|30|45))"
)
_MONTHS = {name: number for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)}  # noqa: SIM905


def read_date(text: str, language: str = "en") -> StatedDate | None:
    """The moment that a feed's date names.

    A date without a zone is taken in the zone of the language's capital (Moscow, Beijing, UTC),
    and `05.02.2024` with the day first: both as that press writes.
    """
    text = text.strip()
    return _read(text, language) if 0 < len(text) <= _LONGEST else None


@lru_cache(maxsize=2_000)
def _read(text: str, language: str) -> StatedDate | None:
    moment = _plain(text) or _iso(text) or _rfc822(text, language) or _free_form(text, language)
    if moment is None:
        return None
    # Midnight to the second stands for a day in feeds that must give a time and have none.
    day = moment.time() == time.min
    confidence = DateConfidence.DAY if day else DateConfidence.STATED if moment.tzinfo else DateConfidence.NO_ZONE
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone(timedelta(hours=_HOME_OFFSET.get(language, 0))))
    try:
        return StatedDate(moment.astimezone(UTC), confidence)
    except (OverflowError, ValueError):
        return None


def _plain(text: str) -> datetime | None:
    found = _PLAIN_RFC822.fullmatch(text)
    if not found:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = timedelta(hours=int(hours), minutes=int(minutes)) if sign else timedelta()
    try:
        zone = timezone(-offset if sign == "-" else offset) if offset else UTC
        return datetime(int(year), _MONTHS[month], int(day), int(hour), int(minute), int(second), tzinfo=zone)
    except ValueError:
        return None


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _rfc822(text: str, language: str) -> datetime | None:
    named = _ZONE_NAME.search(text)
    hours = _ZONES.get(language, {}).get(named[1]) if named else None
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    if hours is not None:
        return moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    return moment


def _free_form(text: str, language: str) -> datetime | None:
    import dateparser  # 0.3 s to import, and few feeds need it

    order = "MDY" if language == "en" else "YMD" if language == "zh" else "DMY"
    settings: Any = {"DATE_ORDER": order, "STRICT_PARSING": True, "PARSERS": ["absolute-time"]}
    try:
        found = dateparser.parse(
            text, languages=[language] if language == "en" else [language, "en"], settings=settings
        )
    except (ValueError, OverflowError, TypeError, RecursionError):
        return None
    return found if isinstance(found, datetime) else None
