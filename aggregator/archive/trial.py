"""Articles in tables in memory, only for a question: a query means there what it means in the archive."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlite_utils import Database

from aggregator.archive.conditions import MOST_WORDS, Compiler, as_sql
from aggregator.archive.indexing import words_beginning
from aggregator.archive.rows import record
from aggregator.archive.schema import migrations
from aggregator.archive.writing import insert_articles
from aggregator.model import Record, StoredArticle
from aggregator.model.query import Query

#: A query → ids of the articles that match it.
Matching = Callable[[Query], frozenset[int]]
#: Of a story: id, independent sources, camp of the first report.
StoryRow = tuple[int, int, str]


class Trial:
    """The archive's tables and index in memory; empty again after each use."""

    def __init__(self) -> None:
        self._db = Database(memory=True)
        migrations.apply(self._db)

    def matching(self, query: Query, judged: Sequence[StoredArticle]) -> frozenset[int]:
        """Ids of the articles that match a query, judged as they are here; they bring their analysed words."""
        records = {one.id: record(one.annotated) for one in judged}
        with self.holding(records, {one.id: one.story for one in judged}) as matching:
            return matching(query)

    @contextmanager
    def holding(
        self,
        records: Mapping[int, Record],
        story_of: Mapping[int, int | None],
        stories: Iterable[StoryRow] = (),
        merged: Iterable[tuple[int, int]] = (),
    ) -> Iterator[Matching]:
        """What answers queries about these articles, their stories, and old ids of stories with what they became part of."""
        self._db.execute("BEGIN")
        try:
            insert_articles(self._db, records)
            run = self._db.conn.executemany
            run("INSERT INTO stories(id, founded_by, sources, first_camp) VALUES (?, 0, ?, ?)", list(stories))
            run("INSERT INTO merged_stories(old, story) VALUES (?, ?)", list(merged))
            run("UPDATE articles SET story_id = ? WHERE id = ?", [(story, one) for one, story in story_of.items()])
            yield self._matching
        finally:
            self._db.rollback()

    def _matching(self, query: Query) -> frozenset[int]:
        compiler = Compiler(lambda start: words_beginning(self._db, start, MOST_WORDS + 1))
        condition = as_sql(compiler.condition(query))
        found = self._db.execute(f"SELECT id FROM articles WHERE {condition.where}", condition.parameters)
        return frozenset(article for (article,) in found)
