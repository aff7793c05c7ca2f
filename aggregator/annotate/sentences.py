"""A text cut into sentences, and what the beat's matchers found in each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.annotate.concepts import CueHit, Names
from aggregator.model import Article, Concept, Mention

_END = re.compile(r"[.!?]+(?=\s)|[。！？；]|\n")
#: Abbreviations after which a full stop ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:\b[A-ZА-Я]|\b(?:Mr|Mrs|Dr|Gen|Col|U\.S|U\.N|St|vs|No|г|гг|млн|млрд|тыс|руб|долл|им|ул))$"
)


class Sentence(NamedTuple):
    """One sentence: where it stands, the concepts and cues in it, in order."""

    field: str  # title | text
    start: int
    text: str
    concepts: Sequence[tuple[Concept, Mention]]
    cues: Sequence[CueHit]


class Sentences:
    """The sentences of an article, with what stands in each; cut when first asked for, which most articles never are."""

    def __init__(self, article: Article, names: Names, beat: Beat) -> None:
        self._article = article
        self._names = names
        self._beat = beat

    @cached_property
    def title(self) -> Sequence[Sentence]:
        """The title, always one."""
        title = self._article.title
        return list(_filled("title", title, [(0, len(title))], self._found("title"), self._names.title_cues))

    @cached_property
    def body(self) -> Sequence[Sentence]:
        """The sentences of the body."""
        body = self._article.body
        return list(_filled("text", body, split_sentences(body), self._found("text"), self._names.body_cues))

    @property
    def can_speak_of_both(self) -> bool:
        """Whether the names of the article can speak of both sides."""
        return self._names.of_both

    @property
    def lead(self) -> Sequence[Sentence]:
        """The first two sentences of the body: what a reader sees below the headline."""
        return self.body[:2]

    def _found(self, field: str) -> list[tuple[Concept, Mention]]:
        concepts = self._beat.concepts
        return [(concepts[mention.concept], mention) for mention in self._names.mentions if mention.field == field]


def split_sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence."""
    start = 0
    for match in _END.finditer(text):
        if match[0] == "." and _ABBREVIATION.search(text, max(0, match.start() - 5), match.start()):
            continue
        yield start, match.end()
        start = match.end()
    if text[start:].strip():
        yield start, len(text)


def _filled(
    field: str,
    text: str,
    spans: Iterable[tuple[int, int]],
    found: Sequence[tuple[Concept, Mention]],
    cues: Sequence[CueHit],
) -> Iterator[Sentence]:
    """Hands out concepts and cues, both in order of their places, to the spans that they start in."""
    concept = cue = 0
    for start, end in spans:
        first_concept, first_cue = concept, cue
        while concept < len(found) and found[concept][1].start < end:
            concept += 1
        while cue < len(cues) and cues[cue].start < end:
            cue += 1
        yield Sentence(field, start, text[start:end], found[first_concept:concept], cues[first_cue:cue])
