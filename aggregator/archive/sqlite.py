"""The archive in one SQLite file, through sqlite-utils: one writer, readers beside it."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from aggregator.archive.annotations import Annotations
from aggregator.archive.base import roll_back
from aggregator.archive.captures import Captures
from aggregator.archive.digesting import Digesting
from aggregator.archive.editions import Editions
from aggregator.archive.fulltexts import FullTexts
from aggregator.archive.noticing import Noticing
from aggregator.archive.percolating import Percolating
from aggregator.archive.rows import (
    edition_from,
    edition_row,
    read_time,
)
from aggregator.archive.saving import Saving
from aggregator.archive.storytelling import Storytelling
from aggregator.archive.subscribing import Subscribing
from aggregator.archive.tidying import Tidying
from aggregator.archive.verdicts import Verdicts
from aggregator.errors import ArchiveError
from aggregator.model import (
    Delivery,
    Edition,
    Revision,
    StoredArticle,
)


class SqliteArchive(
    Digesting,
    Percolating,
    Saving,
    FullTexts,
    Annotations,
    Storytelling,
    Subscribing,
    Verdicts,
    Captures,
    Editions,
    Noticing,
    Tidying,
):
    """`aggregator.archive.Archive` on SQLite."""

    # --- publish ---

    def article(self, article_id: int) -> StoredArticle | None:
        return next(iter(self._articles("id = ?", (article_id,))), None)

    def revisions(self, articles: Sequence[int], limit: int) -> tuple[Revision, ...]:
        rows = self._rows(
            "SELECT * FROM revisions WHERE article_id IN (SELECT value FROM json_each(?)) ORDER BY rowid DESC LIMIT ?",
            (json.dumps(list(articles)), limit),
        )
        return tuple(
            Revision(
                article=row["article_id"],
                replaced=read_time(row["replaced"]),
                title=row["title"],
                summary=row["summary"],
                text=row["text"],
            )
            for row in reversed(list(rows))
        )

    def edition(self, digest: str, day: date) -> Edition | None:
        rows = self._rows("SELECT * FROM editions WHERE digest = ? AND date = ?", (digest, day.isoformat()))
        return next((edition_from(row) for row in rows), None)

    def edition_days(self, digest: str | None = None) -> tuple[tuple[str, date], ...]:
        rows = self._rows(
            "SELECT digest, date FROM editions WHERE ?1 IS NULL OR digest = ?1 ORDER BY date DESC, digest", (digest,)
        )
        return tuple((row["digest"], date.fromisoformat(row["date"])) for row in rows)

    def save_edition(self, edition: Edition, deliveries: Sequence[Delivery]) -> bool:
        with self._transaction():
            if self.edition(edition.digest, edition.date):
                return False
            self._table("editions").insert(edition_row(edition))
            self._queue(deliveries)
        return True

    # --- for people ---

    def counts(self) -> dict[str, int]:
        tables = ("articles", "stories", "revisions", "editions", "notices", "deliveries")
        return {table: int(self._one(f"SELECT count(*) FROM {table}") or 0) for table in tables}

    def copies(self) -> int:
        return int(self._one("SELECT count(*) FROM articles WHERE copy_of IS NOT NULL") or 0)

    def last_article_id(self) -> int:
        return int(self._one("SELECT max(id) FROM articles WHERE story_id IS NOT NULL") or 0)


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
    """Open an archive for reading only; one of an older version is upgraded first.

    Raises:
        ArchiveError: the file is not there, or is no archive.
    """
    if not path.is_file():
        raise ArchiveError(f"there is no archive at {path}; `aggregator poll` makes one")
    roll_back(path)
    archive = SqliteArchive(path, read_only=True)
    if archive.is_behind:
        archive.close()
        open_archive(path).close()
        archive = SqliteArchive(path, read_only=True)
    return archive
