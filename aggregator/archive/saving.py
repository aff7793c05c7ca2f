"""Keeping what polling brought: articles, revisions, identity keys, index and the state of each feed."""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache

from aggregator.archive.base import SqliteBase, marks
from aggregator.archive.rows import article_row, state_from, state_row, store_time
from aggregator.archive.search import concept_token, topic_token
from aggregator.identity import find_known
from aggregator.model import Annotated, FeedState, Harvest, KnownArticle, Saved

#: Older articles that share an identity key are not looked at: a key that so many share names nothing.
_CANDIDATES = 50


class Saving(SqliteBase):
    """The part of the archive that polling uses."""

    def feed_states(self) -> dict[str, FeedState]:
        return {row["url"]: state_from(row) for row in self._rows("SELECT * FROM feed_states")}

    def known_articles(self, feed_url: str, limit: int) -> tuple[KnownArticle, ...]:
        return self._known("feed_url = ? ORDER BY id DESC LIMIT ?", (feed_url, limit))

    def save(self, harvest: Harvest) -> Saved:
        return self.save_all([harvest])[0]

    def save_all(self, harvests: Sequence[Harvest]) -> tuple[Saved, ...]:
        with self._transaction():
            saved = tuple(self._save_articles(harvest) for harvest in harvests)
            self._save_states(harvests)
        return saved

    def _save_articles(self, harvest: Harvest) -> Saved:
        counts = {"new": 0, "known": harvest.known, "revised": 0}
        for annotated in harvest.annotated:
            counts[self._save_article(annotated)] += 1
        return Saved(**counts)

    def _save_states(self, harvests: Iterable[Harvest]) -> None:
        rows = [state_row(harvest.state, harvest.feed.outlet) for harvest in harvests]
        if rows:
            values = [tuple(row.values()) for row in rows]
            self._db.conn.executemany(_statement("INSERT OR REPLACE", "feed_states", tuple(rows[0])), values)

    def _save_article(self, annotated: Annotated) -> str:
        known = find_known(annotated.article.keys, self._candidates(annotated))
        if known is None:
            self._insert(annotated)
            return "new"
        if known.content_hash == annotated.article.content_hash:
            return "known"
        self._revise(known.id, annotated)
        return "revised"

    def _candidates(self, annotated: Annotated) -> tuple[KnownArticle, ...]:
        """Articles of the same outlet that share an identity key, whichever feed brought them."""
        keys = annotated.article.keys
        sharing = f"SELECT article_id FROM article_keys WHERE outlet = ? AND key IN ({marks(keys)})"
        # Most articles are new: then there is nothing to read behind this look-up.
        ids = [row[0] for row in self._db.execute(sharing, (annotated.article.outlet, *keys))]
        return self._known(f"id IN ({marks(ids)}) ORDER BY id DESC LIMIT {_CANDIDATES}", ids) if ids else ()

    def _known(self, tail: str, parameters: Sequence[object]) -> tuple[KnownArticle, ...]:
        sql = f"SELECT id, content_hash, annotation ->> '$.keys' AS keys FROM articles WHERE {tail}"
        return tuple(
            KnownArticle(id=row["id"], content_hash=row["content_hash"], keys=tuple(json.loads(row["keys"])))
            for row in self._rows(sql, parameters)
        )

    def _insert(self, annotated: Annotated) -> None:
        row = article_row(annotated)
        cursor = self._db.execute(_statement("INSERT", "articles", tuple(row)), tuple(row.values()))
        self._index(int(cursor.lastrowid or 0), annotated)

    def _revise(self, article_id: int, annotated: Annotated) -> None:
        """The article takes the new text; the old one becomes a revision; dates, story and first sight stay."""
        old = next(iter(self._rows("SELECT * FROM articles WHERE id = ?", (article_id,))))
        fields = {name: old[name] for name in ("title", "summary", "text", "content_hash")}
        replaced = {"article_id": article_id, "replaced": store_time(annotated.article.first_seen)}
        self._table("revisions").insert({**replaced, **fields})
        kept = ("first_seen", "published", "date", "date_confidence", "feed_url")
        row = {name: value for name, value in article_row(annotated).items() if name not in kept}
        self._table("articles").update(article_id, row)
        self._db.execute("DELETE FROM article_words WHERE rowid = ?", (article_id,))
        self._index(article_id, annotated)

    def _index(self, article_id: int, annotated: Annotated) -> None:
        tokens = " ".join((*map(concept_token, annotated.concepts), *map(topic_token, annotated.topics)))
        self._db.execute(
            "INSERT INTO article_words(rowid, title, text, concepts) VALUES (?, ?, ?, ?)",
            (article_id, annotated.title_words, annotated.text_words, tokens),
        )
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO article_keys(outlet, key, article_id) VALUES (?, ?, ?)",
            [(annotated.article.outlet, key, article_id) for key in annotated.article.keys],
        )


@lru_cache(maxsize=8)
def _statement(verb: str, table: str, columns: tuple[str, ...]) -> str:
    """A statement made once: sqlite-utils makes each anew, 31 µs an article against 4."""
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({marks(columns)})"
