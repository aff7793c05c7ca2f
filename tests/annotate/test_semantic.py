"""Meaning as one more piece of evidence, by a small model that knows five words in two languages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.annotate.rarity import Rarity
from aggregator.annotate.sameness import Weights, load_weights, sameness, weighed
from aggregator.annotate.semantic import Embedder, Meanings
from aggregator.annotate.signature import signature
from aggregator.annotate.stories import StoryIndex
from aggregator.evaluate_stories import grouped
from aggregator.model import StoredArticle
from tests.builders import NOW, make_article

WORDS = (("bear", "медвед"), ("bridge", "мост"), ("delay", "задерж"), ("train", "поезд"), ("harbin", "харбин"))


class FiveWords:
    """A dimension for each word that it knows, in either language."""

    def embed(self, text: str) -> Sequence[float]:
        return [float(any(form in text.casefold() for form in forms)) for forms in WORDS]


def article(number: int, title: str, *, language: str = "en") -> StoredArticle:
    made = make_article(
        title, language=language, outlet=f"Outlet {number}", published=NOW + timedelta(minutes=10 * number)
    )
    return StoredArticle(id=number, annotated=annotate(made, load_beat()))


BEAR = article(1, "Bear on the bridge delays a train")
SAME = article(2, "Медведь на мосту задержал поезд", language="ru")
OTHER = article(3, "Поезд на мосту стал длиннее", language="ru")


def just_apart() -> Weights:
    """The shipped weights, with a bias that leaves the first two a point of log-odds short of one story."""
    weights = load_weights()
    one, two = (weighed(signature(stored, load_beat()), Rarity()) for stored in (BEAR, SAME))
    short = weights.join + weights.alone - 1.0 - sameness(one, two, weights)
    return replace(weights, across={**weights.across, "bias": weights.across["bias"] + short})


def stories(*articles: StoredArticle, embedder: Embedder | None) -> dict[int, int]:
    return grouped(StoryIndex(load_beat(), just_apart(), embedder).place_all(articles))


def test_like_meaning_brings_languages_together_and_without_a_model_nothing_changes() -> None:
    assert stories(BEAR, SAME, embedder=None) == {1: 1, 2: 2}
    assert stories(BEAR, SAME, embedder=FiveWords()) == {1: 1, 2: 1}
    assert stories(BEAR, OTHER, embedder=FiveWords()) == {1: 1, 3: 3}


@pytest.mark.parametrize(("other", "points"), [(BEAR, 2.0), (SAME, 2.0), (OTHER, 0.83), (article(4, "Rice"), 0.0)])
def test_points_grow_with_the_cosine_and_are_never_against(other: StoredArticle, points: float) -> None:
    meanings = Meanings(FiveWords())
    for stored in (BEAR, other):
        meanings.remember(stored)
    assert meanings.points(BEAR.id, other.id) == pytest.approx(points, abs=0.01)
