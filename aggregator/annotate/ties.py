"""How a sentence speaks of the two sides: as a pair, side by side, in a list, or one apart from the other."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from aggregator.annotate.beat import PLAIN_KINDS, Beat
from aggregator.annotate.sentences import Sentence
from aggregator.model import Concept, Mention, Side

#: A concept of the pair that weighs this much speaks of both sides; lighter ones (SCO) have other members too.
JOINS = 0.7
#: Lighter names (a news agency, a sea, a name that many bear) do not speak of a side by themselves.
COUNTS = 0.45
#: Lighter names only imply a side: «the war in Ukraine» Russia, «yuan» China.
_NAMED = 0.75
#: Characters before the first name of a sentence that begins with it: «Лидеры России и Китая».
_HEAD = 12
#: Characters that can stand between neighbours of an enumeration: «China, as well as Russia».
_LONGEST_JOINT = 12
_JOINTS = frozenset(
    (
        *("", ",", "and", ", and", "&", "/", "-", "or", ", or", "as well as"),
        *("и", ", и", "или", "а также", ", а также", "、", "和", "与", "同", "及", "以及", "，"),
    )
)
#: Words before a name that say from, to or with whom something is, and those that say only where.
_TOWARD = frozenset(
    (
        *("to", "with", "from", "for", "against", "toward", "towards", "between", "on"),
        *("с", "со", "из", "для", "от", "к", "ко", "против", "между", "у"),
        *"对向给同与从自和访赴致驻",
    )
)
_PLACE = frozenset(("in", "at", "near", "across", "inside", "under", "по", "под", "在", "抵", "来"))
_INTO = frozenset(("в", "во", "на"))
#: Names this near belong to one phrase, measured on the judged items.
_FEW_WORDS = 5
_FEW_CHARACTERS = 36
_CLAUSE = frozenset(";:,.?!，；：。？！｜|—–")
_LAST_WORD = re.compile(r"(\w+)[\s\"'«“(]*$")
#: «… — Lavrov»: who is quoted, not what is said.
_ATTRIBUTION = re.compile(r"\s[—–]\s(?!.*\s[—–]\s)|\s-\s(?=[^-]{3,60}$)")


class Tie(NamedTuple):
    """What one sentence, or several read as one, says of the two sides; strengths are 0..1."""

    first: float = 0.0
    second: float = 0.0
    pair: float = 0.0
    together: bool = False
    """The sides stand side by side («China and Russia»)."""
    listed: bool = False
    """The sides stand in one list with a third («China, Russia and Iran»)."""
    third: tuple[str, ...] = ()
    """Names of the third parties."""
    third_leads: bool = False
    """A third party is named before both sides: it acts, they are spoken of."""
    between: bool = False
    """A relation word stands between neighbouring names of the two sides."""
    toward: bool = False
    """A name of the second-named side is what something goes to, comes from or is done with."""
    placed: bool = False
    """One side is named only as the place where something is."""
    quoted: bool = False
    """One side is named only as the speaker («… — Lavrov»)."""
    near: bool = False
    """Names of the two sides stand within a few words of each other."""
    parted: bool = False
    """A third party or a clause's end stands between all neighbouring names of the two sides."""
    people: bool = False
    """Persons of both sides are named."""
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    """How many names speak of the first side, the second, the pair, third parties."""
    forum: bool = False
    """A body of both and others is named (SCO)."""
    heads: bool = False
    """The sentence begins with a name of a side."""
    names: str = ""

    @property
    def both(self) -> float:
        """How surely both sides are spoken of."""
        return max(min(self.first, self.second), self.pair if self.pair >= JOINS else 0.0)

    @property
    def manner(self) -> str:
        """pair, listed, together, apart, quoted or implied; empty where the sentence does not speak of both."""
        if not self.both:
            return ""
        if self.pair >= JOINS:
            return "pair"
        if self.both < _NAMED:
            return "implied"
        if self.quoted:
            return "quoted"
        return "listed" if self.listed else "together" if self.together else "apart"


NOTHING = Tie()


class _Name(NamedTuple):
    side: Side
    kind: str
    start: int
    end: int
    text: str


