"""Text → Mentions and cues."""

from bisect import bisect_left
from collections.abc import Hashable, Sequence
from operator import attrgetter
from typing import NamedTuple, cast

from aggregator.annotate.beat import Beat, Cue
from aggregator.model import Mention
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
    first = bisect_left(found.free, below, key=_start)
    return Names(
        mentions=tuple([_mention(meaning, start, end, below) for meaning, start, end in found.claimed]),
        title_cues=[CueHit(cast("Cue", cue), start, text[start:end]) for cue, start, end in found.free[:first]],
        body_cues=[CueHit(cast("Cue", cue), start - below, text[start:end]) for cue, start, end in found.free[first:]],
    )


_start = attrgetter("start")


def _mention(concept: Hashable, start: int, end: int, below: int) -> Mention:
    return (
        Mention(str(concept), "title", start, end)
        if start < below
        else Mention(str(concept), "text", start - below, end - below)
    )
