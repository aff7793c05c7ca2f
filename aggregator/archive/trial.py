"""Articles as they would be judged, in memory and only for a question: a query means there what it means in the archive."""

from collections.abc import Sequence

from sqlite_utils import Database

from aggregator.archive.conditions import MOST_WORDS, Compiler, as_sql
from aggregator.archive.indexing import words_beginning
from aggregator.archive.rows import record
from aggregator.archive.schema import migrations
from aggregator.archive.writing import insert_articles
from aggregator.model import StoredArticle
from aggregator.model.query import Query


class Trial:
    """The archive's tables and index in memory; empty again after each question."""

    def __init__(self) -> None:
        self._db = Database(memory=True)
        migrations.apply(self._db)

    def matching(self, query: Query, judged: Sequence[StoredArticle]) -> frozenset[int]:
        """Ids of the articles that match a query, judged as they are here."""
        self._db.execute("BEGIN")
        try:
            insert_articles(self._db, {one.id: record(one.annotated) for one in judged})
            stories = [(one.story, one.id) for one in judged]
            self._db.conn.executemany("UPDATE articles SET story_id = ? WHERE id = ?", stories)
            condition = as_sql(
                Compiler(lambda start: words_beginning(self._db, start, MOST_WORDS + 1)).condition(query)
            )
            found = self._db.execute(f"SELECT id FROM articles WHERE {condition.where}", condition.parameters)
            return frozenset(article for (article,) in found)
        finally:
            self._db.rollback()
