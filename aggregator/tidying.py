"""What is old goes, a little at a time, as the settings say."""

from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator.archive import Archive
from aggregator.model import Tidied
from aggregator.settings import Retention

#: Articles in one transaction: a tenth of a second, for which others wait.
_BATCH = 200
_DAY = timedelta(days=1)


def tidy(
    archive: Archive,
    rules: Retention,
    now: datetime,
    *,
    most: int | None = None,
    progress: Callable[[int], None] = lambda dropped: None,
) -> Tidied:
    """Drop what the rules say is old, in small transactions, or so many of them at most; says what it came to."""
    articles = deliveries = batches = 0
    while most is None or batches < most:
        done = archive.tidy(rules, now, _BATCH)
        if not done.articles and not done.deliveries:
            archive.save_tidied(now)
            break
        articles, deliveries, batches = articles + done.articles, deliveries + done.deliveries, batches + 1
        progress(done.articles + done.deliveries)
    return Tidied(articles=articles, deliveries=deliveries)


def is_due(archive: Archive, rules: Retention, now: datetime) -> bool:
    """Whether there are rules, and a day has gone since all was tidy."""
    last = archive.tidied()
    return rules != Retention() and (last is None or now - last >= _DAY)
