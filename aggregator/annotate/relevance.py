"""Mentions → Relevance: how probably the article is about the tie of the pair, and why.

A logistic regression over named features; the weights stand in the beat's weights.json, and each
feature that counted becomes a line of evidence. The title speaks first: where it names both sides,
the text confirms (`lead_…`); where it does not, the text must carry the tie alone (`below_…`).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.annotate.sentences import Sentence, Sentences
from aggregator.annotate.ties import JOINS, NOTHING, Tie, read_tie
from aggregator.model import Evidence, Relevance

#: Sentences of a text that are read: later ones stray from the subject.
_READ = 40
#: What is said in the lead alone counts half of what the title says.
_LEAD = 0.5
_MANNERS = ("", "implied", "quoted", "listed", "apart", "together", "pair")
_TOLD = {"pair": "as a pair", "together": "side by side", "listed": "in a list", "apart": "one apart from the other", "implied": "one only implied", "quoted": "one only as the speaker"}
#: Relations in which both take part, whoever speaks of it.
_SHARED = frozenset(("meeting", "agreement", "cooperation", "exchange", "joint-act", "two-sides", "culture"))


class Feature(NamedTuple):
    """One observation: its name in weights.json, its value (0..1), what was seen and where."""

    name: str
    value: float
    what: str
    where: str


Read = Sequence[tuple[Sentence, Tie]]


def judge_relevance(sentences: Sentences, beat: Beat, language: str) -> Relevance:
    """The probability that the article is about the tie, with what counted for and against."""
    weights = beat.weights.features
    points = [
        Evidence(feature.what, feature.where, round(weights.get(feature.name, 0.0) * feature.value, 2))
        for feature in features(sentences, beat, language)
    ]
    log_odds = beat.weights.bias + sum(evidence.points for evidence in points)
    score = 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
    counted = sorted((e for e in points if e.points), key=lambda evidence: -abs(evidence.points))
    return Relevance(score=round(score, 4), evidence=tuple(counted))


def features(sentences: Sentences, beat: Beat, language: str) -> list[Feature]:
    """What can be observed about the pair in an article; only features with a value above 0."""
    title = [(sentence, read_tie(sentence, beat)) for sentence in sentences.title]
    body = [(sentence, read_tie(sentence, beat)) for sentence in sentences.body[:_READ]]
    everywhere = [tie for _, tie in (*title, *body)]
    if not (any(tie.both or tie.pair for tie in everywhere) or _sides(everywhere) == 2):
        return []
    lead = body[:2]
    head = title[0][1] if title else NOTHING
    observed = [
        *_title(head),
        *_lead("lead" if head.both else "below", lead),
        *_crossed(head, lead),
        *_rest(body[2:], bool(head.both or any(tie.both for _, tie in lead))),
        *_focus(title, lead),
        *_pressed(title, lead),
        *_shared(title, lead),
        *_own_press(head, lead, language in beat.languages),
        *_words(title, lead, beat),
        *_against(title, lead, beat),
        *_topics(title, lead, beat),
        Feature("title_parts", float(";" in title[0][0].text or "；" in title[0][0].text) if title else 0.0, "several", "title"),
        Feature("title_only", float(not body), "nothing but a title", "body"),
    ]
    return [feature for feature in observed if feature.value > 0]


def _sides(ties: Iterable[Tie]) -> int:
    first = second = False
    for tie in ties:
        first, second = first or tie.first > 0, second or tie.second > 0
    return first + second


def _title(tie: Tie) -> Iterator[Feature]:
    if tie.both:
        yield from _manner("title", tie, "title")
        return
    one = max(tie.first, tie.second)
    yield Feature("title_one", one if not tie.pair else 0.0, f"only one side: {tie.names}", "title")
    yield Feature("title_none", float(not one and not tie.pair), "neither side is named", "title")
    yield Feature("title_members", tie.pair, f"both are members: {tie.names}", "title")


def _manner(prefix: str, tie: Tie, where: str) -> Iterator[Feature]:
    manner = tie.manner
    yield Feature(f"{prefix}_{manner}", tie.both, f"both sides, {_TOLD[manner]}: {tie.names}", where)
    if tie.third:
        others = ", ".join(tie.third[:4])
        yield Feature(f"{prefix}_{manner}_third", min(len(tie.third), 3) / 3, f"with others: {others}", where)
        if tie.third_leads:
            yield Feature(f"{prefix}_{manner}_led", 1.0, f"a third party acts: {tie.third[0]}", where)
    if manner == "apart":
        yield Feature(f"{prefix}_near", float(tie.near), "the sides are named near each other", where)
        yield Feature(f"{prefix}_parted", float(tie.parted), "something parts the sides", where)
        yield Feature(f"{prefix}_between", float(tie.between), "a relation word between the sides", where)
        yield Feature(f"{prefix}_toward", float(tie.toward), "one side is turned to the other", where)
        yield Feature(f"{prefix}_placed", float(tie.placed), "one side is only the place", where)
    yield Feature(f"{prefix}_people", float(tie.people), "persons of both sides", where)
    yield Feature(f"{prefix}_heads", float(tie.heads), "begins with a side", where)
    yield Feature(f"{prefix}_forum", float(tie.forum), "a forum of both and others", where)


def _lead(prefix: str, lead: Read) -> Iterator[Feature]:
    ties = [tie for _, tie in lead if tie.both]
    if ties:
        yield from _manner(prefix, max(ties, key=lambda tie: _MANNERS.index(tie.manner)), "lead")


def _crossed(head: Tie, lead: Read) -> Iterator[Feature]:
    if not head.both and not any(tie.both for _, tie in lead):
        crossed = max((max(min(head.first, t.second), min(head.second, t.first)) for _, t in lead), default=0.0)
        yield Feature("crossed", crossed, f"{head.names} in the title, the other side below", "title+lead")


def _rest(rest: Read, known: bool) -> Iterator[Feature]:
    count = sum(bool(tie.both) for _, tie in rest)
    name = "rest" if known else "only_rest"
    yield Feature(f"{name}_sentences", min(count, 4) / 4, f"later sentences with both sides: {count}", "body")
    if rest:
        yield Feature(f"{name}_share", count / len(rest), f"share of later sentences: {count / len(rest):.0%}", "body")


def _focus(title: Read, lead: Read) -> Iterator[Feature]:
    """How much of what is named belongs to the two sides, and how evenly."""
    counts = [tie.counts for _, tie in (*title, *lead)]
    first, second, pair, third = (sum(count[i] for count in counts) for i in range(4))
    named = first + second + 2 * pair
    yield Feature("focus", named / max(1, named + third), f"names of the two sides: {named} of {named + third}", "title+lead")
    yield Feature("balance", (min(first, second) + pair) / max(1, max(first, second) + pair), "balance", "title+lead")
    yield Feature("often", min(min(first, second) + pair, 4) / 4, "often", "title+lead")


def _own_press(head: Tie, lead: Read, own: bool) -> Iterator[Feature]:
    manner = head.manner or next((tie.manner for _, tie in lead if tie.both), "")
    if own and manner:
        yield Feature(f"own_{manner}", 1.0 if head.manner else _LEAD, "in the language of a side", "title")


def _shared(title: Read, lead: Read) -> Iterator[Feature]:
    for sentence, tie in (*title, *lead):
        if tie.both:
            relations = {hit.cue.relation for hit in sentence.cues}
            if relations & _SHARED:
                if "joint-act" in relations and tie.manner in ("pair", "together", "listed"):
                    yield Feature("acting", 1.0 if sentence.field == "title" else _LEAD, "they act together", sentence.field)
                yield Feature(f"shared_{tie.manner}", 1.0 if sentence.field == "title" else _LEAD, "they share", sentence.field)
                return


def _pressed(title: Read, lead: Read) -> Iterator[Feature]:
    """A third party on what one side does for the other."""
    for sentence, tie in (*title, *lead):
        if tie.manner == "apart" and tie.third:
            relations = {hit.cue.relation for hit in sentence.cues}
            if relations & {"pressure", "arms"} and relations & {"support", "arms", "exchange", "agreement"}:
                yield Feature("pressed", 1.0, "a third party on help of one side for the other", sentence.field)
                return


def _words(title: Read, lead: Read, beat: Beat) -> Iterator[Feature]:
    """Relation words in sentences that speak of both sides."""
    found: dict[str, tuple[float, set[str], str]] = {}
    below = 1.0 if not any(tie.both for _, tie in title) else _LEAD
    for read, value, where in ((title, 1.0, "title"), (lead, below, "lead")):
        for sentence, tie in read:
            if tie.both:
                for hit in sentence.cues:
                    relation = hit.cue.relation
                    if relation and beat.polarities[relation] != "against":
                        found.setdefault(relation, (value, set(), where))[1].add(hit.text.lower())
    for relation, (value, words, where) in found.items():
        yield Feature(relation, value, f"{relation}: {', '.join(sorted(words)[:4])}", where)
        if where == "lead":
            yield Feature(f"below_{relation}", float(below == 1.0), "below", where)
    told = sum(value for value, _, _ in found.values())
    yield Feature("no_words", float(not found and any(tie.both for _, tie in (*title, *lead))), "no relation word", "title+lead")


def _against(title: Read, lead: Read, beat: Beat) -> Iterator[Feature]:
    found: dict[str, tuple[float, set[str], str]] = {}
    for read, value, where in ((title, 1.0, "title"), (lead, _LEAD, "lead")):
        for sentence, _ in read:
            for hit in sentence.cues:
                relation = hit.cue.relation
                if relation and beat.polarities[relation] == "against":
                    found.setdefault(relation, (value, set(), where))[1].add(hit.text.lower())
    for relation, (value, words, where) in found.items():
        yield Feature(relation, value, f"{relation}: {', '.join(sorted(words)[:4])}", where)


def _topics(title: Read, lead: Read, beat: Beat) -> Iterator[Feature]:
    found: dict[str, tuple[float, str]] = {}
    for read, value, where in ((title, 1.0, "title"), (lead, _LEAD, "lead")):
        for sentence, tie in read:
            if tie.both:
                for hit in sentence.cues:
                    if hit.cue.topic:
                        found.setdefault(hit.cue.topic, (value, where))
    for topic, (value, where) in found.items():
        yield Feature(f"on_{topic}", value, f"topic {topic}", where)
