"""Going through the articles that the archive has, and judging them anew."""

from collections.abc import Sequence

from aggregator.archive.base import SqliteBase
from aggregator.archive.conditions import Sql
from aggregator.archive.rows import record, store_time_if_known
from aggregator.archive.statements import marks
from aggregator.archive.writing import judge_again
from aggregator.model import Annotated, Selection, StoredArticle
from aggregator.model.query import Query


class Annotations(SqliteBase):
    """The part of the archive that re-annotation and backtests use."""

    def count_selected(self, selection: Selection) -> int:
        wanted = _condition(selection)
        return int(self._one(f"SELECT count(*) FROM articles WHERE {wanted.where}", wanted.parameters))

    def selected(self, selection: Selection, *, after: int, limit: int) -> tuple[StoredArticle, ...]:
        wanted = _condition(selection)
        # By id, so that all batches together read the table once; the index of dates would be sorted for each.
        ids = f"SELECT id FROM articles NOT INDEXED WHERE id > ? AND {wanted.where} ORDER BY id LIMIT ?"
        return self._articles(f"id IN ({ids}) ORDER BY id", (after, *wanted.parameters, limit))

    def matching(self, query: Query, articles: Sequence[int]) -> frozenset[int]:
        condition = self._condition(query)
        sql = f"SELECT id FROM articles WHERE id IN ({marks(articles)}) AND ({condition.where})"
        return frozenset(row["id"] for row in self._rows(sql, (*articles, *condition.parameters)))

    def save_annotations(self, judged: Sequence[tuple[StoredArticle, Annotated]]) -> frozenset[int]:
        ids = [stored.id for stored, _ in judged]
        with self._transaction():
            # What has been revised or read in full since it was handed out was judged by other words.
            current = {one.id: one.article for one in self._articles(f"id IN ({marks(ids)})", ids)}
            kept = {one.id: record(annotated) for one, annotated in judged if current.get(one.id) == one.article}
            judge_again(self._db, kept)
        return frozenset(kept)


def _condition(selection: Selection) -> Sql:
    conditions = {"annotation_version <> ?": selection.not_version, "date >= ?": store_time_if_known(selection.since)}
    asked = {condition: value for condition, value in conditions.items() if value is not None}
    # What has no text any more cannot be judged.
    return Sql(" AND ".join(("text_dropped IS NULL", *asked)), tuple(asked.values()))
