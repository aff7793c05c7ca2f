"""Records of articles → the tables and the index, a statement for many at once: that costs half of many statements."""

from collections.abc import Mapping, Sequence

from sqlite_utils import Database

from aggregator.archive.base import marks
from aggregator.archive.rows import ARTICLE_COLUMNS
from aggregator.model import Record

#: What a new judgement changes of an article.
_JUDGED = ("relevance", "annotation", "annotation_version")


def insert_articles(db: Database, records: Mapping[int, Record]) -> None:
    """Keep and index new articles under these ids."""
    rows = [(article, *record.values) for article, record in records.items()]
    many(db, "INSERT", "articles", ("id", *ARTICLE_COLUMNS), rows)
    _index(db, records)


def judge_again(db: Database, records: Mapping[int, Record]) -> None:
    """Give the articles of these ids a new judgement, and index them by it."""
    places = [ARTICLE_COLUMNS.index(name) for name in _JUDGED]
    rows = [(*(record.values[place] for place in places), article) for article, record in records.items()]
    db.conn.executemany(f"UPDATE articles SET {', '.join(f'{name} = ?' for name in _JUDGED)} WHERE id = ?", rows)
    reindex_articles(db, records)


def reindex_articles(db: Database, records: Mapping[int, Record]) -> None:
    """Index articles anew."""
    db.conn.executemany("DELETE FROM article_words WHERE rowid = ?", [(article,) for article in records])
    _index(db, records)


def _index(db: Database, records: Mapping[int, Record]) -> None:
    words = [(article, *record.words) for article, record in records.items()]
    many(db, "INSERT", "article_words", ("rowid", "title", "text", "concepts"), words)
    keys = [(record.outlet, key, article) for article, record in records.items() for key in record.keys]
    many(db, "INSERT OR IGNORE", "article_keys", ("outlet", "key", "article_id"), keys)


def many(db: Database, verb: str, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """One statement for all the rows."""
    db.conn.executemany(f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})", rows)
