"""Pure: the places of an article that a query asks for.

They are found as the index finds them, by the same analysis, in one pass over the text for all parts of the query.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from aggregator.model import Field, StoredArticle
from aggregator.model.query import And, ConceptIs, Near, Not, Or, Query, Term
from aggregator.text.words import alternatives, analyse_word, beginnings, folded_words, placed_words

#: Characters of a text that are looked at: five times the longest that the archive keeps.
_LOOKED_AT = 100_000
#: A text with more places than this consists of nothing else.
_MOST = 20_000
#: So many first letters tell that a word cannot be meant. The price: «люди», which the index finds for «челов*», stays unmarked.
_LETTERS = 3


class Place(NamedTuple):
    """`text[start:end]` is what a part of the query asks for; parts have numbers."""

    start: int
    end: int
    part: int


class _Phrase(NamedTuple):
    """Folded words that stand together, the last one perhaps only begun, and the part of the query that asks for them."""

    words: tuple[str, ...]
    prefix: bool
    part: int


class _Hit(NamedTuple):
    """Where a phrase stands: the numbers of its first and last word, and its characters."""

    phrase: _Phrase
    first: int
    last: int
    start: int
    end: int


@lru_cache(maxsize=16)
def finder(query: Query) -> "Finder":
    """What finds the places of a query; kept, since a page asks it of one article after another."""
    return Finder(query)


class Finder:
    """The parts of a query that are not negated, ready to be found in any article."""

    def __init__(self, query: Query) -> None:
        parts = [
            part for part in dict.fromkeys(positive_conditions(query)) if isinstance(part, Term | Near | ConceptIs)
        ]
        self._concepts = {part.concept: number for number, part in enumerate(parts) if isinstance(part, ConceptIs)}
        self._title, self._text = (_Texts(parts, field) for field in ("title", "text"))

    def find(self, stored: StoredArticle) -> tuple[list[Place], list[Place]]:
        """The places in the title and in the body, each in order."""
        article = stored.article
        title = chain(self._title.find(article.title), self._mentions(stored, "title", len(article.title)))
        text = chain(self._text.find(article.body), self._mentions(stored, "text", len(article.body)))
        return sorted(title), sorted(text)

    def _mentions(self, stored: StoredArticle, field: Field, length: int) -> Iterator[Place]:
        for concept, where, start, end in stored.annotated.mentions:
            if where == field and concept in self._concepts and 0 <= start < end <= length:
                yield Place(start, end, self._concepts[concept])


def positive_conditions(query: Query, *, negated: bool = False) -> Iterator[Query]:
    """The conditions of a query, each by itself, but for those that it negates."""
    match query:
        case Not(part):
            yield from positive_conditions(part, negated=not negated)
        case And(parts) | Or(parts):
            for part in parts:
                yield from positive_conditions(part, negated=negated)
        case _ if not negated:
            yield query


class _Texts:
    """What is asked of titles or of bodies: phrases, and words near each other."""

    def __init__(self, parts: Iterable[Term | Near | ConceptIs], field: Field) -> None:
        phrases: list[_Phrase] = []
        self._distances: dict[int, tuple[int, int]] = {}
        for number, part in enumerate(parts):
            if not isinstance(part, ConceptIs) and part.scope not in ("any", field):
                continue
            found = tuple(_phrases(part, number))
            phrases.extend(found)
            if isinstance(part, Near):
                self._distances[number] = (len(found), part.distance)
        self._phrases = _Phrases(phrases)

    def find(self, text: str) -> Iterator[Place]:
        near: dict[int, list[_Hit]] = defaultdict(list)
        for hit in islice(self._phrases.find(text[:_LOOKED_AT]), _MOST):
            if hit.phrase.part in self._distances:
                near[hit.phrase.part].append(hit)
            else:
                yield Place(hit.start, hit.end, hit.phrase.part)
        for part, hits in near.items():
            for hit in _together(hits, *self._distances[part]):
                yield Place(hit.start, hit.end, part)


def _phrases(part: Term | Near | ConceptIs, number: int) -> Iterator[_Phrase]:
    texts = part.words if isinstance(part, Near) else (part.text,)
    prefix = isinstance(part, Term) and part.prefix
    for words in dict.fromkeys(tuple(folded_words(text)) for text in texts):
        if words:
            yield _Phrase(words, prefix, number)


def _together(hits: Iterable[_Hit], phrases: int, distance: int) -> Iterator[_Hit]:
    """Of hits in order of their ends, those that stand near one of each other of so many phrases, as FTS5 counts."""
    window: deque[_Hit] = deque()
    fresh: deque[_Hit] = deque()
    counts: Counter[_Phrase] = Counter()
    for hit in hits:
        window.append(hit)
        fresh.append(hit)
        counts[hit.phrase] += 1
        while window[0].last < hit.first - distance - 1:
            gone = window.popleft()
            counts[gone.phrase] -= 1
            if not counts[gone.phrase]:
                del counts[gone.phrase]
            if fresh[0] is gone:
                fresh.popleft()
        if len(counts) == phrases:
            yield from fresh
            fresh.clear()


class _Phrases:
    """Many phrases at once. Bit n of the state: the words up to the n-th of all have just been read, from its phrase's first on.

    This is Shift-And (Baeza-Yates and Gonnet, 1992): however the phrases overlap, a word of the text costs one step.
    """

    def __init__(self, phrases: Sequence[_Phrase]) -> None:
        self._whole: dict[str, int] = defaultdict(int)
        self._begun: dict[str, int] = defaultdict(int)
        self._beginnings: set[str] = set()
        self._firsts = 0
        self._ends: dict[int, _Phrase] = {}
        bit = 0
        for phrase in phrases:
            self._firsts |= 1 << bit
            for word in phrase.words:
                for form in alternatives(word):
                    self._whole[form] |= 1 << bit
                self._beginnings |= beginnings(word, _LETTERS)
                bit += 1
            self._ends[bit - 1] = phrase
            if phrase.prefix:
                self._begun[phrase.words[-1]] |= 1 << bit - 1
        self._lasts = sum(1 << end for end in self._ends)
        self._longest = max(map(len, self._begun), default=0)

    def find(self, text: str) -> Iterator[_Hit]:
        """Where the phrases stand, in order of their ends."""
        if not self._firsts:
            return
        words = placed_words(text)
        bits = {word: self._bits(word) for word in {word for word, _ in words}}
        state = 0
        for last, (word, start) in enumerate(words):
            state = (state << 1 | self._firsts) & bits[word]
            ended = state & self._lasts
            while ended:
                phrase = self._ends[ended.bit_length() - 1]
                ended ^= 1 << ended.bit_length() - 1
                first = last - len(phrase.words) + 1
                yield _Hit(phrase, first, last, words[first][1], start + len(word))

    def _bits(self, word: str) -> int:
        """Where in the phrases a word of a text may stand."""
        if not word.isascii() and not any(word[:letters] in self._beginnings for letters in range(1, _LETTERS + 1)):
            return 0
        form = analyse_word(word)
        bits = self._whole.get(form, 0)
        for length in range(1, min(len(form), self._longest) + 1):
            bits |= self._begun.get(form[:length], 0)
        return bits
