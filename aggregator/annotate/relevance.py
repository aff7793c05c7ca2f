"""Mentions → Relevance: how probably the article is about the tie of the pair, and why.

A logistic regression over some twenty named features; the weights stand in the beat's
weights.json, and each feature that counted becomes a line of evidence.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.annotate.sentences import Sentence, Sentences
from aggregator.model import Evidence, Relevance, Side

#: A concept of the pair that weighs this much speaks of both sides; lighter ones (SCO) have other members too.
_JOINS = 0.7
#: Characters between neighbours of an enumeration («China, Russia and Iran»).
_NEIGHBOUR = 12


class Feature(NamedTuple):
    """One observation: its name in weights.json, its value (0..1, sentences to 2), what was seen and where."""

    name: str
    value: float
    what: str
    where: str


class _Seen(NamedTuple):
    """How strongly a stretch of text speaks of each side, 0..1, and by which names."""

    first: float = 0.0
    second: float = 0.0
    pair: float = 0.0
    names: str = ""

    @property
    def both(self) -> float:
        """Both sides by their own names, or by a name that joins them («Sino-Russian», «Power of Siberia»)."""
        return max(min(self.first, self.second), self.pair if self.pair >= _JOINS else 0.0)


_NOTHING = _Seen()


def judge_relevance(sentences: Sentences, beat: Beat) -> Relevance:
    """The probability that the article is about the tie, with what counted for and against."""
    points = [
        Evidence(feature.what, feature.where, round(beat.weights.features.get(feature.name, 0.0) * feature.value, 2))
        for feature in features(sentences, beat)
    ]
    log_odds = beat.weights.bias + sum(evidence.points for evidence in points)
    score = 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
    counted = sorted((e for e in points if e.points), key=lambda evidence: -abs(evidence.points))
    return Relevance(score=round(score, 4), evidence=tuple(counted))


def features(sentences: Sentences, beat: Beat) -> list[Feature]:
    """What can be observed about the pair in an article; only features with a value above 0."""
    title, lead, body = sentences.title, sentences.lead, sentences.body
    observed = [
        *_presence(_seen(title), "title"),
        *_presence(_seen(lead), "lead"),
        *_presence(_seen(body), "body"),
        *_sentences_with_both(body),
        *_relations(title, "title", beat),
        *_relations(body, "body", beat),
        *_across_title_and_lead(_seen(title), _seen(lead)),
        *_third_parties(title, "title"),
        *_third_parties(lead, "lead"),
        *_enumerations([*title, *lead]),
        *_round_up(title),
    ]
    return [feature for feature in observed if feature.value > 0]


def _seen(sentences: Iterable[Sentence]) -> _Seen:
    weights: dict[Side, float] = {}
    names: dict[Side, str] = {}
    for sentence in sentences:
        for concept, mention in sentence.concepts:
            if concept.weight > weights.get(concept.side, 0.0):
                weights[concept.side] = concept.weight
                names[concept.side] = sentence.text[mention.start - sentence.start : mention.end - sentence.start]
    if not weights:
        return _NOTHING
    told = [names[side] for side in ("first", "second", "pair") if side in names]
    return _Seen(weights.get("first", 0.0), weights.get("second", 0.0), weights.get("pair", 0.0), " + ".join(told))


def _presence(seen: _Seen, where: str) -> Iterator[Feature]:
    if seen is _NOTHING:
        return
    yield Feature(f"{where}_both", seen.both, f"both sides: {seen.names}", where)
    yield Feature(f"{where}_pair", seen.pair, f"names the pair: {seen.names}", where)
    if not seen.both and not seen.pair:
        yield Feature(f"{where}_one", max(seen.first, seen.second), f"only one side: {seen.names}", where)


def _sentences_with_both(body: Sequence[Sentence]) -> Iterator[Feature]:
    count = sum(bool(seen.both) for seen in (_seen([sentence]) for sentence in body if sentence.concepts))
    yield Feature("body_sentences", min(count, 6) / 3, f"sentences with both sides: {count}", "body")


def _relations(sentences: Sequence[Sentence], where: str, beat: Beat) -> Iterator[Feature]:
    """Relation words in the sentences that hold both sides."""
    found: dict[str, set[str]] = {}
    for sentence in sentences:
        seen = _seen([sentence]) if sentence.concepts and sentence.cues else _NOTHING
        if seen.both or seen.pair:
            for hit in sentence.cues:
                if hit.cue.relation:
                    found.setdefault(beat.polarities[hit.cue.relation], set()).add(hit.text.lower())
    for polarity, words in found.items():
        told = ", ".join(sorted(words)[:4])
        yield Feature(f"{where}_{polarity}", min(len(words), 2) / 2, f"{polarity} between the sides: {told}", where)


def _across_title_and_lead(head: _Seen, below: _Seen) -> Iterator[Feature]:
    if head.both or below.both:
        return
    crossed = max(min(head.first, below.second), min(head.second, below.first))
    yield Feature(
        "one_in_title_other_in_lead", crossed, f"{head.names} in the title, {below.names} below", "title+lead"
    )


def _third_parties(sentences: Sequence[Sentence], where: str) -> Iterator[Feature]:
    third = {c.id: c.name() for s in sentences for c, _ in s.concepts if c.side == "third" and c.kind == "country"}
    yield Feature(f"{where}_third", min(len(third), 3) / 3, f"other countries: {', '.join(third.values())}", where)


def _enumerations(sentences: Sequence[Sentence]) -> Iterator[Feature]:
    """Both sides next to a third country: «China, Russia, Iran», «Китай, Индия и Россия»."""
    for sentence in sentences:
        countries = [(c, m) for c, m in sentence.concepts if c.kind == "country"]
        for trio in zip(countries, countries[1:], countries[2:], strict=False):
            sides = {concept.side for concept, _ in trio}
            near = all(
                right.start - left.end <= _NEIGHBOUR for (_, left), (_, right) in zip(trio, trio[1:], strict=False)
            )
            if near and sides >= {"first", "second", "third"}:
                names = ", ".join(concept.name() for concept, _ in trio)
                yield Feature("enumeration", 1.0, f"listed together: {names}", sentence.field)
                return


def _round_up(title: Sequence[Sentence]) -> Iterator[Feature]:
    words = [hit.text for s in title for hit in s.cues if hit.cue.relation == "round-up"]
    yield Feature("round_up", float(bool(words)), f"a round-up: {', '.join(words)}", "title")
