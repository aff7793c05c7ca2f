"""The archive in one SQLite file, through sqlite-utils: one writer, readers beside it."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from sqlite_utils.db import Table

from aggregator.archive import Order
from aggregator.archive.rows import (
    article_row,
    delivery_from,
    delivery_row,
    edition_from,
    edition_row,
    notice_from,
    notice_row,
    state_from,
    state_row,
    store_time,
    stored_article,
)
from aggregator.archive.schema import migrations
from aggregator.archive.search import compile_query, concept_token, topic_token
from aggregator.errors import ArchiveError
from aggregator.identity import find_known
from aggregator.model import (
    Annotated,
    Delivery,
    DeliveryState,
    Edition,
    FeedState,
    Harvest,
    Hit,
    KnownArticle,
    Notice,
    Page,
    Placement,
    Saved,
    StoredArticle,
    Story,
)
from aggregator.query import Query

#: Articles of one feed that are handed to the workers for recognition; more than any feed document holds.
_KNOWN = 4000
_SNIPPET = 240


class SqliteArchive:
    """`aggregator.archive.Archive` on SQLite. `read_only` connections never block the writer."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        with _translated(path):
            self._db = Database(_connect(path, read_only=read_only))
            if read_only:
                self._db.execute("SELECT 1 FROM articles LIMIT 1")  # a file that is no archive is told now
            else:
                migrations.apply(self._db)

    # --- acquire ---

    def feed_states(self) -> dict[str, FeedState]:
        return {row["url"]: state_from(row) for row in self._rows("SELECT * FROM feed_states")}

    def known_articles(self, feed_url: str) -> tuple[KnownArticle, ...]:
        rows = self._rows(
            "SELECT id, content_hash, annotation ->> '$.keys' AS keys FROM articles WHERE feed_url = ? ORDER BY id DESC LIMIT ?",
            (feed_url, _KNOWN),
        )
        return tuple(
            KnownArticle(id=r["id"], content_hash=r["content_hash"], keys=tuple(json.loads(r["keys"]))) for r in rows
        )

    def save(self, harvest: Harvest) -> Saved:
        saved = {"new": 0, "known": harvest.known, "revised": 0}
        with self._transaction():
            for annotated in harvest.annotated:
                saved[self._save_article(annotated)] += 1
            self._table("feed_states").upsert(state_row(harvest.state, harvest.feed.outlet), pk="url")
        return Saved(**saved)

    def _save_article(self, annotated: Annotated) -> str:
        known = find_known(annotated.article.keys, self._candidates(annotated))
        if known is None:
            self._insert(annotated)
            return "new"
        if known.content_hash == annotated.article.content_hash:
            return "known"
        self._revise(known.id, annotated)
        return "revised"

    def _candidates(self, annotated: Annotated) -> list[KnownArticle]:
        """Articles of the same outlet that share an identity key, whichever feed brought them."""
        keys = annotated.article.keys
        rows = self._rows(
            "SELECT id, content_hash, annotation ->> '$.keys' AS keys FROM articles WHERE id IN ("
            f"SELECT article_id FROM article_keys WHERE outlet = ? AND key IN ({_marks(keys)})) ORDER BY id DESC LIMIT 50",
            (annotated.article.outlet, *keys),
        )
        return [
            KnownArticle(id=r["id"], content_hash=r["content_hash"], keys=tuple(json.loads(r["keys"]))) for r in rows
        ]

    def _insert(self, annotated: Annotated) -> None:
        table = self._table("articles")
        table.insert(article_row(annotated))
        article_id = int(table.last_pk or 0)
        self._index(article_id, annotated)

    def _revise(self, article_id: int, annotated: Annotated) -> None:
        """The article takes the new text; the old one becomes a revision; dates, story and first sight stay."""
        old = next(iter(self._rows("SELECT * FROM articles WHERE id = ?", (article_id,))))
        fields = {name: old[name] for name in ("title", "summary", "text", "content_hash")}
        replaced = {"article_id": article_id, "replaced": store_time(annotated.article.first_seen)}
        self._table("revisions").insert({**replaced, **fields})
        kept = ("first_seen", "published", "date", "feed_url")
        row = {name: value for name, value in article_row(annotated).items() if name not in kept}
        self._table("articles").update(article_id, row)
        self._db.execute("DELETE FROM article_words WHERE rowid = ?", (article_id,))
        self._index(article_id, annotated)

    def _index(self, article_id: int, annotated: Annotated) -> None:
        tokens = [*map(concept_token, annotated.concepts), *map(topic_token, annotated.topics)]
        self._db.execute(
            "INSERT INTO article_words(rowid, title, text, concepts) VALUES (?, ?, ?, ?)",
            (article_id, annotated.title_words, annotated.text_words, " ".join(tokens)),
        )
        outlet = annotated.article.outlet
        rows = ({"outlet": outlet, "key": key, "article_id": article_id} for key in annotated.article.keys)
        self._table("article_keys").insert_all(rows, ignore=True)

    # --- annotate ---

    def unplaced(self, limit: int) -> tuple[StoredArticle, ...]:
        return self._articles("story_id IS NULL ORDER BY date, id LIMIT ?", (limit,))

    def recent(self, since: datetime) -> tuple[StoredArticle, ...]:
        return self._articles("story_id IS NOT NULL AND date >= ? ORDER BY date, id", (store_time(since),))

    def place(self, placements: Iterable[Placement]) -> None:
        with self._transaction():
            for placement in placements:
                story = self._story_of(placement.joins) or self._found_story(placement.article)
                self._table("articles").update(placement.article, {"story_id": story, "copy_of": placement.copy_of})

    def _story_of(self, article_id: int | None) -> int | None:
        found = self._one("SELECT story_id FROM articles WHERE id = ?", (article_id,))
        return int(found) if found else None

    def _found_story(self, article_id: int) -> int:
        table = self._table("stories")
        table.insert({"founded_by": article_id})
        return int(table.last_pk or 0)

    # --- publish ---

    def article(self, article_id: int) -> StoredArticle | None:
        return next(iter(self._articles("id = ?", (article_id,))), None)

    def story(self, story_id: int) -> Story | None:
        articles = self._articles("story_id = ? ORDER BY date, id", (story_id,))
        return Story(id=story_id, articles=articles) if articles else None

    def stories(self, since: datetime, until: datetime, *, minimum_relevance: float, query: Query) -> tuple[Story, ...]:
        condition = compile_query(query)
        begin, end = store_time(since), store_time(until)
        articles = self._articles(
            "date < ? AND story_id IN (SELECT story_id FROM articles WHERE date >= ? AND date < ? AND story_id IS NOT NULL"
            f" AND relevance >= ? AND ({condition.where})) ORDER BY date, id",
            (end, begin, end, minimum_relevance, *condition.parameters),
        )
        grouped: dict[int, list[StoredArticle]] = {}
        for stored in articles:
            grouped.setdefault(stored.story or 0, []).append(stored)
        return tuple(Story(id=story, articles=tuple(members)) for story, members in grouped.items())

    def search(self, query: Query, *, order: Order, limit: int, offset: int) -> Page:
        condition = compile_query(query)
        total = int(self._one(f"SELECT count(*) FROM articles WHERE {condition.where}", condition.parameters))
        ranking = "date DESC, id DESC" if order == "newest" else "relevance DESC, date DESC, id DESC"
        found = self._articles(
            f"{condition.where} ORDER BY {ranking} LIMIT ? OFFSET ?", (*condition.parameters, limit, offset)
        )
        return Page(total=total, hits=tuple(Hit(stored, stored.article.body[:_SNIPPET]) for stored in found))

    def matching_since(self, query: Query, mark: int) -> tuple[StoredArticle, ...]:
        condition = compile_query(query)
        return self._articles(
            f"id > ? AND story_id IS NOT NULL AND ({condition.where}) ORDER BY id", (mark, *condition.parameters)
        )

    def alert_mark(self) -> int:
        return int(self._one("SELECT value FROM marks WHERE name = 'alerts'") or 0)

    def save_notices(self, notices: Sequence[Notice], deliveries: Sequence[Delivery], *, mark: int) -> int:
        kept = 0
        with self._transaction():
            for notice in notices:
                if not self._one("SELECT 1 FROM notices WHERE rule = ? AND story = ?", (notice.rule, notice.story)):
                    self._table("notices").insert(notice_row(notice))
                    self._queue(delivery for delivery in deliveries if delivery.key == notice.key)
                    kept += 1
            self._table("marks").upsert({"name": "alerts", "value": mark}, pk="name")
        return kept

    def notices(self, limit: int) -> tuple[Notice, ...]:
        return tuple(
            notice_from(row) for row in self._rows("SELECT * FROM notices ORDER BY created DESC LIMIT ?", (limit,))
        )

    def edition(self, digest: str, day: date) -> Edition | None:
        rows = self._rows("SELECT * FROM editions WHERE digest = ? AND date = ?", (digest, day.isoformat()))
        return next((edition_from(row) for row in rows), None)

    def edition_days(self, digest: str | None = None) -> tuple[tuple[str, date], ...]:
        rows = self._rows("SELECT digest, date FROM editions ORDER BY date DESC, digest")
        return tuple((r["digest"], date.fromisoformat(r["date"])) for r in rows if digest in (None, r["digest"]))

    def save_edition(self, edition: Edition, deliveries: Sequence[Delivery]) -> bool:
        with self._transaction():
            if self.edition(edition.digest, edition.date):
                return False
            self._table("editions").insert(edition_row(edition))
            self._queue(deliveries)
        return True

    def _queue(self, deliveries: Iterable[Delivery]) -> None:
        self._table("deliveries").insert_all((delivery_row(delivery) for delivery in deliveries), ignore=True)

    def deliveries(self, *states: DeliveryState) -> tuple[Delivery, ...]:
        rows = self._rows(
            f"SELECT * FROM deliveries WHERE state IN ({_marks(states)}) ORDER BY created, key, target",
            tuple(state.value for state in states),
        )
        return tuple(delivery_from(row) for row in rows)

    def update_delivery(self, delivery: Delivery) -> None:
        changes = {"state": delivery.state.value, "attempts": delivery.attempts, "reason": delivery.reason}
        with self._transaction():
            self._table("deliveries").update((delivery.key, delivery.channel, delivery.target), changes)

    # --- for people ---

    def counts(self) -> dict[str, int]:
        tables = ("articles", "stories", "revisions", "editions", "notices", "deliveries")
        return {table: int(self._one(f"SELECT count(*) FROM {table}") or 0) for table in tables}

    def copies(self) -> int:
        return int(self._one("SELECT count(*) FROM articles WHERE copy_of IS NOT NULL") or 0)

    def volume(self, until: datetime, *, days: int, minimum_relevance: float) -> tuple[int, ...]:
        end = store_time(until)
        rows = self._rows(
            "SELECT (strftime('%s', ?) - strftime('%s', date) - 1) / 86400 AS back, count(*) AS articles FROM articles"
            " WHERE date >= ? AND date < ? AND relevance >= ? GROUP BY back",
            (end, store_time(until - timedelta(days=days)), end, minimum_relevance),
        )
        counts = {row["back"]: row["articles"] for row in rows}
        return tuple(counts.get(back, 0) for back in range(days - 1, -1, -1))

    def last_article_id(self) -> int:
        return int(self._one("SELECT max(id) FROM articles WHERE story_id IS NOT NULL") or 0)

    def close(self) -> None:
        self._db.close()

    # --- plumbing ---

    def _table(self, name: str) -> Table:
        return self._db.table(name)

    def _rows(self, sql: str, parameters: Sequence[object] = ()) -> Iterator[dict[str, Any]]:
        with _translated(self._path):
            return iter(list(self._db.query(sql, parameters)))

    def _one(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        with _translated(self._path):
            row = self._db.execute(sql, parameters).fetchone()
        return row[0] if row else None

    def _articles(self, tail: str, parameters: Sequence[object]) -> tuple[StoredArticle, ...]:
        return tuple(stored_article(row) for row in self._rows(f"SELECT * FROM articles WHERE {tail}", parameters))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _translated(self._path), self._db.atomic():
            yield


def open_archive(path: Path, *, must_exist: bool = False) -> SqliteArchive:
    """Open an archive for reading and writing, making or upgrading it if needed.

    Raises:
        ArchiveError: the file cannot be opened, or is no archive.
    """
    if must_exist and not path.is_file():
        raise ArchiveError(f"there is no archive at {path}; `aggregator poll` makes one")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"archive {path}: {error.strerror}") from error
    return SqliteArchive(path)


def read_archive(path: Path) -> SqliteArchive:
    """Open an archive for reading only.

    Raises:
        ArchiveError: the file is not there, or is no archive.
    """
    if not path.is_file():
        raise ArchiveError(f"there is no archive at {path}; `aggregator poll` makes one")
    return SqliteArchive(path, read_only=True)


def _connect(path: Path, *, read_only: bool) -> sqlite3.Connection:
    mode = "ro" if read_only else "rwc"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=30, check_same_thread=False
    )
    if not read_only:
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: what was acknowledged survives a power cut, not only a crash of the process.
        connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """SQLite's own errors as ours; bugs in our SQL stay what they are."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
            raise
        raise ArchiveError(f"archive {path}: {error}") from error


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
