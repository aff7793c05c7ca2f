"""A text cut into sentences, and what the beat's matchers found in each."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aggregator.annotate.beat import Beat, Cue
from aggregator.model import Concept, Mention

_END = re.compile(r"[.!?]+(?=\s)|[。！？；]|\n")
#: Abbreviations after which a full stop ends no sentence.
_ABBREVIATION = re.compile(
    r"(?:\b[A-ZА-Я]|\b(?:Mr|Mrs|Dr|Gen|Col|U\.S|U\.N|St|vs|No|г|гг|млн|млрд|тыс|руб|долл|им|ул))$"
)


class CueHit(NamedTuple):
    """A topic or relation term in a sentence."""

    cue: Cue
    text: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: where it stands, the concepts and cues in it, in order."""

    field: str  # title | text
    start: int
    end: int
    text: str
    concepts: tuple[tuple[Concept, Mention], ...]
    cues: tuple[CueHit, ...]


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


def read_sentences(field: str, text: str, mentions: Iterable[Mention], beat: Beat) -> list[Sentence]:
    """The sentences of a title (always one) or a body, with what stands in each."""
    spans = [(0, len(text))] if field == "title" else list(split_sentences(text))
    found = [(beat.concepts[m.concept], m) for m in mentions if m.field == field]
    cues = beat.cue_matcher.find(text)
    return [
        Sentence(
            field,
            start,
            end,
            text[start:end],
            tuple(pair for pair in found if start <= pair[1].start < end),
            tuple(CueHit(_cue(hit.meaning), text[hit.start : hit.end]) for hit in cues if start <= hit.start < end),
        )
        for start, end in spans
    ]


def _cue(meaning: object) -> Cue:
    if not isinstance(meaning, Cue):
        raise TypeError(f"the cue matcher holds {meaning!r}")
    return meaning


def lead(sentences: Sequence[Sentence]) -> Sequence[Sentence]:
    """The first two sentences of a body: what a reader sees below the headline."""
    return sentences[:2]
