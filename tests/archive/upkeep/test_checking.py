"""What a check finds, that it changes nothing, and what can be mended."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.archive.engine import VERSION, sqlite3
from aggregator.archive.upkeep.checking import check, repair_index
from aggregator.archive.upkeep.figures import figures
from aggregator.errors import ArchiveError
from tests.archive.upkeep.samples import content, damage_index, whole_archive


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    whole_archive(path)
    return path


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as raw, raw:
        for sql in statements:
            raw.execute(sql)


def test_a_whole_archive_has_nothing_wrong(archive: Path) -> None:
    assert check(archive) == ()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("INSERT INTO stories(founded_by) VALUES (1)", "1 stories without articles"),
        ("UPDATE articles SET story_id = 99 WHERE id = 1", "row 1 of articles points to a row of stories"),
        ("UPDATE notices SET story = 99", "1 notices of stories that are not there"),
        ("DELETE FROM article_keys WHERE article_id = 1", "1 articles that nothing identifies"),
        ("UPDATE articles SET story_id = (SELECT old FROM merged_stories) WHERE id = 1", "become part of another"),
        ("DELETE FROM article_words WHERE rowid = (SELECT position FROM articles)", "1 articles that the index lacks"),
        ("INSERT INTO article_words(rowid, title) VALUES (7, 'x')", "1 rows of the index without an article"),
        ("UPDATE articles SET position = (SELECT max(position) FROM articles)", "3 articles share their place"),
        ("DELETE FROM article_words_docsize", "articles that the index lacks"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(archive: Path, sql: str, message: str) -> None:
    change(archive, sql)
    before = content(archive)
    found = check(archive)
    assert any(message in one.what for one in found), found
    assert all(one.do for one in found)
    assert content(archive) == before


def test_a_damaged_file_is_told(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    for page in range(20, len(data) // 4096, 3):
        data[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    archive.write_bytes(data)
    assert any("restore" in one.do for one in check(archive))


def test_a_damaged_index_is_told_and_mended(archive: Path) -> None:
    before = content(archive)
    change(archive, "UPDATE article_words_data SET block = zeroblob(60) WHERE id > 10")
    assert "check --repair" in check(archive)[0].do
    assert repair_index(archive) == 4
    assert check(archive) == ()
    assert content(archive) == before


@pytest.mark.parametrize(
    "damage",
    [
        damage_index,
        lambda path: change(path, "DELETE FROM article_words_data"),
        lambda path: change(path, "DELETE FROM article_words_docsize"),
        lambda path: change(path, "INSERT INTO article_words(rowid, text) VALUES (7, 'stray')"),
    ],
)
def test_an_index_made_anew_is_that_which_polling_makes(archive: Path, damage: Callable[[Path], None]) -> None:
    before = content(archive)
    damage(archive)
    repair_index(archive)
    assert content(archive) == before
    assert check(archive) == ()


def test_an_archive_of_a_newer_program_is_told(archive: Path) -> None:
    change(
        archive,
        "INSERT INTO _sqlite_migrations(migration_set, name, applied_at) VALUES ('aggregator', 'm999_later', '2030')",
    )
    with pytest.raises(ArchiveError, match="made by a newer version"):
        check(archive)


def test_the_figures_are_those_of_the_archive(archive: Path) -> None:
    found = figures(archive)
    assert {table.name: table.rows for table in found.tables}.items() >= {
        ("articles", 4),
        ("article_words", 4),
        ("revisions", 1),
    }
    assert found.languages == {"en": 4}
    assert (found.oldest, found.newest) == ("2026-03-05T09:00:00+00:00", "2026-03-05T12:00:00+00:00")
    assert found.size == archive.stat().st_size
    assert found.schema.startswith("m0")
    assert not found.wal_reset_bug or VERSION <= (3, 51, 2)
    assert all(table.size for table in found.tables if table.rows)
