"""Finding many thousand names in a text at once, at word borders, with offsets."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import rjieba
from ahocorasick_rs import AhoCorasick, MatchKind

from aggregator.text.fold import fold, is_han


class Hit(NamedTuple):
    """`text[start:end]` stands for `meaning`."""

    meaning: Hashable
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A name and what it stands for; None for a decoy, which claims its place and means nothing."""

    name: str
    meaning: Hashable
    cased: bool = False

    @property
    def must_match_case(self) -> bool:
        """Short Latin and Cyrillic names are words or parts of words in lower case («it», «us», «мид»)."""
        return self.cased or (len(self.name) <= 3 and not is_han(self.name[0]))


class Matcher:
    """All the names of a lexicon in one automaton.

    Of names that overlap, the one that starts first wins, then the longest, so a decoy such as «其中»
    hides the «中俄» in «其中俄罗斯»; a name that stands at no word border hides nothing.
    `overlapping` reports every name instead.
    """

    def __init__(self, patterns: Iterable[Pattern], *, overlapping: bool = False) -> None:
        grouped: dict[str, dict[Pattern, None]] = {}
        for pattern in patterns:
            grouped.setdefault(fold(pattern.name), {})[pattern] = None
        self._overlapping = overlapping
        self._patterns: list[Sequence[Pattern]] = [tuple(kept) for kept in grouped.values()]
        self._automaton = AhoCorasick(list(grouped), matchkind=MatchKind.Standard)

    def find(self, text: str) -> list[Hit]:
        """The names in a text, in order of their places."""
        found = sorted(self._standing(text), key=lambda hit: (hit.start, -hit.end))
        if not self._overlapping:
            found = list(_leftmost_longest(found))
        return [hit for hit in found if hit.meaning is not None]

    def _standing(self, text: str) -> Iterator[Hit]:
        """Each name that stands at word borders in the right case, decoys included."""
        folded = fold(text)
        word_starts: set[int] | None = None
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            if not _at_word_border(folded, start, end):
                continue
            if end - start == 2 and is_han(folded[start]):
                word_starts = _word_starts(folded) if word_starts is None else word_starts
                if start not in word_starts:
                    continue
            written = text[start:end]
            fitting = (p for p in self._patterns[index] if not p.must_match_case or _same_case(written, p.name))
            yield from (Hit(meaning, start, end) for meaning in dict.fromkeys(pattern.meaning for pattern in fitting))


def _leftmost_longest(hits: Iterable[Hit]) -> Iterator[Hit]:
    """Of hits sorted by start and length, those that no earlier one covers; equal spans stay together."""
    last = Hit(None, 0, 0)
    for hit in hits:
        if hit.start >= last.end or (hit.start, hit.end) == (last.start, last.end):
            last = hit
            yield hit


def _at_word_border(folded: str, start: int, end: int) -> bool:
    """A name in letters must not continue a word; Han needs no border."""
    return not (
        (start > 0 and _continues(folded[start - 1], folded[start]))
        or (end < len(folded) and _continues(folded[end - 1], folded[end]))
    )


def _continues(left: str, right: str) -> bool:
    return left.isalnum() and right.isalnum() and not is_han(left) and not is_han(right)


def _same_case(found: str, name: str) -> bool:
    return found == name or (found.isupper() and len(found) > 3 and found == name.upper())


def _word_starts(folded: str) -> set[int]:
    """Where words begin: «普京» in «普京大学», but not «中俄» inside a longer word."""
    return {start for _, start, _ in rjieba.tokenize(folded)}
