"""Numbers, shares, dates and ordinals in three languages, each in one spelling.

`5 billion`, `50 亿` and `5 млрд` are one number; `7 per cent`, `7 %` and `百分之七` one share; `21 March`,
`21 марта` and `3月21日` one date; `28th`, `28-й` and `第二十八` one ordinal.
"""

import re
from collections.abc import Iterator

from aggregator.text.fold import fold

_SCALES = {
    **dict.fromkeys(("thousand", "тыс", "тысяч", "тысяча", "тысячи", "千"), 1e3),
    **dict.fromkeys(("万",), 1e4),
    **dict.fromkeys(("million", "mln", "mn", "m", "млн", "миллион", "миллиона", "миллионов"), 1e6),
    **dict.fromkeys(("亿",), 1e8),
    **dict.fromkeys(("billion", "bln", "bn", "b", "млрд", "миллиард", "миллиарда", "миллиардов"), 1e9),
    **dict.fromkeys(("trillion", "tn", "трлн", "триллион", "триллиона", "триллионов", "万亿"), 1e12),
}
_SCALE = "|".join(sorted(map(re.escape, _SCALES), key=len, reverse=True))
_SHARE = r"%|％|per ?cent|pct|процент\w*|个百分点"
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan января",
            "february feb февраля",
            "march mar марта",
            "april apr апреля",
            "may мая",
            "june jun июня",
            "july jul июля",
            "august aug августа",
            "september sep sept сентября",
            "october oct октября",
            "november nov ноября",
            "december dec декабря",
        ),
        1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
DATE = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|-го)? (?P<month>{_MONTH})\b|\b(?P<month2>{_MONTH})\.? (?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b"
    r"|(?P<month3>\d{1,2})月(?P<day3>\d{1,2})[日号]"
)
_ORDINAL = re.compile(
    r"\b(\d{1,3})(?:st|nd|rd|th|-?й|-?я|-?е|-?го|-?м|-?ой)\b|第(\d{1,3}|[一二三四五六七八九十]{1,4})[届次个轮批号架]"
)
_NUMBER = re.compile(
    rf"(?<![a-zа-я0-9.,:])[$€£¥]?(?P<number>\d{{1,3}}(?:[ ,\u00a0]\d{{3}})+(?!\d)|\d+(?:[.,]\d+)?)(?:[ -]?(?P<scale>{_SCALE})(?![a-zа-я]))?"
    rf"(?: ?(?P<share>{_SHARE}))?",
)
_HAN_SHARE = re.compile(r"百分之([一二三四五六七八九十百零]+|\d+(?:\.\d+)?)")
#: Without one of these only a number word can be there.
_ANY = re.compile(r"\d|第|百分之")
_WORDS = {
    name: value
    for value, names in {
        2: "two двое два две",
        3: "three трое три",
        4: "four четверо четыре",
        5: "five пятеро пять",
        6: "six шестеро шесть",
        7: "seven семь",
        8: "eight восемь",
        9: "nine девять",
        10: "ten десять",
        11: "eleven одиннадцать",
        12: "twelve двенадцать",
    }.items()
    for name in names.split()
}
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b")
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}


def quantities(text: str) -> Iterator[str]:
    """`n:` numbers, `p:` shares in per cent, `d:` dates as month-day, `o:` ordinals; a year or a time of day is none."""
    folded = fold(text)
    if _ANY.search(folded):
        for pattern, reader in ((DATE, _date), (_ORDINAL, _ordinal), (_HAN_SHARE, _han_share)):
            found = [reader(match) for match in pattern.finditer(folded)]
            if found:
                yield from found
                folded = pattern.sub(" ", folded)
        yield from filter(None, map(_number, _NUMBER.finditer(folded)))
    for match in _WORD.finditer(folded):
        yield f"n:{_WORDS[match[0]]}"


def month_and_day(match: re.Match[str]) -> tuple[int, int]:
    """What a match of `DATE` names; there may be no such day."""
    day = match["day"] or match["day2"] or match["day3"]
    month = match["month3"] or _MONTHS[match["month"] or match["month2"]]
    return int(month), int(day)


def _date(match: re.Match[str]) -> str:
    month, day = month_and_day(match)
    return f"d:{month}-{day}"


def _ordinal(match: re.Match[str]) -> str:
    return f"o:{int(match[1] or 0) or _han_number(match[2])}"


def _han_share(match: re.Match[str]) -> str:
    return f"p:{float(match[1]) if match[1][0].isdigit() else _han_number(match[1]):g}"


def _han_number(text: str) -> int:
    """一 to 九百九十九, or digits."""
    if text.isdigit():
        return int(text)
    total, digit = 0, 0
    for character in text:
        unit = {"十": 10, "百": 100}.get(character, 0)
        if unit:
            total, digit = total + (digit or 1) * unit, 0
        else:
            digit = _DIGITS[character]
    return total + digit


def _number(match: re.Match[str]) -> str:
    digits = re.sub(r"[ ,\u00a0](?=\d{3}(?!\d))", "", match["number"]).replace(",", ".")
    value = float(digits) * _SCALES.get(match["scale"] or "", 1)
    if match["share"]:
        return f"p:{value:g}"
    is_year = not match["scale"] and digits.isdigit() and 1900 <= value <= 2100
    after = match.string[match.end() : match.end() + 1]
    return "" if is_year or after in (":", "时", "点", "月", "日") else f"n:{value:.6g}"
