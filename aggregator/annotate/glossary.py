"""What happens in the news and what it happens to, as notions that do not depend on a language.

The beat names persons, bodies and places; an earthquake, an arrival or a tariff has no name. `glossary.txt`
lists such notions with their words in English, Russian and Chinese.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from aggregator.errors import LexiconError
from aggregator.text.fold import fold, is_han
from aggregator.text.words import words

_FILE = Path(__file__).parent / "glossary.txt"


@dataclass(frozen=True, slots=True)
class Glossary:
    """The notions, by the first word of each of their names; Chinese ones by their first character."""

    actors: frozenset[str]
    """Notions that are offices and who holds them."""
    offices: frozenset[str]
    """Notions that are offices of no one country."""
    _phrases: Mapping[str, Sequence[tuple[tuple[str, ...], str]]]
    _han: Mapping[str, Sequence[tuple[str, str]]]

    def notions(self, analysed: Sequence[str]) -> Iterator[str]:
        """The notions of words in their index forms, in order: those of the longest name at each place."""
        for place, word in enumerate(analysed):
            for phrase, notion in self._phrases.get(word, ()):
                if len(phrase) == 1 or tuple(analysed[place : place + len(phrase)]) == phrase:
                    yield notion
                    break

    def notion_of(self, name: str) -> str | None:
        """The notion that an English or Russian name as a whole stands for."""
        analysed = tuple(words(name))
        return next((notion for phrase, notion in self._phrases.get(analysed[0], ()) if phrase == analysed), None)

    def han_notions(self, folded: str) -> Iterator[str]:
        """The same for folded Chinese text."""
        place = 0
        while place < len(folded):
            step = 1
            for name, notion in self._han.get(folded[place], ()):
                if folded.startswith(name, place):
                    yield notion
                    step = len(name)
                    break
            place += step


@lru_cache(maxsize=1)
def load_glossary() -> Glossary:
    """The glossary that ships with the program.

    Raises:
        LexiconError: a line has not four columns.
    """
    marked: dict[str, set[str]] = {"@": set(), "~": set()}
    phrases: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
    han: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for notion, names in _lines(marked):
        for name in names:
            if is_han(name[0]):
                folded = fold(name)
                han[folded[0]].append((folded, notion))
            else:
                phrase = tuple(words(name))
                phrases[phrase[0]].append((phrase, notion))
    return Glossary(
        actors=frozenset(marked["@"]),
        offices=frozenset(marked["~"]),
        _phrases={first: sorted(rows, key=lambda row: -len(row[0])) for first, rows in phrases.items()},
        _han={first: sorted(rows, key=lambda row: -len(row[0])) for first, rows in han.items()},
    )


def _lines(marked: Mapping[str, set[str]]) -> Iterator[tuple[str, list[str]]]:
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        columns = [column.strip() for column in line.split("|")]
        if len(columns) != 4:
            raise LexiconError(f"{_FILE.name}: not `id | en | ru | zh`: {line}")
        notion = columns[0].lstrip("@~")
        if columns[0] != notion:
            marked[columns[0][0]].add(notion)
        yield notion, [name.strip() for column in columns[1:] for name in column.split(",") if name.strip()]
