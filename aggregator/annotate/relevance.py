"""Mentions → Relevance: how probably the article is about the tie of the pair, and why.

A logistic regression over named features and over the words of title and lead; the weights stand in the
beat's weights.json, each feature that counted becomes a line of evidence, and the words of a place
one. The title speaks first: where it names both sides, the text confirms (`lead_…`); where it does
not, the text must carry the tie alone (`below_…`).
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.annotate.sentences import Sentence, Sentences
from aggregator.annotate.ties import NOTHING, Tie, read_tie
from aggregator.annotate.wording import PLACES, wording
from aggregator.model import Evidence, Relevance

#: Sentences of a text that are read: later ones stray from the subject.
_READ = 40
#: What is said in the lead alone counts half of what the title says.
_LEAD = 0.5
#: So many words are named as evidence.
_TOLD_WORDS = 5
_MANNERS = ("", "implied", "quoted", "listed", "apart", "together", "pair")
_ABREAST = ("pair", "together", "listed")
_TOLD = {
    "pair": "as a pair",
    "together": "side by side",
    "listed": "in a list with others",
    "apart": "one apart from the other",
    "implied": "one only implied",
    "quoted": "one only as the speaker",
}


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
    seen = features(sentences, beat, language)
    points = [
        Evidence(feature.what, feature.where, round(weights.get(feature.name, 0.0) * feature.value, 2))
        for feature in seen
    ]
    if seen:
        points += _worded(sentences, beat)
    log_odds = beat.weights.bias + sum(evidence.points for evidence in points)
    score = 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
    counted = sorted((e for e in points if e.points), key=lambda evidence: -abs(evidence.points))
    return Relevance(score=round(score, 4), evidence=tuple(counted))


def _worded(sentences: Sentences, beat: Beat) -> Iterator[Evidence]:
    """What the words of the title and of the lead count, naming those that count most."""
    weights = beat.weights.features
    for place in PLACES:
        found = wording(sentences, beat, place)
        points = {name: weights[name] * value for name, value in found.items() if name in weights}
        most = sorted(points, key=lambda name: -abs(points[name]))[:_TOLD_WORDS]
        told = ", ".join(f"{name.removeprefix(f'{place}: ')} {points[name]:+.1f}" for name in most)
        yield Evidence(f"its words: {told}", place, round(sum(points.values()), 2))


def observed(sentences: Sentences, beat: Beat, language: str) -> dict[str, float]:
    """All that the model sees of an article, features and words, by the names of their weights."""
    values: dict[str, float] = {}
    for feature in features(sentences, beat, language):
        values[feature.name] = max(values.get(feature.name, 0.0), feature.value)
    if values:
        for place in PLACES:
            values |= wording(sentences, beat, place)
    return values


def features(sentences: Sentences, beat: Beat, language: str) -> list[Feature]:
    """What can be observed about the pair in an article; only features with a value above 0; none where no side meets the other."""
    if not sentences.can_speak_of_both:
        return []
    title = [(sentence, read_tie(sentence, beat)) for sentence in sentences.title]
    body = [(sentence, read_tie(sentence, beat)) for sentence in sentences.body[:_READ]]
    if not _speak_of_both([tie for _, tie in (*title, *body)]):
        return []
    lead = body[:2]
    head = title[0][1] if title else NOTHING
    head_text = title[0][0].text if title else ""
    known = bool(head.both or any(tie.both for _, tie in lead))
    found = [
        *_title(head),
        *_lead("lead" if head.both else "below", lead),
        *_crossed(head, lead, known),
        *_rest(body[2:], known),
        *_focus(title, lead),
        *_pressed(title, lead, beat),
        *_mutual(title, lead, beat),
        *_own_press(head, lead, language in beat.languages),
        *_relations(title, lead, beat),
        *_against(title, lead, beat),
        *_topics(title, lead),
        Feature("title_parts", float(";" in head_text or "；" in head_text), "several subjects", "title"),
        Feature("title_only", float(not body), "nothing but a title", "body"),
    ]
    return [feature for feature in found if feature.value > 0]


def _speak_of_both(ties: Sequence[Tie]) -> bool:
    """Whether both sides are spoken of somewhere, be it each in another sentence."""
    return any(tie.both or tie.pair for tie in ties) or (
        any(tie.first > 0 for tie in ties) and any(tie.second > 0 for tie in ties)
    )


def _title(tie: Tie) -> Iterator[Feature]:
    if tie.both:
        yield from _manner("title", tie, "title")
        return
    one = max(tie.first, tie.second)
    yield Feature("title_one", one if not tie.pair else 0.0, f"only one side: {tie.names}", "title")
    yield Feature("title_none", float(not one and not tie.pair), "neither side is named", "title")
    yield Feature("title_members", tie.pair, f"both are members: {tie.names}", "title")


def _manner(prefix: str, tie: Tie, where: str) -> Iterator[Feature]:
    """How a sentence names both."""
    manner = tie.manner
    yield Feature(f"{prefix}_{manner}", tie.both, f"both sides, {_TOLD[manner]}: {tie.names}", where)
    if tie.third:
        others = ", ".join(tie.third[:4])
        yield Feature(f"{prefix}_{manner}_third", min(len(tie.third), 3) / 3, f"with others: {others}", where)
        yield Feature(f"{prefix}_{manner}_led", float(tie.third_leads), f"another acts: {tie.third[0]}", where)
    if manner == "apart":
        yield Feature(f"{prefix}_near", float(tie.near), "the sides stand near each other", where)
        yield Feature(f"{prefix}_parted", float(tie.parted), "something parts the sides", where)
        yield Feature(f"{prefix}_between", float(tie.between), "a relation word between the sides", where)
        yield Feature(f"{prefix}_toward", float(tie.toward), "one side is turned to the other", where)
        yield Feature(f"{prefix}_placed", float(tie.placed), "one side is only the place", where)
    yield Feature(f"{prefix}_people", float(tie.people), "persons of both sides", where)
    yield Feature(f"{prefix}_{manner}_heads", float(tie.heads), "begins with a side", where)
    yield Feature(f"{prefix}_forum", float(tie.forum), "a forum of both and others", where)


def _lead(prefix: str, lead: Read) -> Iterator[Feature]:
    ties = [tie for _, tie in lead if tie.both]
    if ties:
        yield from _manner(prefix, max(ties, key=lambda tie: _MANNERS.index(tie.manner)), "lead")


def _crossed(head: Tie, lead: Read, known: bool) -> Iterator[Feature]:
    if not known:
        crossed = max((max(min(head.first, t.second), min(head.second, t.first)) for _, t in lead), default=0.0)
        yield Feature("crossed", crossed, f"{head.names} in the title, the other side below", "title+lead")


def _rest(rest: Read, known: bool) -> Iterator[Feature]:
    count = sum(bool(tie.both) for _, tie in rest)
    name = "rest" if known else "only_rest"
    yield Feature(f"{name}_sentences", min(count, 4) / 4, f"later sentences with both sides: {count}", "body")
    if rest:
        yield Feature(
            f"{name}_share", count / len(rest), f"share of the later sentences: {count / len(rest):.0%}", "body"
        )


def _focus(title: Read, lead: Read) -> Iterator[Feature]:
    """How much of what is named belongs to the two sides, and how evenly."""
    counts = [tie.counts for _, tie in (*title, *lead)]
    first, second, pair, third = (sum(count[i] for count in counts) for i in range(4))
    named, fewer = first + second + 2 * pair, min(first, second) + pair
    where = "title+lead"
    yield Feature(
        "focus", named / max(1, named + third), f"{named} of {named + third} names are of the two sides", where
    )
    yield Feature("balance", fewer / max(1, max(first, second) + pair), f"how evenly: {first} and {second}", where)
    yield Feature("often", min(fewer, 4) / 4, f"the side named less: {fewer} times", where)


def _pressed(title: Read, lead: Read, beat: Beat) -> Iterator[Feature]:
    """A third party on what one side does for the other."""
    for sentence, tie in (*title, *lead):
        if tie.manner == "apart" and tie.third:
            roles = [beat.relations[hit.cue.relation] for hit in sentence.cues if hit.cue.relation]
            if any(role.presses for role in roles) and any(role.helps for role in roles):
                yield Feature("pressed", 1.0, f"{tie.third[0]} on help of one side for the other", sentence.field)
                return


def _mutual(title: Read, lead: Read, beat: Beat) -> Iterator[Feature]:
    """Relations in which both take part, whoever speaks of it."""
    for sentence, tie in (*title, *lead):
        words = [h.text.lower() for h in sentence.cues if h.cue.relation and beat.relations[h.cue.relation].mutual]
        if tie.both and words:
            value = 1.0 if sentence.field == "title" else _LEAD
            told = f"both take part: {words[0]}"
            joint = any(hit.cue.relation and beat.relations[hit.cue.relation].joint for hit in sentence.cues)
            yield Feature("acting", value * (joint and tie.manner in _ABREAST), "they act together", sentence.field)
            yield Feature(f"shared_{tie.manner}", value, told, sentence.field)
            yield Feature(f"shared_{tie.manner}_heads", value * tie.heads, f"{told}, a side first", sentence.field)
            return


def _own_press(head: Tie, lead: Read, own: bool) -> Iterator[Feature]:
    manner = head.manner or next((tie.manner for _, tie in lead if tie.both), "")
    if own and manner:
        yield Feature(f"own_{manner}", 1.0 if head.manner else _LEAD, "in the language of a side", "title")


class _Seen(NamedTuple):
    """Where a relation or topic first stands, how much that counts, and by which words."""

    value: float
    where: str
    words: set[str]

    @property
    def told(self) -> str:
        return ", ".join(sorted(self.words)[:4])


def _first_places(
    title: Read, lead: Read, name_of: Callable[[str, str], str], *, below: float = _LEAD, only_ties: bool = True
) -> dict[str, _Seen]:
    """What cues are named by `name_of(relation, topic)`, the title counting 1 and the lead `below`."""
    found: dict[str, _Seen] = {}
    for read, value, where in ((title, 1.0, "title"), (lead, below, "lead")):
        for sentence, tie in read:
            for hit in sentence.cues if tie.both or not only_ties else ():
                if name := name_of(hit.cue.relation, hit.cue.topic):
                    found.setdefault(name, _Seen(value, where, set())).words.add(hit.text.lower())
    return found


def _relations(title: Read, lead: Read, beat: Beat) -> Iterator[Feature]:
    """Relation words in sentences that speak of both sides."""
    in_title = any(tie.both for _, tie in title)
    below = _LEAD if in_title else 1.0
    speaks = beat.speaks_for
    found = _first_places(title, lead, lambda relation, _: relation if speaks(relation) else "", below=below)
    for relation, seen in found.items():
        yield Feature(relation, seen.value, f"{relation}: {seen.told}", seen.where)
        alone = float(seen.where == "lead" and not in_title)
        yield Feature(f"below_{relation}", alone, f"{relation}, and not in the title", seen.where)
    silent = not found and any(tie.both for _, tie in (*title, *lead))
    yield Feature("no_words", float(silent), "no word says what is between them", "title+lead")


def _against(title: Read, lead: Read, beat: Beat) -> Iterator[Feature]:
    found = _first_places(
        title, lead, lambda relation, _: relation if beat.speaks_against(relation) else "", only_ties=False
    )
    for relation, seen in found.items():
        yield Feature(relation, seen.value, f"{relation}: {seen.told}", seen.where)


def _topics(title: Read, lead: Read) -> Iterator[Feature]:
    for topic, seen in _first_places(title, lead, lambda _, topic: topic).items():
        yield Feature(f"on_{topic}", seen.value, f"topic {topic}: {seen.told}", seen.where)
