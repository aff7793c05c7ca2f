"""Where sentences end, in three languages."""

import re
from collections.abc import Iterator

#: Stops, with the quotes and brackets that they close; a full stop ends a sentence only before what can begin one.
_STOP = re.compile(r"""(\w*)[.!?…]+["»”)\]]*\s+(?=[\dA-ZА-ЯЁ"«“(])|[。！？]+[”」』）]*\s*""")
#: Words behind which a full stop ends no sentence, besides initials.
_SHORT = frozenset(
    [
        "Mr",
        "Mrs",
        "Ms",
        "Dr",
        "St",
        "Gen",
        "Sen",
        "Rep",
        "Gov",
        "Prof",
        "Col",
        "Lt",
        "vs",
        "No",
        "Jan",
        "Feb",
        "Aug",
        "Sept",
        "Oct",
        "Nov",
        "Dec",
        "г",
        "гг",
        "им",
        "ст",
        "руб",
        "тыс",
        "млн",
        "млрд",
        "долл",
    ]
)


def first_sentences(text: str, sentences: int, limit: int) -> str:
    """The first sentences of a text in its own words; cut between words if they are longer than `limit` characters."""
    ends = [end for end in _ends(text[: 2 * limit]) if end <= limit][:sentences]
    if len(ends) == sentences or (ends and len(text) > limit):
        return text[: ends[-1]].strip()
    if len(text) <= limit:
        return text.strip()
    cut = text[:limit]
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:—–-") + "…"


def _ends(text: str) -> Iterator[int]:
    for stop in _STOP.finditer(text):
        word = stop[1] or ""
        if not (word in _SHORT or (len(word) == 1 and word.isupper())):
            yield stop.end()
