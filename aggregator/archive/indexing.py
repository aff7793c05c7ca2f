"""The full-text index: what it holds of the articles, and how it is made anew from them.

Beside it stands each of its words once, so that a query for a beginning asks for words, whose articles FTS5 finds in
order; by itself it would gather and sort the articles of all of them first, a second and more in a million.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from sqlite_utils import Database

from aggregator.archive.engine import sqlite3
from aggregator.archive.progress import Progress, unseen
from aggregator.archive.rows import ARTICLES, Row, stored_article
from aggregator.archive.statements import many
from aggregator.archive.tokens import tokens
from aggregator.text.words import words

#: The index, and the words that it holds: both can be made again from the articles.
INDEX, WORDS = "article_words", "index_words"
#: Raise when the index shall hold something else: archives make it anew when they are opened next.
_VERSION = 1
#: As many as polling keeps at once.
_BATCH = 2000

#: Position, the analysed words of title and body, and the tokens of what else is known.
IndexRow = tuple[int, str, str, str]


def add_to_index(db: Database, rows: Iterable[IndexRow]) -> None:
    """Index articles that the index does not hold."""
    # In their order: FTS5 writes out what it holds in memory before a row that is not behind the last one.
    ordered = sorted(rows)
    many(db, "INSERT", INDEX, ("rowid", "title", "text", "marks"), ordered)
    held = set(chain.from_iterable((*title.split(), *text.split()) for _, title, text, _ in ordered))
    many(db, "INSERT OR IGNORE", WORDS, ("word",), [(word,) for word in sorted(held)])


def remove_from_index(db: Database, positions: Iterable[int]) -> None:
    """Take articles out of the index; their words may stay, since others may have them."""
    db.conn.executemany(f"DELETE FROM {INDEX} WHERE rowid = ?", [(place,) for place in positions])


def words_beginning(db: Database, start: str, limit: int) -> tuple[str, ...]:
    """Words that the index holds (or held) that begin so, in order."""
    sql = f"SELECT word FROM {WORDS} WHERE word >= ? AND word < ? ORDER BY word LIMIT ?"
    return tuple(word for (word,) in db.conn.execute(sql, (start, start + chr(sys.maxunicode), limit)))


def is_index_current(db: Database) -> bool:
    """Whether the index holds what this version of the program asks it for."""
    return int(db.conn.execute("PRAGMA user_version").fetchone()[0]) == _VERSION


def reindex(db: Database, progress: Progress = unseen) -> int:
    """Make the index anew, in the transaction that the caller has begun; returns of how many articles."""
    _empty(db)
    total, done = int(db.execute("SELECT count(*) FROM articles").fetchone()[0]), 0
    for rows in _batches(db):
        add_to_index(db, map(_index_row, rows))
        done += len(rows)
        progress(done, total)
    db.conn.execute(f"PRAGMA user_version = {_VERSION}")
    return done


def _empty(db: Database) -> None:
    db.execute(f"DELETE FROM {WORDS}")
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


def _index_row(row: Row) -> IndexRow:
    annotated = stored_article(row).annotated
    article = annotated.article
    return row["position"], " ".join(words(article.title)), " ".join(words(article.body)), tokens(annotated)
