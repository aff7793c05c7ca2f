"""The forms in which a name or term stands in running text: Russian cases, English plurals."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

#: Raise when the rules below change, so that kept forms are made anew.
RULES = 9
_CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_NUMBERS = ("sing", "plur")
_PERSONAL = ("Surn", "Name", "Patr", "Orgn")
_MODIFIERS = ("ADJF", "PRTF", "ADJS", "NUMR")
_CONSONANT = re.compile(r"[бвгджзклмнпрстфхцчшщ]$")
#: The cases, of `_CASES`, that a rule makes for a man's name, and the endings of his first name.
_BY_RULE = (1, 2, 4, 5)
_FIRST_NAME = ("а", "у", "ом", "е")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_ENGLISH_WORD = re.compile(r"[a-z]{4,}$")


@lru_cache(maxsize=1)
def _morphology() -> "MorphAnalyzer":
    from pymorphy3 import MorphAnalyzer  # only where forms are made, which is seldom

    return MorphAnalyzer()


def word_forms(name: str, language: str, *, person: bool = False, singular: bool = False) -> list[str]:
    """The name and its inflected forms, each once.

    `person`: every word of it is a name; `singular`: it is the title of one («the Russian president»).
    """
    if language == "ru" and _CYRILLIC.search(name):
        return list(dict.fromkeys(_russian_forms(name, person=person, singular=singular)))
    if language == "en" and not person and not singular and _ENGLISH_WORD.search(name):
        return [name, _english_plural(name)]
    return [name]


def _english_plural(name: str) -> str:
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"


def _russian_forms(name: str, *, person: bool, singular: bool) -> Iterator[str]:
    yield name
    words = name.split()
    if len(words) == 1 and not person and not singular:
        yield from _lexeme(words[0])
        return
    head = len(words) if person else _agreeing(words)
    forms = zip(*(_case_forms(word, person) for word in words[:head]), strict=True)
    for inflected in islice(forms, len(_CASES)) if singular else forms:
        yield " ".join((*inflected, *words[head:]))
    if person and _CONSONANT.search(words[-1]):
        yield from _man_forms(words)


def _man_forms(words: list[str]) -> Iterator[str]:
    """The forms of a man's name by rule: pymorphy takes «Силуанов» and «Цян» for genitives. Chinese decline only the last word."""
    soft = words[-1][-1] in "жчшщц"
    endings = (("а",), ("у",), ("ем", "ом", "ым") if soft else ("ом", "ым"), ("е",))
    for number, case in enumerate(endings):
        bases = [" ".join(words[:-1])]
        if len(words) > 1 and all(map(_CONSONANT.search, words[:-1])):
            bases.append(" ".join(word + _FIRST_NAME[number] for word in words[:-1]))
        declined = [_case_forms(word, True)[_BY_RULE[number]] for word in words[:-1]]
        bases.append(" ".join(declined))
        for base in dict.fromkeys(bases):
            yield from (f"{base} {words[-1]}{ending}".strip() for ending in case)


def _lexeme(word: str) -> list[str]:
    if _is_abbreviation(word):
        return []
    return [form.word for form in _nominative(word, False).lexeme]


@lru_cache(maxsize=20_000)
def _nominative(word: str, person: bool) -> Any:
    """The reading of a word that is a nominative singular, for a person a name."""
    readings = _morphology().parse(word)
    nominative = [r for r in readings if "nomn" in r.tag and "sing" in r.tag] or readings
    if person:
        nominative = [r for r in nominative if any(mark in r.tag for mark in _PERSONAL)] or nominative
    return nominative[0]


def _agreeing(words: list[str]) -> int:
    """How many leading words change with the case: adjectives and the first noun («Северный морской путь»)."""
    for position, word in enumerate(words):
        if _nominative(word, False).tag.POS not in _MODIFIERS:
            return position + 1
    return len(words)


@lru_cache(maxsize=20_000)
def _case_forms(word: str, person: bool) -> tuple[str, ...]:
    """The word in six cases, singular and plural; where it has no such form, as it is."""
    if _is_abbreviation(word):
        return (word,) * (len(_NUMBERS) * len(_CASES))
    reading = _nominative(word, person)
    found = [reading.inflect({case, number}) or reading.inflect({case}) for number in _NUMBERS for case in _CASES]
    return tuple(str(form.word) if form else word for form in found)


def _is_abbreviation(word: str) -> bool:
    return word.isupper() and len(word) > 1
