"""Finding many thousand names in a text at once, at word borders, with offsets."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from aggregator.text.fold import Script, fold, is_han, script_of, scripts_in
from aggregator.text.segments import segments

#: What the segmenter takes for one word with a short name behind it.
_PREPOSITIONS = frozenset("和与同向对给")


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

    names: Iterable[Name]
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


class _Entry(NamedTuple):
    """What one name of an automaton stands for."""

    meanings: Sequence[Hashable]
    cased: Sequence[tuple[str, Hashable]]
    claims: bool
    bordered: bool
    """Whether the name must stand at word borders: Han needs none."""


class Found(NamedTuple):
    """The names in a text, in order of their places."""

    claimed: list[Hit]
    free: list[Hit]


class Matcher:
    """All the names of a beat, in one automaton for each script, made when a text first needs it.

    `claiming` names take their place: of those that overlap, the one that starts first wins, then the
    longest, so a decoy such as «其中» hides the «中俄» in «其中俄罗斯»; a name that stands at no word
    border hides nothing. `free` names are found wherever they stand.
    """

    def __init__(self, claiming: Names, free: Names) -> None:
        names: dict[Script, list[str]] = {"latin": [], "cyrillic": [], "han": []}
        entries: dict[Script, list[_Entry]] = {"latin": [], "cyrillic": [], "han": []}
        # Most of the hundred thousand names are forms of one another: equal entries are one object.
        same: dict[_Entry, _Entry] = {}
        for kind, claims in ((claiming, True), (free, False)):
            for name, numbers, cased in kind.names:
                entry = _Entry(
                    tuple(kind.meanings[number] for number in numbers),
                    tuple((spelling, kind.meanings[number]) for spelling, number in cased),
                    claims,
                    not (is_han(name[0]) and is_han(name[-1])),
                )
                script = script_of(name)
                names[script].append(name)
                entries[script].append(same.setdefault(entry, entry))
        self._automata = {script: _Automaton(names[script], entries[script]) for script in names}

    def find(self, text: str) -> Found:
        """The names in a text."""
        return self.find_folded(text, fold(text))

    def find_folded(self, text: str, folded: str) -> Found:
        """The names in a text whose folded form is at hand."""
        scripts = scripts_in(folded)
        is_letter = _is_letter if "han" in scripts else str.isalnum
        claimed: list[Hit] = []
        free: list[Hit] = []
        for script in scripts:
            self._automata[script].find(text, folded, is_letter, claimed, free)
        free.sort(key=_place)
        claimed.sort(key=_place)
        return Found([hit for hit in _leftmost_longest(claimed) if hit.meaning is not None], free)


class _Automaton:
    """The names of one script."""

    def __init__(self, names: list[str], entries: Sequence[_Entry]) -> None:
        self._names = names
        self._entries = entries

    @cached_property
    def _matches(self) -> Callable[..., list[tuple[int, int, int]]]:
        automaton = AhoCorasick(self._names, matchkind=MatchKind.Standard, store_patterns=False)
        self._names = []
        return partial(automaton.find_matches_as_indexes, overlapping=True)

    def find(
        self, text: str, folded: str, is_letter: Callable[[str], bool], claimed: list[Hit], free: list[Hit]
    ) -> None:
        """Add each name that stands at word borders in the right case, decoys included."""
        last, entries = len(folded), self._entries
        word_starts: set[int] | None = None
        for index, start, end in self._matches(folded):
            meanings, cased, claims, bordered = entries[index]
            if bordered:
                if end < last and is_letter(folded[end]) and is_letter(folded[end - 1]):
                    continue
                if start and is_letter(folded[start - 1]) and is_letter(folded[start]):
                    continue
            # Two Han characters are found inside other words too often to count there.
            elif end - start == 2:
                word_starts = _word_starts(folded) if word_starts is None else word_starts
                if start not in word_starts and not _is_glued(folded, start, word_starts):
                    continue
            if cased:
                fitting = (meaning for spelling, meaning in cased if _same_case(text[start:end], spelling))
                meanings = tuple(dict.fromkeys((*meanings, *fitting)))
            hits = claimed if claims else free
            for meaning in meanings:
                hits.append(Hit(meaning, start, end))


def _is_glued(folded: str, start: int, word_starts: set[int]) -> bool:
    """Whether the word begins with a preposition before the name: the segmenter takes «和普京» for one word."""
    return start - 1 in word_starts and folded[start - 1] in _PREPOSITIONS


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
    return {start for _, start in segments(folded)}