def read_tie(sentence: Sentence, beat: Beat) -> Tie:
    """What a sentence says of the two sides."""
    if not sentence.concepts:
        return NOTHING
    forum = False
    strength: dict[Side, float] = {}
    told: dict[Side, str] = {}
    names: list[_Name] = []
    for concept, mention in sentence.concepts:
        start, end = mention.start - sentence.start, mention.end - sentence.start
        text = sentence.text[start:end]
        kind = "office" if concept.kind == "person" and beat.is_office(text) else concept.kind
        for side, weight in beat.sides_of(concept, text):
            if weight < COUNTS and side in ("first", "second"):
                continue
            if weight > strength.get(side, 0.0):
                strength[side], told[side] = weight, text
            forum = forum or (side == "pair" and weight < JOINS and concept.kind == "body")
            names.append(_Name(side, kind, start, end, text))
    first, second, pair = (strength.get(side, 0.0) for side in ("first", "second", "pair"))
    if not names:
        return NOTHING
    tie = Tie(
        forum=forum,
        heads=names[0].side != "third" and names[0].start <= _HEAD,
        first=first,
        second=second,
        pair=pair,
        third=_third_parties(sentence.concepts),
        third_leads=names[0].side == "third" and names[0].kind in PLAIN_KINDS,
        people={"first", "second"} <= {name.side for name in names if name.kind == "person"},
        counts=_counts(names),
        names=" + ".join(told[side] for side in ("first", "second", "pair") if side in told),
    )
    return _related(tie, names, sentence, beat) if first and second else tie


def _related(tie: Tie, names: Sequence[_Name], sentence: Sentence, beat: Beat) -> Tie:
    together, listed = _side_by_side(names, sentence.text)
    if together:
        return tie._replace(together=together, listed=listed)
    sides = [name for name in names if name.side in ("first", "second")]
    cases = {side: {_case(name, sentence.text) for name in sides if name.side == side} for side in ("first", "second")}
    tail = _ATTRIBUTION.search(sentence.text)
    spoken = {name.side for name in sides if tail and name.start >= tail.end()}
    said = {name.side for name in sides if not tail or name.start < tail.end()}
    near, parted = _distance(names, sentence.text)
    return tie._replace(
        near=near,
        parted=parted,
        between=_word_between(names, sentence, beat),
        toward=any(_case(name, sentence.text) == "toward" for name in sides if name.side != sides[0].side),
        placed=any(found == {"place"} for found in cases.values()),
        quoted=bool(spoken - said),
    )


def _side_by_side(names: Sequence[_Name], text: str) -> tuple[bool, bool]:
    """Whether the two sides stand side by side, and whether a third stands in the same list."""
    together = listed = False
    run: set[Side] = set()
    for left, right in zip((None, *names), names, strict=False):
        if left is None or not _joined(left, right, text):
            run = set()
        run = run | {right.side}
        if {"first", "second"} <= run:
            together = True
            listed = listed or "third" in run
    return together, listed


def _joined(left: _Name, right: _Name, text: str) -> bool:
    gap = right.start - left.end
    return 0 < gap <= _LONGEST_JOINT and text[left.end : right.start].strip(" \"'«»“”").lower() in _JOINTS


def _case(name: _Name, text: str) -> str:
    """toward, place or nothing: what the word before a name makes of it."""
    if name.text[0] in _TOWARD:
        return "toward"
    if name.text[0] in "在来":
        return "place"
    before = text[max(0, name.start - 14) : name.start]
    if not before:
        return ""
    if before[-1] in _TOWARD:
        return "toward"
    if before[-1] in "在抵":
        return "place"
    word = _LAST_WORD.search(before)
    if not word:
        return ""
    last = word[1].lower()
    if last in _INTO:
        return "place" if name.text[-1] in "еи" else "toward"
    return "toward" if last in _TOWARD else "place" if last in _PLACE else ""


def _word_between(names: Sequence[_Name], sentence: Sentence, beat: Beat) -> bool:
    """Whether a relation word stands between neighbouring names of the two sides."""
    for left, right in zip(names, names[1:], strict=False):
        if {left.side, right.side} == {"first", "second"}:
            for hit in sentence.cues:
                start = hit.start - sentence.start
                if left.start <= start < right.end and beat.speaks_for(hit.cue.relation):
                    return True
    return False


def _counts(names: Sequence[_Name]) -> tuple[int, int, int, int]:
    sides = [name.side for name in names if name.side != "third" or name.kind in PLAIN_KINDS]
    return sides.count("first"), sides.count("second"), sides.count("pair"), sides.count("third")


def _distance(names: Sequence[_Name], text: str) -> tuple[bool, bool]:
    """Whether names of the two sides stand near each other; whether something parts them all."""
    near, parted = False, True
    for left, right in zip(names, names[1:], strict=False):
        if {left.side, right.side} == {"first", "second"}:
            gap = text[left.end : right.start]
            near = near or (gap.count(" ") <= _FEW_WORDS and len(gap) <= _FEW_CHARACTERS)
            parted = parted and not _CLAUSE.isdisjoint(gap)
    return near, parted


def _third_parties(concepts: Iterable[tuple[Concept, Mention]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(c.name() for c, _ in concepts if c.side == "third" and c.kind in PLAIN_KINDS))
