"""What people have said of articles."""

from aggregator.archive.base import SqliteBase
from aggregator.archive.rows import store_time
from aggregator.model import StoredArticle, Verdict

#: Scores between which a verdict teaches most.
_UNCERTAIN = (0.15, 0.85)


class Verdicts(SqliteBase):
    """The part of the archive that judging uses."""

    def uncertain(self, limit: int) -> tuple[StoredArticle, ...]:
        # Of a story one article: its others would say the same.
        return self._articles(
            "id IN (SELECT max(id) FROM articles WHERE relevance BETWEEN ? AND ?"
            " AND id NOT IN (SELECT article_id FROM verdicts) GROUP BY ifnull(story_id, -id))"
            " ORDER BY abs(relevance - 0.5), date DESC, id LIMIT ?",
            (*_UNCERTAIN, limit),
        )

    def save_verdict(self, verdict: Verdict) -> None:
        row = {"article_id": verdict.article, "label": verdict.label, "given": store_time(verdict.given)}
        with self._transaction():
            self._table("verdicts").upsert(row, pk="article_id")

    def forget_verdict(self, article_id: int) -> None:
        with self._transaction():
            self._db.execute("DELETE FROM verdicts WHERE article_id = ?", (article_id,))

    def verdicts(self) -> tuple[tuple[StoredArticle, int], ...]:
        labels = {row["article_id"]: row["label"] for row in self._rows("SELECT article_id, label FROM verdicts")}
        judged = self._articles("id IN (SELECT article_id FROM verdicts) ORDER BY id", ())
        return tuple((stored, labels[stored.id]) for stored in judged)
