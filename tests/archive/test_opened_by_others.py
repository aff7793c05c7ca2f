"""What people find who open the archive with other tools: docs/archive.md says what stands where, and it is so."""

import csv
import io
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import open_archive
from aggregator.archive.upkeep.opening import opened
from aggregator.archive.upkeep.tables import content_tables
from aggregator.archive.views import VIEWS
from aggregator.model import Mention
from aggregator.publish.view import CAMP_NAMES
from aggregator.settings import Camp
from tests.archive.upkeep.samples import whole_archive
from tests.builders import make_annotated, make_article, make_harvest

PAGE = (Path(__file__).parents[2] / "docs" / "archive.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("opened") / "archive.db"
    whole_archive(path)
    return path


def rows(path: Path, sql: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as raw:
        raw.row_factory = sqlite3.Row
        return [dict(row) for row in raw.execute(sql)]


def test_the_page_lists_each_table_and_view_with_all_its_columns(archive: Path) -> None:
    told = {
        name: re.findall(r"^\| (\w+) \| \S", section, re.MULTILINE)[0:]
        for name, section in re.findall(r"^#### (\w+)\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    }
    with opened(archive) as raw:
        names = {*(table.name for table in content_tables(raw)), *VIEWS}
        there = {name: [row[1] for row in raw.execute(f"PRAGMA table_info({name})")] for name in names}
    assert {name: set(columns) - {"column"} for name, columns in told.items()} == {
        name: set(columns) for name, columns in there.items()
    }


def test_all_views_can_be_read(archive: Path) -> None:
    for name in VIEWS:
        assert rows(archive, f"SELECT * FROM {name}"), name


def test_an_article_is_readable(archive: Path) -> None:
    article = rows(archive, "SELECT * FROM readable_articles WHERE id = 1")[0]
    assert (article["language"], article["topics"], article["named"]) == ("English", "energy", "vladimir putin")
    assert (article["evidence"], article["verdict"]) == ("+4.00 both sides (title)", "about the tie")
    assert (article["date_known"], article["story"]) == ("stated by the outlet", 1)


def test_a_story_is_readable(archive: Path) -> None:
    story = rows(archive, "SELECT * FROM readable_stories WHERE id = 1")[0]
    assert (story["articles"], story["independent_sources"], story["first_camp"]) == (2, 2, "Other")
    assert set(story["outlets"].split(",")) == {"Outlet 0", "Outlet 1"}
    assert len(rows(archive, "SELECT * FROM readable_stories")) == 2


def test_camps_have_the_names_that_pages_print(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(open_archive(path)) as archive:
        for camp in Camp:
            archive.save(make_harvest(make_annotated(replace(make_article(camp), camp=camp))))
    assert {row["title"]: row["camp"] for row in rows(path, "SELECT title, camp FROM readable_articles")} == CAMP_NAMES


def test_a_name_stands_with_the_words_that_say_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    mentions = (Mention("xi-jinping", "title", 2, 5), Mention("vladimir-putin", "text", 0, 4))
    with closing(open_archive(path)) as archive:
        one = make_annotated(make_article("𝕏 习近平 met", text="普京总统 said"))
        archive.save(make_harvest(replace(one, mentions=mentions)))
    found = rows(path, "SELECT name, place, words FROM readable_names ORDER BY place DESC")
    assert [tuple(row.values()) for row in found] == [
        ("xi jinping", "title", "习近平"),
        ("vladimir putin", "text", "普京总统"),
    ]


_EXAMPLES = re.findall(r"^    \$ (sqlite-utils .*)$", PAGE, re.MULTILINE)


def test_the_examples_of_sqlite_utils_run(archive: Path, tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("sqlite-utils")
    shutil.copy(archive, tmp_path / "archive.db")
    told = []
    for example in _EXAMPLES:
        words = shlex.split(example)[1:]
        done = subprocess.run([program, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        told.append(done.stdout)
    assert len(told) == 3
    assert "Pipeline" in told[0]
    assert list(csv.DictReader(io.StringIO(told[1]))) == [{"verdict": "about the tie", "articles": "1"}]
