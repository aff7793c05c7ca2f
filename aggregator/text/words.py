"""The one analyser: text → words as the index, queries, rules and duplicates compare them.

Each Han character is a word of its own (a Han term in a query becomes a phrase), a Russian word
becomes its lemma, an English word its stem; everything else is folded and kept.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from Stemmer import Stemmer

from aggregator.text.fold import fold

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W_\u3400-\u4dbf\u4e00-\u9fff]+")
#: Everything between the words of an ASCII text as spaces: translating and splitting takes a sixth of what searching does.
_BETWEEN_WORDS = {code: " " for code in range(128) if not chr(code).isalnum()}
_CYRILLIC = re.compile(r"[а-я]")
#: A reading of a Russian word form that is rarer than this does not widen a query:
#: without the bound «стали» would also find every «стать».
_RARE_READING = 0.02
#: Letters that Unicode does not take apart.
_BARRED_LETTERS = str.maketrans("łøđı", "lodi")
_ISE = re.compile(r"([a-z]{3,}i)([sz])(e[ds]?|ers?|ing|ations?)")
#: Traditional characters that are simplified only in some words, which folding one character at a time cannot know.
_SAME_HAN = {
    "着": "著",
    "著": "着",
    "了": "瞭",
    "瞭": "了",
    "复": "覆",
    "覆": "复",
    "借": "藉",
    "藉": "借",
    "你": "妳",
    "妳": "你",
}


@lru_cache(maxsize=1)
def _morphology() -> "MorphAnalyzer":
    from pymorphy3 import MorphAnalyzer  # 20 ms that most commands can do without

    return MorphAnalyzer()


@lru_cache(maxsize=1)
def _stemmer() -> Stemmer:
    return Stemmer("english", 0)


class _IndexForms(dict[str, str]):
    """Folded words with their index forms, worked out when first met; a look-up costs a third of `lru_cache`'s."""

    #: News in three languages use some 50,000 words within 18,000 items; with room for 30,000 annotating took 2.7 times as long.
    _MOST = 100_000
    _LONGEST = 100

    def __missing__(self, word: str) -> str:
        form = _index_form(word)
        if len(word) <= self._LONGEST:
            if len(self) >= self._MOST:
                self.clear()
            self[word] = form
        return form


_INDEX_FORMS = _IndexForms()


def analyse_word(word: str) -> str:
    """The index form of one folded word."""
    return _INDEX_FORMS[word]


def _index_form(word: str) -> str:
    if _CYRILLIC.search(word):
        return fold(str(_morphology().parse(word)[0].normal_form))
    plain = word if word.isascii() else _without_marks(word)
    if plain.isascii() and plain.isalpha():
        return str(_stemmer().stemWord(plain))
    return word


def _without_marks(word: str) -> str:
    """«skoda» of «škoda»: few people type the marks of a foreign name, and much of the press leaves them out."""
    apart = unicodedata.normalize("NFD", word.translate(_BARRED_LETTERS))
    return "".join(character for character in apart if not unicodedata.combining(character))


def folded_words(text: str) -> list[str]:
    """The words of a text, folded but not analysed."""
    folded = fold(text)
    return folded.translate(_BETWEEN_WORDS).split() if folded.isascii() else _WORD.findall(folded)


def placed_words(text: str) -> list[tuple[str, int]]:
    """The words of a text, folded but not analysed, each with its start; it is as long in the text."""
    return [(match[0], match.start()) for match in _WORD.finditer(fold(text))]


def words(text: str) -> list[str]:
    """The words of a text in their index forms, in order."""
    return list(map(_INDEX_FORMS.__getitem__, folded_words(text)))


class _Irregular(NamedTuple):
    """English words that stand in the index under several stems."""

    stems: Mapping[str, tuple[str, ...]]
    """All the stems of a word, by each of them."""
    apart: frozenset[str]
    """Forms that are also words of their own."""


@lru_cache(maxsize=1)
def _irregular() -> _Irregular:
    stems: dict[str, tuple[str, ...]] = {}
    apart: set[str] = set()
    for line in (Path(__file__).parent / "irregular.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            forms = line.split()
            apart.update(form[:-1] for form in forms if form.endswith("="))
            group = tuple(dict.fromkeys(analyse_word(form.rstrip("=")) for form in forms))
            stems |= {analyse_word(form): group for form in forms if not form.endswith("=")}
    return _Irregular(stems, frozenset(apart))


def _english_stems(word: str) -> Iterator[str]:
    """The stems under which forms of an English word stand, in either spelling."""
    yield analyse_word(word)
    if word not in _irregular().apart:
        yield from _irregular().stems.get(analyse_word(word), ())
    if match := _ISE.fullmatch(word):
        yield analyse_word(f"{match[1]}{'z' if match[2] == 's' else 's'}{match[3]}")


@lru_cache(maxsize=10_000)
def alternatives(word: str) -> tuple[str, ...]:
    """The index forms under which a folded word of a query may stand in the index.

    A Russian form can belong to several lemmas, and other forms of each of them may have been
    indexed under another lemma («Путин», «Путина»: the surname and a fishing season), so all the
    forms of all its likely readings are taken. English stems do not know that «stolen» is of «steal».
    """
    if word.isascii():
        return tuple(dict.fromkeys(_english_stems(word)))
    if not _CYRILLIC.search(word):
        # As it is written too: an older index holds foreign letters with their marks.
        return tuple(dict.fromkeys((analyse_word(word), word, *_SAME_HAN.get(word, ""))))
    # Its own index form first: where only some combinations are tried, a phrase as written is one of them.
    return tuple(dict.fromkeys((analyse_word(word), *sorted({analyse_word(form) for form in _russian_forms(word)}))))


@lru_cache(maxsize=10_000)
def beginnings(word: str, letters: int) -> frozenset[str]:
    """The first letters of the words of texts, other than ASCII, that a folded word of a query may find.

    They say without analysing which words of a text cannot be found: of words that no dictionary has, analysing takes 0.4 ms.
    """
    forms = _russian_forms(word) if _CYRILLIC.search(word) else {word}
    return frozenset(form[:letters] for form in forms.union(alternatives(word)))


def _russian_forms(word: str) -> set[str]:
    """All forms of all the likely readings of a folded Russian word, folded."""
    readings = [p for p in _morphology().parse(word) if p.score >= _RARE_READING]
    return {fold(form.word) for reading in readings for form in reading.lexeme} | {word}
