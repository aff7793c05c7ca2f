"""The forms in which a name or term stands in running text: Russian cases, English plurals."""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs
import pymorphy3

_CASES = ("nomn", "gent", "datv", "accs", "ablt", "loct")
_PERSONAL = ("Surn", "Name", "Patr")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_ENGLISH_WORD = re.compile(r"[a-z]{4,}$")
#: Raise when the rules below change, so that kept forms are made anew.
_RULES = 3


@lru_cache(maxsize=1)
def _morphology() -> pymorphy3.MorphAnalyzer:
    return pymorphy3.MorphAnalyzer()


@dataclass(slots=True)
class WordForms:
    """Makes forms and keeps them in the user's cache folder: making those of 3,000 names takes seconds."""

    path: Path | None
    _kept: dict[str, list[str]] = field(default_factory=dict)
    _grown: bool = False

    @classmethod
    def load(cls, beat: str) -> "WordForms":
        """The forms kept for a beat; none if the cache cannot be read."""
        made_by = f"{_RULES}-{version('pymorphy3')}-{version('pymorphy3-dicts-ru')}"
        name = f"forms-{beat}-{hashlib.blake2b(made_by.encode(), digest_size=4).hexdigest()}.json"
        path = platformdirs.user_cache_path("aggregator") / name
        try:
            return cls(path, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return cls(path)

    def save(self) -> None:
        """Keep what was made; a cache that cannot be written only costs time at the next start."""
        if self.path is None or not self._grown:
            return
        part = self.path.with_suffix(f".{id(self)}.part")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            part.write_text(json.dumps(self._kept, ensure_ascii=False), encoding="utf-8")
            part.replace(self.path)
        except OSError:
            part.unlink(missing_ok=True)

    def of(self, name: str, language: str, *, person: bool = False) -> list[str]:
        """The name and its inflected forms, each once."""
        if language == "ru" and _CYRILLIC.search(name):
            key = f"{name}|{int(person)}"
            if key not in self._kept:
                self._kept[key] = list(dict.fromkeys(_russian_forms(name, person=person)))
                self._grown = True
            return self._kept[key]
        if language == "en" and not person and _ENGLISH_WORD.search(name):
            return [name, _english_plural(name)]
        return [name]


def _english_plural(name: str) -> str:
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"


def _russian_forms(name: str, *, person: bool) -> Iterable[str]:
    yield name
    words = name.split()
    if len(words) == 1 and not person:
        yield from _lexeme(words[0])
        return
    head = len(words) if person else _agreeing(words)
    readings = [_nominative(word, person=person) for word in words[:head]]
    for number in ("sing", "plur"):
        for case in _CASES:
            inflected = [_inflect(word, reading, case, number) for word, reading in zip(words, readings, strict=False)]
            yield " ".join([*inflected, *words[head:]])


def _lexeme(word: str) -> Iterable[str]:
    if word.isupper() and len(word) > 1:
        return []
    return [form.word for form in _nominative(word, person=False).lexeme]


def _nominative(word: str, *, person: bool) -> Any:
    """The reading of a word that is a nominative singular, for a person a name."""
    readings = _morphology().parse(word)
    nominative = [r for r in readings if "nomn" in r.tag and "sing" in r.tag] or readings
    if person:
        nominative = [r for r in nominative if any(mark in r.tag for mark in _PERSONAL)] or nominative
    return nominative[0]


def _agreeing(words: list[str]) -> int:
    """How many leading words change with the case: adjectives and the first noun («Северный морской путь»)."""
    for position, word in enumerate(words):
        if _nominative(word, person=False).tag.POS not in ("ADJF", "PRTF", "ADJS", "NUMR"):
            return position + 1
    return len(words)


def _inflect(word: str, reading: Any, case: str, number: str) -> str:
    if word.isupper() and len(word) > 1:
        return word
    changed = reading.inflect({case, number}) or reading.inflect({case})
    return str(changed.word) if changed else word
