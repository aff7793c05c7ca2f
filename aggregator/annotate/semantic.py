"""An embedding model that an operator may have: one more piece of evidence that reports in two languages are of one event.

Without one nothing changes. What a model finds counts only where languages differ: within one, words say more.
"""

import math
from collections.abc import Sequence
from operator import mul
from typing import Protocol

from aggregator.model import StoredArticle

#: How much of the body is embedded beside the title: the lead.
_LEAD = 400
#: Log-odds that two reports of equal meaning gain, and the cosine from which they gain any. Chosen, not fitted: models
#: differ; measure yours with `aggregator evaluate stories --semantic-model`.
_POINTS, _NEUTRAL = 2.0, 0.5


class Embedder(Protocol):
    """Whatever gives texts of like meaning, in whichever language, vectors of like direction."""

    def embed(self, text: str) -> Sequence[float]:
        """The vector of a text; all have the same length."""


class Meanings:
    """The meanings of the articles that may still be compared."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._vectors: dict[int, list[float]] = {}

    def remember(self, stored: StoredArticle) -> None:
        """Embed title and lead."""
        vector = self._embedder.embed(f"{stored.article.title}\n{stored.article.body[:_LEAD]}")
        length = math.hypot(*vector) or 1.0
        self._vectors[stored.id] = [value / length for value in vector]

    def forget(self, article: int) -> None:
        """An article that is not compared any more."""
        self._vectors.pop(article, None)

    def points(self, one: int, other: int) -> float:
        """Log-odds that two articles report the same event, from what they mean; never below 0."""
        cosine: float = sum(map(mul, self._vectors[one], self._vectors[other]))
        return _POINTS * max(0.0, cosine - _NEUTRAL) / (1 - _NEUTRAL)
