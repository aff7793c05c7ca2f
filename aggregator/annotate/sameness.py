"""How probable it is that two articles report the same event, from a few named features.

A logistic regression each for two articles of one language and for two of different ones. The weights in
`sameness.json` were fitted by `benchmarks/fit_stories.py` on judged stories; docs/judgement.md has the figures.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from rapidfuzz import fuzz

from aggregator.annotate.rarity import FACTS, Rarity
from aggregator.annotate.signature import Signature
from aggregator.model import Evidence

_FILE = Path(__file__).parent / "sameness.json"
#: Only the weightiest words are kept: they make up the cosine, and 100,000 articles must fit into memory.
_WORDS = 40
#: From so many days or hours on a distance says no more.
_DAYS, _GAP_HOURS = 2, 72.0


@dataclass(frozen=True, slots=True)
class Report:
    """An article as it is compared: its signature with the weight that each word and fact had when it came."""

    signature: Signature
    words: Mapping[str, float]
    words_length: float
    """Of the vector that the words are."""
    title_length: float
    """Of that which those words are that the title has."""
    facts: Mapping[str, float]
    facts_length: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The fitted model: bias and weights within a language and across, and when an article joins a story."""

    version: str
    within: Mapping[str, float]
    across: Mapping[str, float]
    best: float
    """Share of the most similar member in what decides about a story; the rest is the mean of the most similar ones."""
    join: float
    """Log-odds from which an article joins a story."""
    alone: float
    """How much more it takes to join an article that has no story beside it yet: nothing else vouches for it."""
    alone_across: float
    """The same where the two are in different languages."""
    merge: float
    """Mean log-odds between the members of two stories from which an article that belongs to both makes them one."""


@lru_cache(maxsize=1)
def load_weights() -> Weights:
    """The weights that ship with the program."""
    return Weights(**json.loads(_FILE.read_text(encoding="utf-8")))


def weighed(mine: Signature, rarity: Rarity) -> Report:
    """The signature with the weights that its words and facts have now."""
    weights = rarity.weights(mine.language, mine.words)
    if len(weights) > _WORDS:
        weights = dict(sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:_WORDS])
    facts = rarity.weights(FACTS, mine.facts)
    return Report(
        signature=replace(mine, words={}, facts={}),  # weighed, they are not needed twice
        words=weights,
        words_length=_length(weights.values()),
        title_length=_length([weights[word] for word in mine.title_words & weights.keys()]),
        facts=facts,
        facts_length=_length(facts.values()),
    )


def _length(vector: Iterable[float]) -> float:
    return math.sqrt(math.fsum([weight * weight for weight in vector])) or 1.0


def features(a: Report, b: Report, words: float | None = None) -> dict[str, float]:
    """What speaks for and against the two reporting one event, by name; those of value 0 too.

    `words`: the cosine of their words, where it is known already.
    """
    if a.signature.language != b.signature.language:
        return across(a, b)
    return within(a, b, cosine(a, b) if words is None else words)


def cosine(a: Report, b: Report) -> float:
    """How alike their words are, 0..1; words of different languages are not."""
    if a.signature.language != b.signature.language:
        return 0.0
    # The intersection is taken in C; `fsum` does not depend on the order that a set has.
    shared = math.fsum([a.words[word] * b.words[word] for word in a.words.keys() & b.words.keys()])
    return shared / (a.words_length * b.words_length)


def within(a: Report, b: Report, words: float) -> dict[str, float]:
    """Features of two articles in one language, of whose words the cosine is known."""
    mine, other = a.signature, b.signature
    return {
        **_alike(mine, other),
        "root of words": math.sqrt(words),
        "words squared": words * words,
        "facts cosine": _facts_cosine(a, b),
        "no text": mine.body == other.body == "",
        "title words": fuzz.token_set_ratio(mine.title, other.title) / 100,
        # Counts against: what only titles share counts three times, in the words, the title words and here.
        "title cosine": _title_cosine(a, b),
        "title words unknown": math.log1p(
            max(_unknown(a.words, mine.title_words, b.words), _unknown(b.words, other.title_words, a.words))
        ),
        "days between": _gap(mine, other),
        "days between the days named": _days_apart(mine, other),
        "date only": mine.by_day and other.by_day,
        "Chinese": mine.language == "zh",
        "subjects of the titles differ": _subjects_differ(mine, other),
        "actors of one title only": len(mine.title_actors ^ other.title_actors),
        "dates of the titles differ": _dates_differ(mine, other),
    }


