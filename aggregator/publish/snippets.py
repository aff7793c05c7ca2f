"""Pure: title and best stretch of an article, with what a query asks for marked."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from aggregator.model import StoredArticle
from aggregator.model.query import Query
from aggregator.publish.matches import Place, finder
from aggregator.text.fold import is_han

_CUT = "…"


class Piece(NamedTuple):
    """A stretch of text, and whether it is what the query asks for."""

    text: str
    matched: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """What of an article made it match, in its words."""

    title: tuple[Piece, ...]
    """The whole title."""
    text: tuple[Piece, ...]
    """The stretch of the body with the most different matches, its beginning if there are none; empty if there is no body."""


class _Stretch(NamedTuple):
    start: int
    end: int


def snippet(query: Query, stored: StoredArticle, *, length: int = 240) -> Snippet:
    """Mark what the query asks for, but for what it negates, in the title and in about `length` characters of the body."""
    article = stored.article
    in_title, in_body = finder(query).find(stored)
    return Snippet(
        title=_pieces(article.title, in_title, _Stretch(0, len(article.title))),
        text=_shown(article.body, in_body, length),
    )


def _shown(body: str, places: Sequence[Place], length: int) -> tuple[Piece, ...]:
    stretch = _cut_at_words(body, _best(places, length), length)
    pieces = _pieces(body, places, stretch)
    before = [Piece(_CUT, False)] if stretch.start > 0 else []
    after = [Piece(_CUT, False)] if stretch.end < len(body) else []
    return tuple(_joined([*before, *pieces, *after]))


def _best(places: Iterable[Place], length: int) -> _Stretch:
    """The stretch from match to match that holds the most different ones; of equals the first."""
    window: deque[Place] = deque()
    counts: Counter[int] = Counter()
    best, most = _Stretch(0, 0), 0
    for place in places:
        window.append(place)
        counts[place.part] += 1
        while len(window) > 1 and place.end - window[0].start > length:
            gone = window.popleft()
            counts[gone.part] -= 1
            if not counts[gone.part]:
                del counts[gone.part]
        if len(counts) > most:
            best, most = _Stretch(window[0].start, place.end), len(counts)
    return best


def _cut_at_words(body: str, core: _Stretch, length: int) -> _Stretch:
    """The core with what stands around it, more of it behind: that is where a sentence goes on."""
    if len(body) <= length:
        return _Stretch(0, len(body))
    room = max(length - (core.end - core.start), 0)
    start = max(min(core.start - room // 3, len(body) - length), 0)
    end = min(start + length, len(body))
    fits = start < core.end <= end
    first = next((at for at in range(start, core.start) if _is_border(body, at)), core.start)
    last = next((at for at in range(end, core.end if fits else first, -1) if _is_border(body, at)), None)
    if last is None:  # a word without an end
        last = core.end if fits else end
    return _without_spaces(body, first, last)


def _without_spaces(body: str, start: int, end: int) -> _Stretch:
    shown = body[start:end]
    return _Stretch(end - len(shown.lstrip()), start + len(shown.rstrip())) if shown.strip() else _Stretch(start, end)


def _is_border(text: str, place: int) -> bool:
    """Whether a text may be cut there: beside a space or a Han character."""
    if place in (0, len(text)):
        return True
    return any(character.isspace() or is_han(character) for character in text[place - 1 : place + 1])


def _pieces(text: str, places: Iterable[Place], stretch: _Stretch) -> tuple[Piece, ...]:
    """The stretch of a text in pieces; places are in order of their starts, and may overlap."""
    return tuple(_joined(_cut(text, places, stretch)))


def _cut(text: str, places: Iterable[Place], stretch: _Stretch) -> Iterator[Piece]:
    done = stretch.start
    for place in places:
        start, end = max(place.start, done), min(place.end, stretch.end)
        if start < end:
            yield Piece(text[done:start], False)
            yield Piece(text[start:end], True)
            done = end
    yield Piece(text[done : stretch.end], False)


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours of one kind as one piece; none is empty."""
    texts: list[str] = []
    kind = False
    for text, matched in pieces:
        if text and matched != kind:
            if texts:
                yield Piece("".join(texts), kind)
            texts, kind = [], matched
        if text:
            texts.append(text)
    if texts:
        yield Piece("".join(texts), kind)
