"""What was changed between two wordings, word by word; Han character by character."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from rapidfuzz.distance import Indel

Op = Literal["equal", "delete", "insert"]

#: A word, a Han character (as in `fold.is_han`) or another sign, with the space after it.
_TOKEN = re.compile(r"(?:[\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3400-\u4dbf\u4e00-\u9fff]+|[^\w\s])\s*")
#: Only so many tokens of either wording are compared, which takes half a millisecond whatever they are: difflib, tried
#: first, takes 0.7 s for 600 words that were chosen to hurt.
_COMPARED = 2_000
#: What stays between two changes counts as changed if it is shorter: short words and signs agree by chance.
_CHANCE = 4


class Piece(NamedTuple):
    """A stretch of text that stayed, went or came."""

    op: Op
    text: str


def word_diff(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces that make `before` into `after`, in order; what comes after 2,000 words is not looked at."""
    old, new = _tokens(before), _tokens(after)
    return tuple(
        piece
        for changed, spans in groupby(_spans(old, new), key=lambda span: span[0])
        for piece in _pieces(changed, [(gone, come) for _, gone, come in spans])
    )


def shortened(pieces: Sequence[Piece], around: int) -> tuple[Piece, ...]:
    """The pieces with no more than about `around` characters of what stayed beside each change."""
    last = len(pieces) - 1
    return tuple(
        Piece("equal", _clipped(piece.text, around * (place > 0), around * (place < last)))
        if piece.op == "equal"
        else piece
        for place, piece in enumerate(pieces)
    )


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)[:_COMPARED]


def _spans(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, str, str]]:
    """(changed, before, after), in order; the space after a word is no change."""
    blocks = Indel.opcodes([token.rstrip() for token in old], [token.rstrip() for token in new])
    inner = range(1, len(blocks) - 1)
    for place, block in enumerate(blocks):
        gone, come = "".join(old[block.src_start : block.src_end]), "".join(new[block.dest_start : block.dest_end])
        chance = place in inner and len(come.strip()) < _CHANCE
        yield block.tag != "equal" or chance, gone, come


def _pieces(changed: bool, spans: Sequence[tuple[str, str]]) -> Iterator[Piece]:
    gone, come = ("".join(part) for part in zip(*spans, strict=True))
    if changed and gone:
        yield Piece("delete", gone)
    if come:
        yield Piece("insert" if changed else "equal", come)


def _clipped(text: str, head: int, tail: int) -> str:
    """Beginning and end of a text; what is between gives way to an ellipsis, at a space where there is one."""
    if len(text) <= head + tail + 1:
        return text
    start, end = text[:head], text[len(text) - tail :]
    start = start.rsplit(" ", 1)[0] + " " if " " in start else start
    end = " " + end.split(" ", 1)[1] if " " in end.rstrip() else end
    return f"{start}…{end}"
