"""Alerts: a thousand rules over five hundred new articles, and a fortnight of notices with and without what keeps them few.

    python benchmarks/alerts.py --archive demo.db [--rules 1000] [--articles 500]

The archive is one that `aggregator demo` has left. The naive loop asks each rule's words of each article's text by a
regular expression, as scripts around feed readers do; it knows neither names in other scripts nor stories.
"""

import argparse
import random
import re
import tempfile
import time
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path

from aggregator.alerting import alert
from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive.rows import record
from aggregator.archive.sqlite import SqliteArchive, open_archive, read_archive
from aggregator.model import DeliveryState, FeedState, Harvest, StoredArticle
from aggregator.pipeline import Gatherer
from aggregator.query import parse_query
from aggregator.settings import AlertRule, Escalation, Feed, Mail, Settings

_RULES = (
    AlertRule(name="energy", query="topic:energy", recipients=("desk@example.org",)),
    AlertRule(name="visits", query="topic:diplomacy relevance>=0.8", recipients=("desk@example.org",)),
    AlertRule(name="military", query="topic:military", recipients=("desk@example.org",)),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--rules", type=int, default=1_000)
    parser.add_argument("--articles", type=int, default=500)
    options = parser.parse_args()
    with closing(read_archive(options.archive)) as archive:
        stored = archive.placed_since(0, 100_000)
        percolate(archive, (stored * (options.articles // len(stored) + 1))[: options.articles], options.rules)
    fortnight(sorted(stored, key=lambda one: (one.article.date, one.id)))


# --- how fast ---


def percolate(archive: SqliteArchive, articles: Sequence[StoredArticle], number: int) -> None:
    """Rules of one or two names each, ours and by regular expressions."""
    beat, chance = load_beat(), random.Random(1)
    new = [replace(one, id=n) for n, one in enumerate(articles, 1)]
    names = [concept.name() for concept in beat.concepts.values() if '"' not in concept.name()]
    asked = [" OR ".join(f'"{name}"' for name in chance.sample(names, chance.randint(1, 2))) for _ in range(number)]
    now = new[-1].article.date
    begun = time.perf_counter()
    queries = [parse_query(text, vocabulary=beat, now=now) for text in asked]
    parsed = time.perf_counter() - begun
    archive.percolate(queries[:1], new[:1])  # what is made once in a process
    begun = time.perf_counter()
    found = archive.percolate(queries, new)
    took = time.perf_counter() - begun
    begun = time.perf_counter()
    patterns = [
        re.compile("|".join(map(re.escape, text.replace('"', "").split(" OR "))), re.IGNORECASE) for text in asked
    ]
    texts = [f"{one.article.title}\n{one.article.body}" for one in new]
    naive = sum(bool(pattern.search(text)) for pattern in patterns for text in texts)
    naive_took = time.perf_counter() - begun
    print(
        f"{number:,} rules over {len(new)} articles: {took:.2f} s, {sum(map(len, found)):,} matches (parsed in {parsed:.2f} s)"
    )
    print(f"a loop of regular expressions: {naive_took:.2f} s, {naive:,} matches")


# --- how many ---


def fortnight(stored: Sequence[StoredArticle]) -> None:
    """The notices of all hours of a fortnight, by what keeps them few."""
    quiet = [replace(rule, quiet="21:00-07:00") for rule in _RULES]
    again = [replace(rule, escalate=Escalation(sources=3, camps=True)) for rule in _RULES]
    print(f"{'':44}{'matching':>9}{'notices':>9}{'again':>7}{'held':>6}{'mails':>7}")
    for name, rules in (
        ("one for each story", _RULES),
        ("… and again when 3 sources or a camp join", again),
        ("one for each story, an hour's cooldown", [replace(rule, cooldown_minutes=60) for rule in _RULES]),
        ("one for each story, quiet from 21 to 7", quiet),
    ):
        print(
            f"{name:44}"
            + "".join(f"{count:>{width}}" for count, width in zip(play(stored, rules), (9, 9, 7, 6, 7), strict=True))
        )


def play(stored: Sequence[StoredArticle], rules: Iterable[AlertRule]) -> tuple[int, ...]:
    """(articles that match, notices, of which of a story told before, held, mails), hour by hour through the real code."""
    settings = Settings(alerts=tuple(rules), mail=Mail(host="x", sender="a@example.org"))
    beat = load_beat()
    with tempfile.TemporaryDirectory() as folder, closing(open_archive(Path(folder) / "a.db")) as archive:
        gatherer = Gatherer(archive, settings)
        for hour, group in groupby(stored, key=lambda one: one.article.date.replace(minute=0, second=0)):
            save(archive, group)
            gatherer.gather()
            alert(archive, settings, now=hour + timedelta(hours=1))
        notices = archive.notices(100_000)
        alert(archive, settings, now=max(n.created for n in notices) + timedelta(days=1))
        queries = [
            parse_query(rule.query, vocabulary=beat, now=datetime.now().astimezone()) for rule in settings.alerts
        ]
        placed = archive.placed_since(0, 100_000)
        relevant = [one for one in placed if one.annotated.relevance.score >= 0.5]
        matching = sum(map(len, archive.percolate(queries, relevant)))
        held = sum(bool(notice.held) for notice in notices)
        mails = archive.deliveries(DeliveryState.QUEUED)
    return matching, len(notices), sum(notice.number > 1 for notice in notices), held, len(mails)


def save(archive: SqliteArchive, group: Iterable[StoredArticle]) -> None:
    """Articles as their feeds bring them."""
    for one in group:
        article = one.article
        feed = Feed(
            url=article.feed_url, outlet=article.outlet, language="en", country=article.country, camp=article.camp
        )
        made = record(annotate(replace(article, first_seen=article.date), load_beat()))
        archive.save(Harvest(feed=feed, state=FeedState(url=feed.url), outcome="ok", records=(made,)))


if __name__ == "__main__":
    main()
