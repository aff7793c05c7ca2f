"""The full-text index made anew from the articles."""

from collections.abc import Iterator, Sequence

from sqlite_utils import Database

from aggregator.archive.base import ARTICLES
from aggregator.archive.engine import sqlite3
from aggregator.archive.rows import Row, stored_article
from aggregator.archive.tokens import tokens
from aggregator.archive.upkeep.opening import Progress, unseen
from aggregator.archive.upkeep.tables import INDEX
from aggregator.archive.writing import many
from aggregator.text.words import words

#: As many as polling keeps at once.
_BATCH = 2000


def reindex(db: Database, progress: Progress = unseen) -> int:
    """Make the index anew, in the transaction that the caller has begun; returns of how many articles."""
    _empty(db)
    total, done = int(db.execute("SELECT count(*) FROM articles").fetchone()[0]), 0
    for rows in _batches(db):
        many(db, "INSERT", INDEX, ("rowid", "title", "text", "marks"), [_indexed(row) for row in rows])
        done += len(rows)
        progress(done, total)
    return done


def _empty(db: Database) -> None:
    try:
        db.execute(f"INSERT INTO {INDEX}({INDEX}) VALUES ('delete-all')")
    except sqlite3.DatabaseError:  # too damaged for that
        (made_by,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (INDEX,)).fetchone()
        db.execute(f"DROP TABLE {INDEX}")
        db.execute(made_by)
        db.execute(f"INSERT INTO {INDEX}({INDEX}, rank) VALUES ('hashsize', 8388608)")  # as m011_positions does


def _batches(db: Database) -> Iterator[Sequence[Row]]:
    """The articles in the order of the index, which takes half the time of another."""
    last = -1
    while rows := list(db.query(f"{ARTICLES} WHERE position > ? ORDER BY position LIMIT ?", (last, _BATCH))):
        last = rows[-1]["position"]
        yield rows


def _indexed(row: Row) -> tuple[object, ...]:
    article = stored_article(row).article
    known = (row["outlet"], row["camp"], row["country"], row["language"])
    marks = tokens(*known, concepts=row["concepts"].split(), topics=row["topics"].split())
    return row["position"], " ".join(words(article.title)), " ".join(words(article.body)), marks
