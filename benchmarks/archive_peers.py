"""The same articles in this archive, in plain FTS5 (unicode61) and in `reader`'s search: time to answer, and what is not found.

    python -m benchmarks.archive_peers [--articles 50000]

Articles are invented as in `archive.py`, and saved by each as it saves them. `reader` is asked if it can be imported.
Words and names only: the peers know no fields. A page of 20 is asked for, the newest first by us, else the best.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive.engine import sqlite3
from aggregator.archive.rows import record
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.model import Article
from aggregator.query import parse_query
from benchmarks.archive import Press, harvests, vocabularies

#: Names and words of the beat as texts have them.
_NAMES = (
    *("Putin", "Путина", "Путиным", "普京", "Gazprom", "Газпрома", "俄罗斯天然气工业股份公司"),
    *("Beijing", "Пекину", "北京", "Xi Jinping", "Си Цзиньпина", "习近平"),
)
_RANKS = (0, 20, 500, 3_000)
_SHOWN = 20

#: A query → how many match.
Asked = Callable[[str], int]


def ours(articles: Sequence[Article], folder: Path) -> Asked:
    """This program's archive."""
    beat, path = load_beat(), folder / "archive.db"
    with closing(open_archive(path)) as archive:
        for batch in _batches(articles):
            archive.save_all(harvests([record(annotate(article, beat)) for article in batch]))

    def ask(text: str) -> int:
        query = parse_query(text, vocabulary=beat, now=datetime.now(UTC))
        with closing(read_archive(path)) as archive:
            return archive.search(query, order="newest", limit=_SHOWN, offset=0).total

    return ask


def plain(articles: Sequence[Article], folder: Path) -> Asked:
    """FTS5 as most programs use it: its own words, the best first."""
    db = sqlite3.connect(folder / "plain.db")
    db.execute("CREATE VIRTUAL TABLE words USING fts5(title, text, tokenize = unicode61)")
    for batch in _batches(articles):
        db.executemany("INSERT INTO words(title, text) VALUES (?, ?)", [(one.title, one.text) for one in batch])
        db.commit()

    def ask(text: str) -> int:
        quoted = " ".join(f'"{word}"' for word in text.split())
        db.execute(f"SELECT rowid FROM words WHERE words MATCH ? ORDER BY rank LIMIT {_SHOWN}", (quoted,)).fetchall()
        return int(db.execute("SELECT count(*) FROM words WHERE words MATCH ?", (quoted,)).fetchone()[0])

    return ask


def reader(articles: Sequence[Article], folder: Path) -> Asked:
    """The library `reader`, with its search as it comes."""
    from reader import make_reader  # type: ignore[import-not-found]  # a peer, not one of our packages

    kept = make_reader(str(folder / "reader.db"), search_enabled=True)
    for url in sorted({one.feed_url for one in articles}):
        kept.add_feed(url, allow_invalid_url=True)  # nothing is fetched
    for number, one in enumerate(articles):
        entry = {"feed_url": one.feed_url, "id": str(number), "title": one.title, "summary": one.text}
        kept.add_entry(entry | {"published": one.published})
    kept.enable_search()
    kept.update_search()

    def ask(text: str) -> int:
        quoted = " ".join(f'"{word}"' for word in text.split())
        list(kept.search_entries(quoted, limit=_SHOWN))
        return int(kept.search_entry_counts(quoted).total)

    return ask


def _batches(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    for start in range(0, len(articles), 2_000):
        yield articles[start : start + 2_000]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=50_000)
    number = parser.parse_args().articles
    press = Press(1, vocabularies())
    articles = [press.article(n, number) for n in range(number)]
    words = [press.words[language][rank] for language in press.words for rank in _RANKS]
    programs = {"ours": ours, "plain FTS5": plain} | ({"reader": reader} if find_spec("reader") else {})
    found: dict[str, list[int]] = {}
    for name, made in programs.items():
        with tempfile.TemporaryDirectory() as folder:
            begun = time.perf_counter()
            ask = made(articles, Path(folder))
            saved, took = time.perf_counter() - begun, []
            found[name] = []
            for text in (*_NAMES, *words):
                begun = time.perf_counter()
                found[name].append(ask(text))
                took.append((time.perf_counter() - begun) * 1000)
        median, slowest = statistics.median(took), max(took)
        print(
            f"{name:12} saved {number / saved:6,.0f} articles/s  a page: median {median:.1f} ms, slowest {slowest:.0f} ms"
        )
    print(f"{'found':24}", *(f"{name:>12}" for name in found))
    for text, *counts in zip((*_NAMES, *words), *found.values(), strict=True):
        print(f"{text:24}", *(f"{count:>12,}" for count in counts))


if __name__ == "__main__":
    main()