def across(a: Report, b: Report) -> dict[str, float]:
    """Features of two articles in different languages."""
    mine, other = a.signature, b.signature
    shared = math.log1p(math.fsum([min(a.facts[fact], b.facts[fact]) for fact in a.facts.keys() & b.facts.keys()]))
    return {
        **_alike(mine, other),
        "hours between": math.log1p(_hours(mine, other)),
        "days between the days named": _days_apart(mine, other),
        "English and Russian": "zh" not in (mine.language, other.language),
        "facts squared": shared * shared,
        "facts cosine": _facts_cosine(a, b),
        "title facts known": math.log1p(
            min(_known(a.facts, mine.title_facts, b.facts), _known(b.facts, other.title_facts, a.facts))
        ),
        "subjects of the titles agree": bool(mine.subject) and mine.subject == other.subject,
        "actors of the titles differ": _title_actors_differ(mine, other),
        "no actor shared": bool(mine.actors and other.actors) and mine.actors.isdisjoint(other.actors),
    }


def _alike(a: Signature, b: Signature) -> dict[str, float]:
    """What is asked of any two articles."""
    return {"bulletins": a.bulletin + b.bulletin, "analyses": a.analysis + b.analysis}


def sameness(a: Report, b: Report, weights: Weights, words: float | None = None) -> float:
    """Log-odds that two articles report the same event; `words` as in `features`."""
    own = weights.within if a.signature.language == b.signature.language else weights.across
    return own["bias"] + sum([own[name] * value for name, value in features(a, b, words).items()])


def explain(a: Report, b: Report, weights: Weights) -> tuple[Evidence, ...]:
    """What counted between two articles, weightiest first; the points add up to their sameness."""
    language = (a.signature.language, b.signature.language)
    own = weights.within if language[0] == language[1] else weights.across
    seen = [("bias", 1.0), *features(a, b).items()]
    found = [Evidence(f"{name} {value:.2g}", "–".join(language), own[name] * value) for name, value in seen if value]
    return tuple(sorted(found, key=lambda evidence: -abs(evidence.points)))


def _facts_cosine(a: Report, b: Report) -> float:
    """How alike their facts are, 0..1."""
    shared = math.fsum([a.facts[fact] * b.facts[fact] for fact in a.facts.keys() & b.facts.keys()])
    return shared / (a.facts_length * b.facts_length)


def _title_cosine(a: Report, b: Report) -> float:
    """How alike the words of the titles are, 0..1."""
    both = a.signature.title_words & b.signature.title_words
    shared = math.fsum([a.words[word] * b.words[word] for word in both if word in a.words and word in b.words])
    return shared / (a.title_length * b.title_length)


def _known(weights: Mapping[str, float], title: frozenset[str], other: Mapping[str, float]) -> float:
    """Weight of what a title has and the whole of the other article has too."""
    return math.fsum([weights[term] for term in title & other.keys() if term in weights])


def _unknown(weights: Mapping[str, float], title: frozenset[str], other: Mapping[str, float]) -> float:
    """Weight of what a title has and the other article has nowhere."""
    return math.fsum([weights[term] for term in title - other.keys() if term in weights])


def _days_apart(a: Signature, b: Signature) -> int:
    if a.days == b.days or not a.days.isdisjoint(b.days):
        return 0
    return min(_DAYS, min(abs(mine - other) for mine in a.days for other in b.days))


def _gap(a: Signature, b: Signature) -> float:
    """Days between the times of publication, 0 if they may be the same."""
    return min(_hours(a, b), _GAP_HOURS) / 24


def _hours(a: Signature, b: Signature) -> float:
    """Hours between the times of publication, 0 if they may be the same."""
    return max((a.moment - b.until).total_seconds(), (b.moment - a.until).total_seconds(), 0.0) / 3600


def _subjects_differ(a: Signature, b: Signature) -> bool:
    return bool(a.subject and b.subject) and a.subject != b.subject


def _dates_differ(a: Signature, b: Signature) -> bool:
    """Whether both titles have dates, ordinals or years, and none in common; a toll may differ, it rises."""
    return bool(a.title_dates and b.title_dates) and a.title_dates.isdisjoint(b.title_dates)


def _title_actors_differ(a: Signature, b: Signature) -> bool:
    """Whether each title names somebody of whom the other article knows nothing."""
    return bool(a.title_actors - b.actors) and bool(b.title_actors - a.actors)
