"""Finding many thousand names in a text at once, at word borders, with offsets."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from aggregator.text.fold import Script, fold, is_han, script_of, scripts_in


class Hit(NamedTuple):
    """`text[start:end]` stands for `meaning`."""

    meaning: Hashable
    start: int
    end: int


class Pattern(NamedTuple):
    """A name and what it stands for; None for a decoy, which claims its place and means nothing."""

    name: str
    meaning: Hashable
    cased: bool = False

    @property
    def must_match_case(self) -> bool:
        """Short Latin and Cyrillic names are words or parts of words in lower case («it», «us», «мид»)."""
        return self.cased or (len(self.name) <= 3 and not is_han(self.name[0]))


#: A folded name, the numbers of what it stands for in any case of letters, and spellings that it
#: must have in the text with the number of what it then stands for.
Name = tuple[str, Sequence[int], Sequence[tuple[str, int]]]


class Names(NamedTuple):
    """Patterns made ready for matching; plain values, so that they can be kept."""

    names: Sequence[Name]
    meanings: Sequence[Hashable]


def prepare(patterns: Iterable[Pattern]) -> Names:
    """Patterns with those of one folded name together."""
    numbers: dict[Hashable, int] = {}
    found: dict[str, tuple[dict[int, None], dict[tuple[str, int], None]]] = {}
    for pattern in patterns:
        number = numbers.setdefault(pattern.meaning, len(numbers))
        any_case, cased = found.setdefault(fold(pattern.name), ({}, {}))
        if pattern.must_match_case:
            cased.setdefault((pattern.name, number))
        else:
            any_case.setdefault(number)
    names = [(name, tuple(any_case), tuple(cased)) for name, (any_case, cased) in found.items()]
    return Names(names, list(numbers))


class Matcher:
    """All the names of a lexicon, in one automaton for each script, made when a text first needs it.

    Of names that overlap, the one that starts first wins, then the longest, so a decoy such as «其中»
    hides the «中俄» in «其中俄罗斯»; a name that stands at no word border hides nothing.
    `overlapping` reports every name instead.
    """

    def __init__(self, names: Names, *, overlapping: bool = False) -> None:
        self._overlapping = overlapping
        self._meanings = names.meanings
        by_script: dict[Script, list[Name]] = {"latin": [], "cyrillic": [], "han": []}
        for name in names.names:
            by_script[script_of(name[0])].append(name)
        self._scripts = {script: _Names(found) for script, found in by_script.items()}

    def find(self, text: str) -> list[Hit]:
        """The names in a text, in order of their places."""
        folded = fold(text)
        found = [hit for script in scripts_in(folded) for hit in self._standing(self._scripts[script], folded, text)]
        found.sort(key=_place)
        if not self._overlapping:
            found = list(_leftmost_longest(found))
        return [hit for hit in found if hit.meaning is not None]

    def _standing(self, names: "_Names", folded: str, text: str) -> list[Hit]:
        """Each name that stands at word borders in the right case, decoys included."""
        last = len(folded)
        word_starts: set[int] | None = None
        hits: list[Hit] = []
        for index, start, end in names.automaton.find_matches_as_indexes(folded, overlapping=True):
            # A name in letters must not continue a word; Han needs no border.
            if end < last and _is_letter(folded[end]) and _is_letter(folded[end - 1]):
                continue
            if start and _is_letter(folded[start - 1]) and _is_letter(folded[start]):
                continue
            # Two Han characters are found inside other words too often to count there.
            if end - start == 2 and is_han(folded[start]):
                word_starts = _word_starts(folded) if word_starts is None else word_starts
                if start not in word_starts:
                    continue
            _, numbers, cased = names.names[index]
            if cased:
                fitting = (number for spelling, number in cased if _same_case(text[start:end], spelling))
                numbers = tuple(dict.fromkeys((*numbers, *fitting)))
            hits += [Hit(self._meanings[number], start, end) for number in numbers]
        return hits


class _Names:
    """The names of one script and their automaton."""

    def __init__(self, names: Sequence[Name]) -> None:
        self.names = names

    @cached_property
    def automaton(self) -> AhoCorasick:
        return AhoCorasick([name for name, *_ in self.names], matchkind=MatchKind.Standard, store_patterns=False)


def _place(hit: Hit) -> tuple[int, int]:
    return hit.start, -hit.end


def _leftmost_longest(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Of hits sorted by start and length, those that no earlier one covers; equal spans stay together."""
    last = Hit(None, 0, 0)
    for hit in hits:
        if hit.start >= last.end or (hit.start, hit.end) == (last.start, last.end):
            last = hit
            yield hit


def _is_letter(character: str) -> bool:
    """Whether a word goes on through the character."""
    return character.isalnum() and (character < "\u3400" or not is_han(character))


def _same_case(found: str, name: str) -> bool:
    return found == name or (found.isupper() and len(found) > 3 and found == name.upper())


def _word_starts(folded: str) -> set[int]:
    """Where words begin: «普京» in «普京大学», but not «中俄» inside a longer word."""
    import rjieba  # its dictionary takes 32 MB, which only Chinese texts are worth

    return {start for _, start, _ in rjieba.tokenize(folded)}
