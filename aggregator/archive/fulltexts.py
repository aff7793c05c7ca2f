"""Which articles want the text of their page, and what came of reading it."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from aggregator.archive.base import SqliteBase
from aggregator.archive.rows import Row, read_time, read_time_if_known, record, store_time, store_time_if_known
from aggregator.archive.statements import marks
from aggregator.archive.writing import judge_again
from aggregator.model import Annotated, FullText, FullTextState, WantedText


class FullTexts(SqliteBase):
    """The part of the archive that reading full texts uses."""

    def full_texts_wanted(
        self,
        always: Sequence[str],
        when_relevant: Sequence[str],
        *,
        relevance: float,
        since: datetime,
        now: datetime,
        limit: int,
    ) -> tuple[WantedText, ...]:
        # The feeds take turns, so that one with many articles does not keep the others waiting.
        rows = self._rows(
            f"""
            SELECT id FROM (
                SELECT articles.id, date, row_number() OVER (PARTITION BY feed_url ORDER BY date DESC) AS turn
                FROM articles LEFT JOIN full_texts ON article_id = articles.id
                WHERE date >= ? AND articles.url <> ''
                AND (feed_url IN ({marks(always)}) OR (relevance >= ? AND feed_url IN ({marks(when_relevant)})))
                AND (article_id IS NULL OR (state = 'waiting' AND next_try <= ?))
            ) ORDER BY turn, date DESC, id LIMIT ?
            """,
            (store_time(since), *always, relevance, *when_relevant, store_time(now), limit),
        )
        return self._wanted([row["id"] for row in rows])

    def full_texts_revised(self, limit: int) -> tuple[WantedText, ...]:
        rows = self._rows("SELECT article_id FROM full_texts WHERE state = 'revised' LIMIT ?", (limit,))
        return self._wanted([row["article_id"] for row in rows])

    def _wanted(self, ids: Sequence[int]) -> tuple[WantedText, ...]:
        stored = {one.id: one for one in self._articles(f"id IN ({marks(ids)})", ids)}
        before = {one.article: one for one in self._full_texts(ids)}
        return tuple(WantedText(stored=stored[one], before=before.get(one)) for one in ids)

    def save_full_texts(self, outcomes: Sequence[tuple[FullText, Annotated | None]]) -> None:
        with self._transaction():
            for full_text, annotated in outcomes:
                self._table("full_texts").upsert(_row(full_text), pk="article_id")
                if annotated:
                    judge_again(self._db, {full_text.article: record(annotated)})

    def full_text(self, article_id: int) -> FullText | None:
        return next(iter(self._full_texts([article_id])), None)

    def _full_texts(self, ids: Sequence[int]) -> Iterable[FullText]:
        rows = self._rows(f"SELECT * FROM full_texts WHERE article_id IN ({marks(ids)})", ids)
        return map(_full_text, rows)


def _full_text(row: Row) -> FullText:
    return FullText(
        article=row["article_id"],
        url=row["url"],
        state=FullTextState(row["state"]),
        asked=read_time(row["asked"]),
        attempts=row["attempts"],
        reason=row["reason"],
        next_try=read_time_if_known(row["next_try"]),
        text=row["text"],
    )


def _row(full_text: FullText) -> dict[str, object]:
    return {
        "article_id": full_text.article,
        "url": full_text.url,
        "state": full_text.state.value,
        "asked": store_time(full_text.asked),
        "attempts": full_text.attempts,
        "reason": full_text.reason,
        "next_try": store_time_if_known(full_text.next_try),
        "text": full_text.text,
    }
