"""Same event: which recent story an article belongs to, within a language and across languages.

Within a language, words decide (tf-idf cosine of title and lead). Across languages, what does not
depend on a language: concepts and numbers, the rarer the weightier.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from aggregator.annotate.beat import Beat
from aggregator.annotate.duplicates import is_copy
from aggregator.annotate.signature import Signature, signature
from aggregator.model import Placement, StoredArticle

#: Reports of one event appear within this time; a later one is a new development.
WINDOW = timedelta(hours=48)
#: Cosine from which two reports in one language tell the same event, and the same for shared facts
#: across languages; both set on the judged stories, see docs/judgement.md.
SAME_LANGUAGE = 0.30
ACROSS_LANGUAGES = 0.50
#: Across languages fewer shared facts than this prove nothing, however rare.
_SHARED_FACTS = 2
#: A word or fact that stands in more than this share of the recent articles tells nothing.
_COMMON = 0.15
#: Only so many of the likeliest earlier articles are compared.
_CANDIDATES = 40


@dataclass(slots=True)
class StoryIndex:
    """The recent articles, indexed by their words and facts; grows as articles are placed."""

    beat: Beat
    _signatures: dict[int, Signature] = field(default_factory=dict)
    _copies: dict[int, int] = field(default_factory=dict)
    _postings: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, recent: Iterable[StoredArticle], beat: Beat) -> "StoryIndex":
        """An index of articles that have their stories already."""
        index = cls(beat)
        for stored in recent:
            index._add(signature(stored, beat), stored.copy_of)
        return index

    def place_all(self, articles: Iterable[StoredArticle]) -> list[Placement]:
        """Decide the story of each article; each is known to those after it."""
        return [self.place(stored) for stored in articles]

    def place(self, stored: StoredArticle) -> Placement:
        """Decide which earlier article tells the same event, and whose text this one reprints."""
        mine = signature(stored, self.beat)
        placement = self._decide(mine, self._candidates(mine))
        self._add(mine, placement.copy_of)
        return placement

    def _decide(self, mine: Signature, candidates: list[Signature]) -> Placement:
        copied = next((other for other in candidates if is_copy(mine, other)), None)
        if copied is not None:
            original = self._copies.get(copied.article, copied.article)
            return Placement(article=mine.article, joins=copied.article, copy_of=original)
        scored = [(self._sameness(mine, other), -other.article) for other in candidates]
        best, article = max(scored, default=(0.0, 0))
        return Placement(article=mine.article, joins=-article if best >= 1.0 else None)

    def _add(self, mine: Signature, copy_of: int | None) -> None:
        self._signatures[mine.article] = mine
        if copy_of is not None:
            self._copies[mine.article] = copy_of
        for key in self._keys(mine):
            self._postings[key].append(mine.article)

    @staticmethod
    def _keys(mine: Signature) -> list[str]:
        return [*(f"{mine.language}:{term}" for term in mine.terms), *mine.facts]

    def _candidates(self, mine: Signature) -> list[Signature]:
        votes: Counter[int] = Counter()  # holds sums of rarities
        for key in self._keys(mine):
            rarity = self._rarity(key)
            if rarity > 0:
                for article in self._postings.get(key, ()):
                    votes[article] += rarity  # type: ignore[assignment]
        near = (self._signatures[article] for article, _ in votes.most_common(_CANDIDATES * 3))
        return [other for other in near if abs(mine.moment - other.moment) <= WINDOW][:_CANDIDATES]

    def _rarity(self, key: str) -> float:
        """Inverse document frequency, 0 for what is common."""
        total, having = len(self._signatures) + 1, len(self._postings.get(key, ()))
        return 0.0 if total > 40 and having > total * _COMMON else math.log((total + 10) / (having + 0.5))

    def _sameness(self, mine: Signature, other: Signature) -> float:
        """1.0 and above: the same event."""
        if mine.language == other.language:
            words = self._cosine(mine, other) / SAME_LANGUAGE
            return words if self._agree(mine, other) else words * 0.8
        return self._shared_facts(mine, other) / ACROSS_LANGUAGES

    @staticmethod
    def _agree(mine: Signature, other: Signature) -> bool:
        """Whether the facts of two reports do not speak against each other."""
        return not mine.facts or not other.facts or bool(mine.facts & other.facts)

    def _cosine(self, mine: Signature, other: Signature) -> float:
        shared = mine.terms.keys() & other.terms.keys()
        dot = sum(self._weight(mine, term) * self._weight(other, term) for term in shared)
        return dot / (self._norm(mine) * self._norm(other) or 1.0)

    def _weight(self, mine: Signature, term: str) -> float:
        return (1 + math.log(mine.terms[term])) * self._rarity(f"{mine.language}:{term}")

    def _norm(self, mine: Signature) -> float:
        return math.sqrt(sum(self._weight(mine, term) ** 2 for term in mine.terms))

    def _shared_facts(self, mine: Signature, other: Signature) -> float:
        shared = mine.facts & other.facts
        if len(shared) < _SHARED_FACTS:
            return 0.0
        dot = sum(self._rarity(fact) ** 2 for fact in shared)
        norms = [math.sqrt(sum(self._rarity(f) ** 2 for f in s.facts)) for s in (mine, other)]
        return dot / (norms[0] * norms[1] or 1.0)
