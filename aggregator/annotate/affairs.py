"""Same affair: which running topic a story belongs to; a visit, what is signed there and the reactions are one.

A story is the mean of what its first reports name: concepts of the beat, notions of the glossary, other names, each
weighed by its rarity. An affair is the sum of its stories. A story joins the affair that it is most alike, if it is
alike enough and both name two of the same things; the older the affair, the more alike it must be.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from aggregator.annotate.beat import Beat
from aggregator.annotate.glossary import load_glossary
from aggregator.annotate.rarity import FACTS, Rarity, is_common
from aggregator.annotate.signature import (
    LEAD,
    LEAD_FACT,
    concepts_of,
    fact_of,
    is_bulletin,
    mentions_in,
    names_in,
    notions_in,
)
from aggregator.model import Episode, Field, StoredArticle, Story

#: An affair takes up stories for so long: the same persons meet again, and over months everything hangs together.
_WINDOW = timedelta(days=28)
#: An index needs twice the window: affairs that are still open, with all of their stories.
AFFAIR_MEMORY = 2 * _WINDOW
#: The cosine from which a story joins an affair of the day (`benchmarks/affairs.py`, docs/judgement.md).
JOIN = 0.15
#: After so many days it takes twice the cosine.
_HALF_LIFE = timedelta(days=14)
#: What counts as naming the same: from this share of unit length on, in the story and in the affair. Without such a
#: core the pool of 17,000 items ran together into affairs of 500 stories (a war, a president, a country).
_CORE = 100
#: Concepts of these kinds are told by many affairs at once: alone they tie nothing together.
_BROAD = ("country", "theme")
#: Only the weightiest things of a story are kept, and only the weightiest of these lead to affairs to compare.
_TERMS, _KEYS = 24, 10
#: So many of the shared things are told.
_TOLD = 5

_Terms = Mapping[str, int]


class _Affair:
    """The sum of the stories of a running topic, in whole thousandths: a sum that no order of the stories changes."""

    def __init__(self, date: datetime) -> None:
        self.total: Counter[str] = Counter()
        self.size = 0
        self._length: float | None = None
        self._first = date

    def add(self, episode: Episode, times: int = 1) -> None:
        """Count a story in, or with `times` = -1 out."""
        for term, weight in episode.terms.items():
            self.total[term] += times * weight
            if not self.total[term]:
                del self.total[term]
        self.size += times
        self._length = None
        self._first = min(self._first, episode.date)

    @property
    def length(self) -> float:
        """Of the sum, worked out when it is asked for: most affairs never are."""
        if self._length is None:
            self._length = math.hypot(*self.total.values())
        return self._length

    def is_open(self, date: datetime) -> bool:
        return abs(date - self._first) <= _WINDOW

    def alike(self, terms: _Terms, date: datetime) -> float:
        """The cosine with a story, halved for each half-life between the story and the beginning of the affair."""
        shared = sum(weight * self.total[term] for term, weight in terms.items() if term in self.total)
        fading: float = 0.5 ** (abs(date - self._first) / _HALF_LIFE)
        return shared / (self.length * math.hypot(*terms.values())) * fading

    def core(self, terms: _Terms) -> list[str]:
        """What both a story and the affair name with some weight, what counts most first."""
        least = _CORE * self.length / 1000
        shared = [term for term, weight in terms.items() if weight >= _CORE and self.total[term] >= least]
        return sorted(shared, key=lambda term: (-terms[term] * self.total[term], term))


class AffairIndex:
    """The affairs of the last weeks, found by what their stories name."""

    def __init__(self, beat: Beat, join: float = JOIN) -> None:
        self._beat = beat
        self._join = join
        self._rarity = Rarity()  # the prior alone: a story weighs the same whatever came before it
        self._episodes: dict[int, Episode] = {}
        self._affairs: dict[int, _Affair] = {}
        self._holders: dict[str, set[int]] = defaultdict(set)

    @classmethod
    def of(cls, episodes: Iterable[Episode], beat: Beat) -> "AffairIndex":
        """An index of what has been decided already."""
        index = cls(beat)
        for episode in episodes:
            index._remember(episode)
        return index

    def place_all(self, stories: Iterable[Story]) -> list[Episode]:
        """Decide the affair of each story, in order; each is known to those after it."""
        return [self.place(story) for story in stories]

    def place(self, story: Story) -> Episode:
        """Decide the affair of a story that is new or has new reports; one that has company already keeps it."""
        known = self._episodes.get(story.id)
        if known:
            self._withdraw(known)
        date, terms = story.first.article.date, self._terms(story)
        if known and known.affair in self._affairs:
            affair, shares = known.affair, known.shares
        else:
            affair, shares = self._joined(story, terms, date)
        # A bulletin may belong to an affair, but what it tells of all the others must draw nobody in.
        kept = {} if all(is_bulletin(stored.article.title) for stored in story.articles) else terms
        episode = Episode(story=story.id, affair=affair, date=date, terms=kept, shares=shares)
        self._remember(episode)
        return episode

    def _joined(self, story: Story, terms: _Terms, date: datetime) -> tuple[int, tuple[str, ...]]:
        """The affair that it is most alike and what they share; an affair of its own if it is alike none."""
        alike = self._alike(terms, date)
        spelt = _spelt(story.articles) if alike else {}
        for affair in alike:
            shares = self._shared(self._affairs[affair].core(terms), spelt)
            if shares:
                return affair, shares
        return story.id, ()

    def _alike(self, terms: _Terms, date: datetime) -> list[int]:
        """The affairs that it is alike enough, the most alike first."""
        keys = sorted(terms, key=lambda term: (-terms[term], term))[:_KEYS]
        found = {affair for key in keys for affair in self._holders.get(key, ()) if self._affairs[affair].is_open(date)}
        alike = {affair: self._affairs[affair].alike(terms, date) for affair in found}
        return sorted((a for a in alike if alike[a] >= self._join), key=lambda affair: (-alike[affair], affair))

    def _shared(self, core: Sequence[str], spelt: Mapping[str, str]) -> tuple[str, ...]:
        """What ties two together, in words: concepts, other names, notions. Empty if these are too few, or only broad."""
        concepts = [self._beat.concepts[term[2:]] for term in core if term.startswith("c:")]
        others = [spelt[term] for term in core if term in spelt and not is_common(term)]
        # «Power of Siberia» and «Siberia» are one thing, not two.
        said = {notion for concept in concepts for notion in notions_in(concept.name(), "en")}
        notions = [term[2:].replace("_", " ") for term in core if _is_notion(term) and term not in said]
        told: dict[str, str] = {}
        for name in (*(concept.name() for concept in concepts), *others, *notions):
            told.setdefault(name.casefold(), name)
        narrow = others or any(concept.kind not in _BROAD for concept in concepts)
        return tuple(told.values())[:_TOLD] if narrow and len(told) > 1 else ()

    def _terms(self, story: Story) -> dict[str, int]:
        """What the reports name in the mean, weighed by rarity."""
        named: dict[str, float] = defaultdict(float)
        for stored in story.articles:
            for fact, weight in _facts(stored, self._beat).items():
                if not self._is_outlet(fact, stored):
                    named[fact] += weight / len(story.articles)
        rare = self._rarity.weights(FACTS, {self._counted_as(fact): 1.0 for fact in named})
        counted = ((fact, weight * rare.get(self._counted_as(fact), 0.0)) for fact, weight in named.items())
        weights = {fact: weight for fact, weight in counted if weight}
        kept = sorted(weights, key=lambda fact: (-weights[fact], fact))[:_TERMS]
        length = math.hypot(*(weights[fact] for fact in kept))
        return {fact: thousandths for fact in kept if (thousandths := round(1000 * weights[fact] / length))}

    def _counted_as(self, fact: str) -> str:
        """The name by which a fact's rarity is known."""
        return fact_of(self._beat.concepts[fact[2:]]) if fact.startswith("c:") else fact

    def _is_outlet(self, fact: str, stored: StoredArticle) -> bool:
        """Whether a report names the outlet that it is of, as agencies do in each."""
        outlet = stored.article.outlet.casefold()
        return fact.startswith("c:") and self._beat.concepts[fact[2:]].name().casefold() in outlet

    def _remember(self, episode: Episode) -> None:
        self._episodes[episode.story] = episode
        self._affairs.setdefault(episode.affair, _Affair(episode.date)).add(episode)
        for term in episode.terms:
            self._holders[term].add(episode.affair)

    def _withdraw(self, episode: Episode) -> None:
        affair = self._affairs[episode.affair]
        affair.add(episode, -1)
        if not affair.size:
            del self._affairs[episode.affair]
        for term in episode.terms:
            if term not in affair.total:
                self._holders[term].discard(episode.affair)


