"""Which of the beat's topics an article is about: terms and concepts, the title counting most."""

import math
from collections.abc import Iterable, Iterator

from aggregator.annotate.beat import Beat, Cue
from aggregator.annotate.concepts import CueHit, Names
from aggregator.annotate.naming import names_of
from aggregator.model import Annotated

#: A strong term in the title, or two different ones in the text, make a topic. These numbers were chosen on the judged
#: items, whole folds left out: micro-F1 0.80 there, 0.77 before.
_THRESHOLD = 2.0
_IN_TITLE = 2.5
_IN_TEXT = 1.0
#: What a weak term counts of a strong one, and a concept: it is named for more than its topic, a project less so than a person.
_WEAK = 0.5
_CONCEPT, _UNDERTAKING = 0.5, 0.8
_UNDERTAKINGS = frozenset(("project", "document"))
#: Only this much of a long text is read: later paragraphs stray from the subject.
_READ = 4_000
_TOLD = 4


def find_topics(names: Names, beat: Beat) -> tuple[str, ...]:
    """Topics of the article, strongest first."""
    points = topic_points(names, beat)
    found = {topic: sum(terms.values()) for topic, terms in points.items()}
    # Beside a strong topic a weak one is only touched upon; by the root, so that a long text may have several.
    least = max(_THRESHOLD, math.sqrt(max(found.values(), default=0.0)))
    chosen = [topic for topic, total in found.items() if total >= least]
    return tuple(sorted(chosen, key=lambda topic: (-found[topic], topic)))


def topic_evidence(annotated: Annotated, beat: Beat) -> dict[str, tuple[str, ...]]:
    """For each topic of an article the terms and concepts that count most, at most `_TOLD`."""
    points = topic_points(names_of(annotated.article, beat), beat)
    found = {topic: points.get(topic, {}) for topic in annotated.topics}
    return {topic: tuple(sorted(terms, key=lambda term: -terms[term])[:_TOLD]) for topic, terms in found.items()}


def topic_points(names: Names, beat: Beat) -> dict[str, dict[str, float]]:
    """Points per topic and term: the evidence of `find_topics`. A term counts once, where it counts most."""
    points: dict[str, dict[str, float]] = {}
    for cues, base in ((names.title_cues, _IN_TITLE), (names.body_cues, _IN_TEXT)):
        for cue, term in _terms(cues):
            _credit(points, cue.topic, term, base if cue.strong else base * _WEAK)
    for mention in names.mentions:
        if mention.field == "title" or mention.start < _READ:
            concept = beat.concepts[mention.concept]
            value = _UNDERTAKING if concept.kind in _UNDERTAKINGS else _CONCEPT
            for topic in concept.topics:
                _credit(points, topic, concept.id, value * (_IN_TITLE if mention.field == "title" else _IN_TEXT))
    return points


def _terms(cues: Iterable[CueHit]) -> Iterator[tuple[Cue, str]]:
    """The topic terms of a title or body; of those of one topic that overlap, the first and longest."""
    reached: dict[str, int] = {}
    for hit in cues:
        topic = hit.cue.topic
        if topic and reached.get(topic, 0) <= hit.start < _READ:
            reached[topic] = hit.start + len(hit.text)
            yield hit.cue, hit.text.lower()


def _credit(points: dict[str, dict[str, float]], topic: str, term: str, value: float) -> None:
    terms = points.setdefault(topic, {})
    terms[term] = max(terms.get(term, 0.0), value)
