"""What simple ways to find stories come to on judged stories, beside which ours is to be read.

    python benchmarks/story_baselines.py JUDGED.jsonl

Each is a single pass in order of time: an article joins the story of the most similar earlier one within 72 hours if it
is similar enough. For the cosine and the shingles the best of several thresholds by B-cubed is shown: more than a user
would get. Shingles are compared exactly, which MinHash estimates.
"""

import argparse
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from aggregator.annotate.beat import load_beat
from aggregator.annotate.stories import WINDOW
from aggregator.evaluate_stories import JudgedArticle, StoryMeasures, gather, measure_stories, read_judged_articles
from aggregator.text.words import words

Similarity = Callable[[int, int], float]
_THRESHOLDS = tuple(n / 20 for n in range(2, 17))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    beat = load_beat()
    judged = read_judged_articles(parser.parse_args().file, beat)
    titles = [frozenset(words(one.stored.article.title)) for one in judged]
    texts = [words(f"{one.stored.article.title} {one.stored.article.body[:400]}") for one in judged]
    shingles = [frozenset(zip(text, text[1:], text[2:], strict=False)) for text in texts]
    vectors = tf_idf(texts)
    print("| | B-cubed F1 | within a language F1 | across languages F1 |\n|---|---|---|---|")
    show("every item alone", measure_stories(judged, {one.stored.id: one.stored.id for one in judged}))
    show("title words, overlap ≥ 0.6", single_pass(judged, lambda a, b: overlap(titles[a], titles[b]), 0.6))
    show("3-word shingles, Jaccard", best(judged, lambda a, b: jaccard(shingles[a], shingles[b])))
    show("TF-IDF cosine", best(judged, lambda a, b: dot(vectors[a], vectors[b])))
    show("ours, as shipped", measure_stories(judged, gather([one.stored for one in judged], beat)[0]))


def best(judged: Sequence[JudgedArticle], similarity: Similarity) -> StoryMeasures:
    """The measures at the threshold that is best by B-cubed."""
    return max((single_pass(judged, similarity, t) for t in _THRESHOLDS), key=lambda measures: measures.bcubed.f1)


def single_pass(judged: Sequence[JudgedArticle], similarity: Similarity, threshold: float) -> StoryMeasures:
    """Each article joins the most similar earlier one, or founds a story."""
    story: dict[int, int] = {}
    for place, one in enumerate(judged):
        near, score = -1, 0.0
        for earlier in range(place - 1, -1, -1):
            if one.stored.article.date - judged[earlier].stored.article.date > WINDOW:
                break
            alike = similarity(place, earlier)
            near, score = (earlier, alike) if alike > score else (near, score)
        story[one.stored.id] = story[judged[near].stored.id] if score >= threshold else one.stored.id
    return measure_stories(judged, story)


def tf_idf(texts: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Vectors of unit length."""
    having = Counter(word for text in texts for word in set(text))
    vectors = []
    for text in texts:
        raw = {word: (1 + math.log(n)) * math.log(len(texts) / having[word]) for word, n in Counter(text).items()}
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        vectors.append({word: value / length for word, value in raw.items()})
    return vectors


def dot(a: Mapping[str, float], b: Mapping[str, float]) -> float:
    return sum(value * b[word] for word, value in a.items() if word in b)


def overlap(a: frozenset[str], b: frozenset[str]) -> float:
    return len(a & b) / (min(len(a), len(b)) or 1)


def jaccard(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    return len(a & b) / (len(a | b) or 1)


def show(name: str, measures: StoryMeasures) -> None:
    print(f"| {name} | {measures.bcubed.f1:.3f} | {measures.within.f1:.3f} | {measures.cross_lingual.f1:.3f} |")


if __name__ == "__main__":
    main()
