"""Which cosine ties a story to an affair: agreement with readers' topics, and what months held out expect of it.

    python benchmarks/affairs.py JUDGED.jsonl

Items are as `aggregator evaluate stories` reads them, with a `topic` each.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from aggregator.annotate.affairs import JOIN
from aggregator.annotate.beat import load_beat
from aggregator.evaluate_affairs import AffairMeasures, judged_stories, link, measure_affairs, read_topics
from aggregator.evaluate_stories import read_judged_articles
from benchmarks.fit_stories import folds

_JOINS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4)
_FOLDS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--beat", default="china-russia")
    chosen = parser.parse_args()
    beat = load_beat(chosen.beat)
    stories, topics = judged_stories(read_judged_articles(chosen.file, beat), read_topics(chosen.file))
    said = {join: link(stories, beat, join) for join in _JOINS}
    for join in _JOINS:
        show(f"cosine {join}", measure_affairs(said[join], topics))
    months = [f"{story.first.article.date:%Y-%m}" for story in stories]
    sizes: dict[int, int] = defaultdict(int)
    for affair in said[JOIN].values():
        sizes[affair] += 1
    print(
        f"at {JOIN}: {sum(size > 1 for size in sizes.values())} affairs of several stories, the largest of {max(sizes.values())}"
    )
    for seed in range(3):
        show(f"months held out, split {seed}", held_out(said, topics, folds(months, seed)))


def held_out(said: Mapping[float, Mapping[int, int]], topics: Mapping[int, str], fold: Sequence[int]) -> AffairMeasures:
    """The months of each fold linked by the cosine that does best (B-cubed) on the others."""
    own = dict(zip(topics, fold, strict=True))
    best: dict[int, int] = {}
    for held in range(_FOLDS):

        def others(join: float, held: int = held) -> float:
            seen = {story: affair for story, affair in said[join].items() if own[story] != held}
            return measure_affairs(seen, topics).bcubed.f1

        chosen = max(_JOINS, key=others)
        print(f"  fold {held}: {chosen}")
        best |= {story: affair for story, affair in said[chosen].items() if own[story] == held}
    return measure_affairs(best, topics)


def show(title: str, measures: AffairMeasures) -> None:
    figures = (("pairs", measures.pairs), ("stories", measures.bcubed))
    print(f"{title:28}", *(f"{n} {c.precision:.3f} {c.recall:.3f} F1 {c.f1:.3f}" for n, c in figures), sep="  ")


if __name__ == "__main__":
    main()
