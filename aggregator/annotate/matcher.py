"""Finding many thousand names in a text at once, at word borders, with offsets."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import rjieba
from ahocorasick_rs import AhoCorasick, MatchKind

from aggregator.text.fold import fold, is_han


class Hit(NamedTuple):
    """`text[start:end]` stands for `meaning`."""

    meaning: object
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """A name and what it stands for; None for a decoy, which claims its place and means nothing."""

    name: str
    meaning: object
    cased: bool = False

    @property
    def must_match_case(self) -> bool:
        """Short Latin and Cyrillic names are words or parts of words in lower case («it», «us», «мид»)."""
        return self.cased or (len(self.name) <= 3 and not is_han(self.name[0]))


class Matcher:
    """All the names of a lexicon in one automaton.

    Leftmost-longest: of names that overlap the one that starts first wins, then the longest, so a
    decoy such as «其中» hides the «中俄» in «其中俄罗斯». `overlapping` reports every name instead.
    """

    def __init__(self, patterns: Iterable[Pattern], *, overlapping: bool = False) -> None:
        grouped: dict[str, list[Pattern]] = {}
        for pattern in patterns:
            kept = grouped.setdefault(fold(pattern.name), [])
            if all(pattern.meaning != other.meaning or pattern.name != other.name for other in kept):
                kept.append(pattern)
        self._overlapping = overlapping
        self._names = list(grouped)
        self._patterns: list[Sequence[Pattern]] = list(grouped.values())
        kind = MatchKind.Standard if overlapping else MatchKind.LeftmostLongest
        self._automaton = AhoCorasick(self._names, matchkind=kind)

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a matcher is built in each process, not sent between them")

    def find(self, text: str) -> list[Hit]:
        """The names in a text, in order of their places."""
        folded = fold(text)
        hits: list[Hit] = []
        word_starts: set[int] | None = None
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=self._overlapping):
            if not _at_word_border(folded, start, end):
                continue
            if end - start == 2 and is_han(folded[start]):
                word_starts = _word_starts(folded) if word_starts is None else word_starts
                if start not in word_starts:
                    continue
            found = text[start:end]
            for pattern in self._patterns[index]:
                if pattern.meaning is not None and (not pattern.must_match_case or _same_case(found, pattern.name)):
                    hits.append(Hit(pattern.meaning, start, end))
        return hits


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
