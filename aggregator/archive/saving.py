"""Keeping what polling brought: articles, revisions, identity keys, index and the state of each feed."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence

from aggregator.archive.base import SqliteBase
from aggregator.archive.captures import OneCapture
from aggregator.archive.rows import ARTICLE_COLUMNS
from aggregator.archive.statements import many, marks
from aggregator.archive.states import state_from, state_row
from aggregator.archive.writing import insert_articles, reindex_articles
from aggregator.identity import find_known
from aggregator.model import FeedState, Harvest, KnownArticle, Record, Saved

#: Older articles that share an identity key are not looked at: a key that so many share names nothing.
_CANDIDATES = 50
#: What an edit leaves as it was.
_KEPT = ("first_seen", "published", "date", "date_confidence", "feed_url")


class _Incoming:
    """The new articles of one transaction, which are inserted together."""

    def __init__(self, holders: dict[str, dict[str, list[int]]], last_id: int) -> None:
        self._holders = holders
        self._last_id = last_id
        self.records: dict[int, Record] = {}
        self.captures: dict[int, int | None] = {}

    def add(self, record: Record, capture: int | None) -> None:
        self._last_id += 1
        self.records[self._last_id] = record
        self.captures[self._last_id] = capture
        holders = self._holders.setdefault(record.outlet, {})
        for key in record.keys:
            holders.setdefault(key, []).append(self._last_id)

    def sharing(self, record: Record) -> list[int]:
        """Ids of the articles of the same outlet that share an identity key, whichever feed brought them, latest first."""
        holders = self._holders.get(record.outlet, {})
        if holders.keys().isdisjoint(record.keys):
            return []
        ids = {article for key in record.keys for article in holders.get(key, ())}
        return sorted(ids, reverse=True)[:_CANDIDATES]


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
            incoming = _Incoming(self._holders(harvests), int(self._one("SELECT max(id) FROM articles") or 0))
            saved = tuple(self._save_articles(harvest, incoming) for harvest in harvests)
            self._insert(incoming)
            self._save_states(harvests)
        return saved

    def _holders(self, harvests: Iterable[Harvest]) -> dict[str, dict[str, list[int]]]:
        """Outlet → key → articles that hold it, for the identity keys of these harvests; an outlet is asked for at once."""
        asked: dict[str, set[str]] = defaultdict(set)
        for record in (record for harvest in harvests for record in harvest.records):
            asked[record.outlet].update(record.keys)
        sql = (
            "SELECT held.key, held.article_id FROM json_each(?) AS asked CROSS JOIN article_keys AS held"
            " ON held.outlet = ? AND held.key = asked.value"
        )
        holders: dict[str, dict[str, list[int]]] = {}
        for outlet, keys in asked.items():
            for key, article in self._db.execute(sql, (json.dumps(list(keys)), outlet)):
                holders.setdefault(outlet, {}).setdefault(key, []).append(article)
        return holders

    def _save_articles(self, harvest: Harvest, incoming: _Incoming) -> Saved:
        counts = {"new": 0, "known": harvest.known, "revised": 0}
        capture = OneCapture(self._db, harvest.capture)
        for record in harvest.records:
            counts[self._save_article(record, incoming, capture)] += 1
        return Saved(**counts)

    def _save_article(self, record: Record, incoming: _Incoming, capture: OneCapture) -> str:
        sharing = incoming.sharing(record)
        known = find_known(record.keys, self._candidates(sharing, incoming)) if sharing else None
        if known is None:
            incoming.add(record, capture.id)
            return "new"
        if known.content_hash == record.content_hash:
            return "known"
        self._insert(incoming)  # the article may be one of these
        self._revise(known.id, record, capture.id)
        return "revised"

    def _candidates(self, ids: Sequence[int], incoming: _Incoming) -> list[KnownArticle]:
        stored = [article for article in ids if article not in incoming.records]
        known = {one.id: one for one in self._known(f"id IN ({marks(stored)})", stored)} if stored else {}
        new = {article: record for article in ids if (record := incoming.records.get(article))}
        known |= {
            new_id: KnownArticle(id=new_id, content_hash=r.content_hash, keys=r.keys) for new_id, r in new.items()
        }
        return [known[article] for article in ids]

    def _known(self, tail: str, parameters: Sequence[object]) -> tuple[KnownArticle, ...]:
        sql = f"SELECT id, content_hash, annotation ->> '$.keys' AS keys FROM articles WHERE {tail}"
        return tuple(
            KnownArticle(id=row["id"], content_hash=row["content_hash"], keys=tuple(json.loads(row["keys"])))
            for row in self._rows(sql, parameters)
        )

    def _insert(self, incoming: _Incoming) -> None:
        records, incoming.records = incoming.records, {}
        insert_articles(self._db, records, incoming.captures)

    def _revise(self, article_id: int, record: Record, capture: int | None) -> None:
        """The article takes the new text; the old one becomes a revision; dates, story and first sight stay."""
        old = next(iter(self._rows("SELECT * FROM articles WHERE id = ?", (article_id,))))
        row = dict(zip(ARTICLE_COLUMNS, record.values, strict=True))
        fields = {name: old[name] for name in ("title", "summary", "text", "content_hash", "capture_id")}
        self._table("revisions").insert({"article_id": article_id, "replaced": row["first_seen"], **fields})
        changed = {name: value for name, value in row.items() if name not in _KEPT}
        self._table("articles").update(article_id, changed | {"capture_id": capture, "text_dropped": None})
        # It was judged by the feed's new words alone; `pipeline.read_full_texts` judges it by the page's again.
        self._db.execute(
            "UPDATE full_texts SET state = 'revised' WHERE article_id = ? AND state = 'read'", (article_id,)
        )
        reindex_articles(self._db, {article_id: record})

    def _save_states(self, harvests: Iterable[Harvest]) -> None:
        rows = [state_row(harvest.state, harvest.feed.outlet) for harvest in harvests]
        if rows:
            values = [tuple(row.values()) for row in rows]
            many(self._db, "INSERT OR REPLACE", "feed_states", tuple(rows[0]), values)
