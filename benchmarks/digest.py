"""How long an edition takes: 100,000 articles in its window, and the usual day.

    python benchmarks/digest.py --keep DIR [--articles 100000]

The archive is one that `archive.py --keep DIR` has left.
"""

import argparse
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import SqliteArchive, read_archive
from aggregator.editions import compose
from aggregator.publish.digest import mail_html
from aggregator.settings import DigestDefinition, Section, Settings

_SECTIONS = (
    Section(title="Energy", query="topic:energy", maximum_per_camp=3),
    Section(title="Names", query="Putin OR 习近平", maximum_per_outlet=2),
    Section(title="Rest"),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="the folder of the archive")
    parser.add_argument("--articles", type=int, default=100_000)
    options = parser.parse_args()
    load_beat()
    with closing(read_archive(options.keep / "archive.db")) as archive:
        last = archive.article(archive.last_article_id())
        first = archive.article(archive.last_article_id() - options.articles)
        assert last
        assert first
        until, wide = last.article.date, first.article.date
        for name, since in (("all of the window", wide), ("a day", until - timedelta(days=1))):
            for least in (0.0, 0.5):
                measure(archive, name, since, until, least)


def measure(archive: SqliteArchive, name: str, since: datetime, until: datetime, least: float) -> None:
    """One edition, its mail included."""
    definition = DigestDefinition(sections=_SECTIONS, minimum_relevance=least, week_in_review=True)
    begun = time.perf_counter()
    edition = compose(archive, Settings(), definition, until.date(), (since, until))
    composed = time.perf_counter() - begun
    size = len(mail_html(edition).encode())
    content = edition.manifest["content"]
    assert isinstance(content, dict)
    print(
        f"{name}, relevance >= {least}: {content['articles']:,} articles in {content['stories']:,} stories;"
        f" composed in {composed:.2f} s, with its mail ({size:,} bytes) in {time.perf_counter() - begun:.2f} s"
    )


if __name__ == "__main__":
    main()
