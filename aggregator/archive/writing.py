"""Records of articles → the tables and the index."""

import json
from collections.abc import Callable, Mapping

from sqlite_utils import Database

from aggregator.archive.indexing import add_to_index, remove_from_index
from aggregator.archive.positions import new_positions
from aggregator.archive.rows import ARTICLE_COLUMNS
from aggregator.archive.statements import many
from aggregator.model import Record

#: What a new judgement changes of an article.
_JUDGED = ("relevance", "annotation", "annotation_version", "concepts", "topics")
_NONE: Mapping[int, int | None] = {}


def insert_articles(db: Database, records: Mapping[int, Record], captures: Mapping[int, int | None] = _NONE) -> None:
    """Keep and index new articles under these ids, with those of the captures that brought them."""
    positions = dict(zip(records, new_positions((r.date for r in records.values()), _last_taken(db)), strict=True))
    rows = [(article, positions[article], captures.get(article), *record.values) for article, record in records.items()]
    many(db, "INSERT", "articles", ("id", "position", "capture_id", *ARTICLE_COLUMNS), rows)
    _index(db, records, positions)


def _last_taken(db: Database) -> Callable[[int, int], int | None]:
    """The last position taken in a range."""
    sql = "SELECT max(position) FROM articles WHERE position >= ? AND position < ?"

    def last(start: int, end: int) -> int | None:
        found: int | None = db.conn.execute(sql, (start, end)).fetchone()[0]
        return found

    return last


def judge_again(db: Database, records: Mapping[int, Record]) -> None:
    """Give the articles of these ids a new judgement, and index them by it."""
    places = [ARTICLE_COLUMNS.index(name) for name in _JUDGED]
    rows = [(*(record.values[place] for place in places), article) for article, record in records.items()]
    db.conn.executemany(f"UPDATE articles SET {', '.join(f'{name} = ?' for name in _JUDGED)} WHERE id = ?", rows)
    reindex_articles(db, records)


def reindex_articles(db: Database, records: Mapping[int, Record]) -> None:
    """Index articles anew."""
    sql = "SELECT id, position FROM articles WHERE id IN (SELECT value FROM json_each(?))"
    positions = dict(db.conn.execute(sql, (json.dumps(list(records)),)).fetchall())
    remove_from_index(db, positions.values())
    _index(db, records, positions)


def _index(db: Database, records: Mapping[int, Record], positions: Mapping[int, int]) -> None:
    add_to_index(db, ((positions[article], *record.words) for article, record in records.items()))
    keys = [(record.outlet, key, article) for article, record in records.items() for key in record.keys]
    many(db, "INSERT OR IGNORE", "article_keys", ("outlet", "key", "article_id"), keys)
