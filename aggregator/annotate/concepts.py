"""Text → Mentions and cues."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, cast

from aggregator.annotate.beat import Beat, Cue
from aggregator.annotate.matcher import Hit
from aggregator.model import Field, Mention
from aggregator.text.fold import fold


class CueHit(NamedTuple):
    """A topic or relation term: `text` stands at `start` of the title or body."""

    cue: Cue
    start: int
    text: str


class Names(NamedTuple):
    """What the beat's names find in an article, in order."""

    mentions: tuple[Mention, ...]
    title_cues: Sequence[CueHit]
    body_cues: Sequence[CueHit]
    of_both: bool = False
    """Whether the mentions can speak of both sides; those of most articles speak of one or none."""


def find_names(title: str, body: str, beat: Beat) -> Names:
    """Where the beat's concepts and cues stand in a title and a body."""
    # One look for both: no name goes over a line's end.
    text = f"{title}\n{body}"
    found = beat.matcher.find_folded(text, f"{fold(title)}\n{fold(body)}")
    below = len(title) + 1
    return Names(
        mentions=tuple(_mention(hit, below) for hit in found.claimed),
        title_cues=_cues(text, (hit for hit in found.free if hit.start < below), 0),
        body_cues=_cues(text, (hit for hit in found.free if hit.start >= below), below),
    )


def _mention(hit: Hit, below: int) -> Mention:
    field: Field = "title" if hit.start < below else "text"
    offset = 0 if hit.start < below else below
    return Mention(str(hit.meaning), field, hit.start - offset, hit.end - offset)


def _cues(text: str, hits: Iterable[Hit], offset: int) -> list[CueHit]:
    return [CueHit(cast("Cue", hit.meaning), hit.start - offset, text[hit.start : hit.end]) for hit in hits]
