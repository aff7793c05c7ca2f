"""A text cut into sentences, and what the beat's matchers found in each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aggregator.annotate.beat import Beat, Cue
from aggregator.model import Article, Concept, Mention

_END = re.compile(r"[.!?]+(?=\s)|[。！？；]|\n")
#: Abbreviations after which a full stop ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:\b[A-ZА-Я]|\b(?:Mr|Mrs|Dr|Gen|Col|U\.S|U\.N|St|vs|No|г|гг|млн|млрд|тыс|руб|долл|им|ул))$"
)


class CueHit(NamedTuple):
    """A topic or relation term: `text` stands at `start` of the title or body."""

    cue: Cue
    start: int
    text: str


class Sentence(NamedTuple):
    """One sentence: where it stands, the concepts and cues in it, in order."""

    field: str  # title | text
    start: int
    text: str
    concepts: Sequence[tuple[Concept, Mention]]
    cues: Sequence[CueHit]


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of an article: the title, always one, and the body."""

    title: Sequence[Sentence]
    body: Sequence[Sentence]

    @property
    def lead(self) -> Sequence[Sentence]:
        """The first two sentences of the body: what a reader sees below the headline."""
        return self.body[:2]


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


def read_sentences(article: Article, mentions: Sequence[Mention], beat: Beat) -> Sentences:
    """The sentences of an article, with what stands in each."""
    found: dict[str, list[tuple[Concept, Mention]]] = {"title": [], "text": []}
    for mention in mentions:
        found[mention.field].append((beat.concepts[mention.concept], mention))
    body = article.body
    return Sentences(
        title=list(_filled("title", article.title, [(0, len(article.title))], found["title"], beat)),
        body=list(_filled("text", body, split_sentences(body), found["text"], beat)),
    )


def _filled(
    field: str, text: str, spans: Iterable[tuple[int, int]], found: Sequence[tuple[Concept, Mention]], beat: Beat
) -> Iterator[Sentence]:
    """Hands out concepts and cues, both in order of their places, to the spans that they start in."""
    cues = [CueHit(_cue(hit.meaning), hit.start, text[hit.start : hit.end]) for hit in beat.cue_matcher.find(text)]
    concept = cue = 0
    for start, end in spans:
        first_concept, first_cue = concept, cue
        while concept < len(found) and found[concept][1].start < end:
            concept += 1
        while cue < len(cues) and cues[cue].start < end:
            cue += 1
        yield Sentence(field, start, text[start:end], found[first_concept:concept], cues[first_cue:cue])


def _cue(meaning: object) -> Cue:
    if not isinstance(meaning, Cue):
        raise TypeError(f"the cue matcher holds {meaning!r}")
    return meaning
