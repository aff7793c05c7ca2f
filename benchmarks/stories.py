"""How fast articles are placed, and in how much memory, by the number of articles in the window.

    python benchmarks/stories.py [--sizes 1000,10000,100000]

Articles are made: events with their own names and numbers, reported by several outlets in words that are drawn as in
real text (Zipf), so that common words are common; all within one window. Each size is filled, then measured over the
last articles, by CPU time; in a process of its own, so that the peak is its own.
"""

import argparse
import multiprocessing
import random
import resource
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.annotate.stories import WINDOW, StoryIndex
from aggregator.model import Article, DateConfidence, StoredArticle
from aggregator.settings import Camp

_BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
_VOCABULARY = 40_000
_OUTLETS = 250
_REPORTS_PER_EVENT = 5
_MEASURED = 1_000
_NAMES = ("Putin", "Xi Jinping", "Lavrov", "Wang Yi", "Gazprom", "CNPC", "Moscow", "Beijing", "Vladivostok", "Harbin")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    print(
        "| articles in the window | articles/s | ms an article | of it signature | peak memory MB |\n|---|---|---|---|---|"
    )
    for size in map(int, parser.parse_args().sizes.split(",")):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            print(pool.apply(measure, (size,)), flush=True)


def measure(size: int) -> str:
    """A row of the table."""
    beat = load_beat()
    articles = made(size)
    index = StoryIndex(beat)
    for stored in islice(articles, size - _MEASURED if size > _MEASURED else 0):
        index.place(stored)
    last = list(articles)
    begun = time.process_time()
    index.place_all(last)
    each = (time.process_time() - begun) / len(last)
    begun = time.process_time()
    for stored in last:
        index.weigh(stored)
    weighing = (time.process_time() - begun) / len(last)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"| {size:,} | {1 / each:,.0f} | {each * 1000:.2f} | {weighing * 1000:.2f} | {peak:,.0f} |"


def made(count: int) -> Iterator[StoredArticle]:
    """Articles in order of time, all within one window."""
    chance, beat = random.Random(7), load_beat()
    words = [_word(number) for number in range(_VOCABULARY)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(_VOCABULARY)))
    open_events: list[list[str]] = []
    for number in range(1, count + 1):
        if not open_events or chance.random() < 1 / _REPORTS_PER_EVENT:
            open_events.append(
                [*chance.choices(words, cum_weights=weights, k=18), *chance.sample(_NAMES, 2), str(number % 977)]
            )
            open_events = open_events[-400:]
        event = chance.choice(open_events)
        moment = _BEGUN + (WINDOW - timedelta(hours=1)) * number / count
        title = " ".join(chance.sample(event, 9))
        text = " ".join([*chance.sample(event, 14), *chance.choices(words, cum_weights=weights, k=35)])
        yield StoredArticle(id=number, annotated=annotate(_article(number, title, text, moment), beat))


def _word(number: int) -> str:
    syllables = [
        "ka",
        "lo",
        "mi",
        "ne",
        "ru",
        "ta",
        "vo",
        "shi",
        "pe",
        "dar",
        "gon",
        "bel",
        "tur",
        "sam",
        "lin",
        "por",
        "vex",
        "zan",
    ]
    word = ""
    while True:
        number, syllable = divmod(number, len(syllables))
        word += syllables[syllable]
        if not number:
            return word


def _article(number: int, title: str, text: str, moment: datetime) -> Article:
    return Article(
        feed_url="",
        outlet=f"Outlet {number * 7919 % _OUTLETS}",
        camp=Camp.OTHER,
        country="",
        language="en",
        url="",
        title=title,
        summary=text,
        text="",
        author="",
        published=moment,
        date_confidence=DateConfidence.STATED,
        first_seen=moment,
        content_hash=str(number),
        keys=(),
    )


if __name__ == "__main__":
    main()