def _is_notion(term: str) -> bool:
    """Whether it is a notion of the glossary, but no office: who holds it is named, and a spokesman speaks of all."""
    glossary = load_glossary()
    return term.startswith("g:") and term[2:] not in glossary.actors and term[2:] not in glossary.offices


def _facts(stored: StoredArticle, beat: Beat) -> dict[str, float]:
    """Concepts (`c:`), notions (`g:`) and other names (`s:`), each with what it counts; quantities come and go within an affair."""
    article, facts = stored.article, dict[str, float]()
    fields: tuple[tuple[Field, str, float], ...] = (
        ("text", article.body[:LEAD], LEAD_FACT),
        ("title", article.title, 1.0),
    )
    for field, text, weight in fields:
        mentions = mentions_in(stored, field, text)
        concepts = list(concepts_of(mentions, text, beat))
        notions = set(notions_in(text, article.language)).difference(map(fact_of, concepts))
        names = dict(names_in(text, article.language, mentions))
        facts |= dict.fromkeys((*(f"c:{concept.id}" for concept in concepts), *sorted(notions), *names), weight)
    return facts


def _spelt(articles: Iterable[StoredArticle]) -> dict[str, str]:
    """Names that are no concepts, as the reports write them."""
    return {
        fact: name
        for stored in articles
        for text in (stored.article.body[:LEAD], stored.article.title)
        for fact, name in names_in(text, stored.article.language)
    }
