"""How much a word or fact tells: the rarer among recent articles, the more."""

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

#: The language of facts: none.
FACTS = "*"
_FILE = Path(__file__).parent / "rarity.json"
#: So many articles the prior counts for, so that the first articles of an archive can be compared;
#: from 100 to 20,000 it made no difference to the judged stories, without it the first were compared badly.
_PRIOR_WEIGHT = 2000.0


@lru_cache(maxsize=1)
def _prior() -> Mapping[str, Mapping[str, float]]:
    """Share of articles in which common words and facts stand, by language; what is not listed is rare."""
    shares: dict[str, dict[str, float]] = json.loads(_FILE.read_text(encoding="utf-8"))["shares"]
    return shares


def is_common(fact: str) -> bool:
    """Whether a fact stands in so many articles that the prior lists it."""
    return fact in _prior().get(FACTS, {})


class Rarity:
    """Inverse document frequencies of a prior and of the articles counted in and not yet out again."""

    def __init__(self) -> None:
        self._totals: Counter[str] = Counter()
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)

    def count(self, language: str, terms: Iterable[str]) -> None:
        """Count an article's terms in."""
        self._totals[language] += 1
        self._counts[language].update(iter(terms))  # of a mapping it would add the values up

    def uncount(self, language: str, terms: Iterable[str]) -> None:
        """Count an article's terms out again."""
        self._totals[language] -= 1
        counts = self._counts[language]
        for term in terms:
            if counts[term] == 1:
                del counts[term]
            else:
                counts[term] -= 1

    def weights(self, language: str, terms: Mapping[str, float]) -> dict[str, float]:
        """Each term's own weight times its rarity, log(articles / articles that have it)."""
        shares, counts = _prior().get(language, {}), self._counts[language]
        total = math.log(_PRIOR_WEIGHT + self._totals[language] + 1)
        return {
            term: own * rarity
            for term, own in terms.items()
            if (rarity := total - math.log(_PRIOR_WEIGHT * shares.get(term, 0.0) + counts.get(term, 0) + 0.5)) > 0
        }
