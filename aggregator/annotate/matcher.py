"""Finding many thousand names in a text at once, at word borders, with offsets."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from aggregator.text.fold import fold, is_han


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


class _Name(NamedTuple):
    """One spelling in the automaton, with all that can be said of it before a text is seen."""

    meanings: Sequence[Hashable]
    """What it stands for in any case of letters."""
    cased: Sequence[Pattern]
    """Patterns that ask for their own case."""
    letter_first: bool
    letter_last: bool
    at_word_start: bool
    """Two Han characters are found inside other words too often to count there."""


def _name(folded: str, pattern: Pattern) -> _Name:
    cased = pattern.must_match_case
    return _Name(
        meanings=() if cased else (pattern.meaning,),
        cased=(pattern,) if cased else (),
        letter_first=_is_letter(folded[0]),
        letter_last=_is_letter(folded[-1]),
        at_word_start=len(folded) == 2 and is_han(folded[0]),
    )


def _with(name: _Name, pattern: Pattern) -> _Name:
    if pattern.must_match_case:
        return name._replace(cased=tuple(dict.fromkeys((*name.cased, pattern))))
    return name._replace(meanings=tuple(dict.fromkeys((*name.meanings, pattern.meaning))))


class Matcher:
    """All the names of a lexicon in one automaton.

    Of names that overlap, the one that starts first wins, then the longest, so a decoy such as «其中»
    hides the «中俄» in «其中俄罗斯»; a name that stands at no word border hides nothing.
    `overlapping` reports every name instead.
    """

    def __init__(self, patterns: Iterable[Pattern], *, overlapping: bool = False) -> None:
        self._overlapping = overlapping
        places: dict[str, int] = {}
        names: list[_Name] = []
        # Most of the hundred thousand names are forms of one another: equal entries are one object.
        same: dict[_Name, _Name] = {}
        for pattern in patterns:
            folded = fold(pattern.name)
            place = places.setdefault(folded, len(names))
            if place == len(names):
                entry = _name(folded, pattern)
                names.append(same.setdefault(entry, entry))
            else:
                entry = _with(names[place], pattern)
                names[place] = same.setdefault(entry, entry)
        self._names = names
        self._automaton = AhoCorasick(places, matchkind=MatchKind.Standard, store_patterns=False)

    def find(self, text: str) -> list[Hit]:
        """The names in a text, in order of their places."""
        found = self._standing(text)
        found.sort(key=_place)
        if not self._overlapping:
            found = list(_leftmost_longest(found))
        return [hit for hit in found if hit.meaning is not None]

    def _standing(self, text: str) -> list[Hit]:
        """Each name that stands at word borders in the right case, decoys included."""
        folded = fold(text)
        names, last = self._names, len(folded)
        word_starts: set[int] | None = None
        hits: list[Hit] = []
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            meanings, cased, letter_first, letter_last, at_word_start = names[index]
            # A name in letters must not continue a word; Han needs no border.
            if letter_last and end < last and _is_letter(folded[end]):
                continue
            if letter_first and start and _is_letter(folded[start - 1]):
                continue
            if at_word_start:
                word_starts = _word_starts(folded) if word_starts is None else word_starts
                if start not in word_starts:
                    continue
            if cased:
                fitting = (p.meaning for p in cased if _same_case(text[start:end], p.name))
                meanings = tuple(dict.fromkeys((*meanings, *fitting)))
            hits += [Hit(meaning, start, end) for meaning in meanings]
        return hits


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
