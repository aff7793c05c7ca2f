"""Which days a report speaks of: "on Monday", «вчера», 3月20日, as the readers of its language count days."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from aggregator.annotate.quantities import DATE, month_and_day
from aggregator.text.fold import fold

#: A date further from publication is background or plan, not the day of the event.
_NEAR = 6
#: Hours by which the press of a language counts its days ahead of UTC: London, Moscow, Beijing.
_AHEAD = {"en": 0, "ru": 3, "zh": 8}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday понедельник понедельника 周一 星期一",
            "tuesday вторник вторника 周二 星期二",
            "wednesday среду среды 周三 星期三",
            "thursday четверг четверга 周四 星期四",
            "friday пятницу пятницы 周五 星期五",
            "saturday субботу субботы 周六 星期六",
            "sunday воскресенье воскресенья 周日 星期日",
        )
    )
    for name in names.split()
}
_LETTERS = "|".join(name for name in _WEEKDAYS if name < "\u3000")
_HAN = "|".join(name for name in _WEEKDAYS if name > "\u3000")
_WEEKDAY = re.compile(rf"\b(?:{_LETTERS})\b|{_HAN}")
_BARE_DAY = re.compile(r"(?<![月\d])(\d{1,2})日")
_DIGIT = re.compile(r"\d")
_RELATIVE = (
    (-1, re.compile(r"\byesterday\b|\bвчера\b|昨[天日]")),
    (0, re.compile(r"\btoday\b|\bсегодня\b|今[天日]")),
    (1, re.compile(r"\btomorrow\b|\bзавтра\b|明[天日]")),
)
#: A weekday more than so many days back is rather the coming one.
_BACK = 4


def day_of(moment: datetime, language: str) -> int:
    """The day on which it is `moment` for that press, as a proleptic ordinal."""
    return (moment + timedelta(hours=_AHEAD.get(language, 0))).toordinal()


def days_named(text: str, published: int) -> frozenset[int]:
    """The days near its day of publication that a text names, as ordinals."""
    folded = fold(text)
    found = set(_weekdays(folded, published))
    if _DIGIT.search(folded):
        found.update(_dates(folded, published), _bare_days(folded, published))
    return frozenset(found | {published + shift for shift, pattern in _RELATIVE if pattern.search(folded)})


def _dates(folded: str, published: int) -> Iterator[int]:
    year = date.fromordinal(published).year
    for match in DATE.finditer(folded):
        month, day = month_and_day(match)
        for candidate in (year - 1, year, year + 1):
            try:
                named = date(candidate, month, day).toordinal()
            except ValueError:
                continue
            if abs(named - published) <= _NEAR:
                yield named


def _bare_days(folded: str, published: int) -> Iterator[int]:
    for match in _BARE_DAY.finditer(folded):
        yield from (d for d in range(published - _BACK, published + 1) if date.fromordinal(d).day == int(match[1]))


def _weekdays(folded: str, published: int) -> Iterator[int]:
    today = date.fromordinal(published).weekday()
    for match in _WEEKDAY.finditer(folded):
        back = (today - _WEEKDAYS[match[0]]) % 7
        yield published - back if back <= _BACK else published - back + 7
