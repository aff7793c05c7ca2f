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
_SHIFTS = {
    **dict.fromkeys(("yesterday", "вчера", "昨天", "昨日"), -1),
    **dict.fromkeys(("today", "сегодня", "今天", "今日"), 0),
    **dict.fromkeys(("tomorrow", "завтра", "明天", "明日"), 1),
}
_LETTERS = "|".join(name for name in (*_WEEKDAYS, *_SHIFTS) if name < "\u3000")
_HAN = "|".join(name for name in (*_WEEKDAYS, *_SHIFTS) if name > "\u3000")
_DAY_WORD = re.compile(rf"\b(?:{_LETTERS})\b|{_HAN}")
_BARE_DAY = re.compile(r"(?<![月\d])(\d{1,2})日")
_DIGIT = re.compile(r"\d")
#: A weekday more than so many days back is rather the coming one.
_BACK = 4


def day_of(moment: datetime, language: str) -> int:
    """The day on which it is `moment` for that press, as a proleptic ordinal."""
    return (moment + timedelta(hours=_AHEAD.get(language, 0))).toordinal()


def days_named(text: str, published: int) -> frozenset[int]:
    """The days near its day of publication that a text names, as ordinals."""
    folded = fold(text)
    found = {_day_meant(word, published) for word in _DAY_WORD.findall(folded)}
    if _DIGIT.search(folded):
        found.update(_dates(folded, published), _bare_days(folded, published))
    return frozenset(found)


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


def _day_meant(word: str, published: int) -> int:
    if word in _SHIFTS:
        return published + _SHIFTS[word]
    back = (date.fromordinal(published).weekday() - _WEEKDAYS[word]) % 7
    return published - back if back <= _BACK else published - back + 7
