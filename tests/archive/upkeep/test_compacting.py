"""A smaller file that holds the same, or the old one."""

import random
import signal
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import read_archive
from aggregator.archive.turn import only_service
from aggregator.archive.upkeep import files
from aggregator.archive.upkeep.checking import check
from aggregator.archive.upkeep.compacting import compact, room_to_compact
from aggregator.errors import ArchiveError
from tests.archive.upkeep.samples import content, kill_after, large_archive, names

_COMPACT = """
import sys
from pathlib import Path
from aggregator.archive.upkeep.compacting import compact

print("begun", flush=True)
compact(Path(sys.argv[1]))
"""
#: As SQLite is in the middle of writing the first page, whose former content is in the journal.
_LEAVE_WAL = """
import sys, time
from aggregator.archive.engine import sqlite3

connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = DELETE")
connection.execute("PRAGMA cache_size = 1")
connection.execute("PRAGMA cache_spill = 1")
connection.execute("BEGIN")
connection.execute("UPDATE articles SET title = 'broken'")
print("begun", flush=True)
time.sleep(60)
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    large_archive(path)
    with closing(sqlite3.connect(path)) as raw, raw:
        raw.execute("UPDATE articles SET text = ''")
    return path


def test_the_file_becomes_smaller_and_holds_the_same(archive: Path) -> None:
    before = content(archive)
    done = compact(archive)
    assert done.after < done.before * 0.6
    assert done.after == archive.stat().st_size
    assert content(archive) == before
    assert check(archive) == ()
    assert names(archive.parent) == {archive.name}


def test_it_is_refused_without_room_or_while_a_service_runs(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert room_to_compact(archive) > archive.stat().st_size
    with only_service(archive), pytest.raises(ArchiveError, match="is at work on it; end it first"):
        compact(archive)
    monkeypatch.setattr(files, "_SPARE", 10**18)
    with pytest.raises(ArchiveError, match=r"making the archive smaller needs .* free in .*; make room"):
        compact(archive)


def test_it_is_refused_while_somebody_reads(archive: Path) -> None:
    before = content(archive)
    with closing(sqlite3.connect(archive)) as reader:
        reader.execute("SELECT count(*) FROM articles").fetchone()
        with pytest.raises(ArchiveError, match="is open in"):
            compact(archive)
    assert content(archive) == before


def test_killed_while_it_leaves_the_wal_the_archive_can_be_read(archive: Path) -> None:
    before, code = content(archive), _LEAVE_WAL
    for how in (read_archive, check):
        assert kill_after(0.3, code, archive) == -signal.SIGKILL
        assert archive.with_name("archive.db-journal").stat().st_size, "it was not killed in the middle"
        if how is read_archive:
            read_archive(archive).close()
        assert check(archive) == ()
    assert content(archive) == before


def test_killed_at_any_moment_the_archive_is_whole(archive: Path) -> None:
    before, chance = content(archive), random.Random(4)
    for _ in range(6):
        kill_after(chance.uniform(0.0, 0.5), _COMPACT, archive)
        assert check(archive) == ()
    compact(archive)
    assert content(archive) == before
    assert names(archive.parent) == {archive.name}
