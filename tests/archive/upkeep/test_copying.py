"""Backups and putting them back: whole, verified, never in the way of who writes, and never over what is there."""

import random
import signal
import subprocess
import sys
import threading
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.archive.upkeep.checking import check
from aggregator.archive.upkeep.copying import back_up, backup_place, restore
from aggregator.errors import ArchiveError
from tests.archive.upkeep.samples import (
    content,
    damage_index,
    kill_after,
    large_archive,
    names,
    process,
    whole_archive,
)
from tests.builders import NOW, make_annotated, make_article, make_harvest

_LATER = NOW + timedelta(minutes=1)
_SAVER = """
import sys
from itertools import count
from pathlib import Path
from aggregator.archive.sqlite import open_archive
from tests.builders import make_annotated, make_article, make_harvest

archive = open_archive(Path(sys.argv[1]))
print("open", flush=True)
for n in count():
    archive.save(make_harvest(make_annotated(make_article(f"saved {n}", text="word " * 200))))
"""
_HOLDER = """
import sys
from pathlib import Path
from aggregator.archive.sqlite import open_archive, read_archive

archive = (open_archive if sys.argv[2] == "writing" else read_archive)(Path(sys.argv[1]))
archive.counts()
print("open", flush=True)
sys.stdin.readline()
archive.close()
"""
_BACKUP = """
import sys
from pathlib import Path
from aggregator.archive.upkeep.copying import back_up

print("begun", flush=True)
back_up(Path(sys.argv[1]), Path(sys.argv[2]))
"""
_RESTORE = """
import sys
from datetime import datetime
from pathlib import Path
from aggregator.archive.upkeep.copying import restore

print("begun", flush=True)
restore(Path(sys.argv[1]), Path(sys.argv[2]), now=datetime.fromisoformat(sys.argv[3]))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "archive.db"
    whole_archive(path)
    return path


def test_a_backup_holds_what_the_archive_holds_and_is_one_file(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    done = back_up(archive, backup_place(archive, folder, NOW))
    assert done.path == folder / "archive-20260305T120000Z.db"
    assert content(done.path) == content(archive)
    assert done.rows["articles"] == 4
    assert done.size == done.path.stat().st_size
    assert names(folder) == {done.path.name}


def test_a_backup_goes_beside_the_archive_into_a_folder_or_to_a_file(archive: Path, tmp_path: Path) -> None:
    assert backup_place(archive, None, NOW) == archive.with_name("archive-20260305T120000Z.db")
    assert backup_place(archive, tmp_path, NOW) == tmp_path / "archive-20260305T120000Z.db"
    assert backup_place(archive, tmp_path / "b.db", NOW) == tmp_path / "b.db"


def test_a_backup_overwrites_nothing(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "letter.txt"
    target.write_text("Dear reader")
    with pytest.raises(ArchiveError, match="exists already"):
        back_up(archive, target)
    assert target.read_text() == "Dear reader"


def test_a_backup_of_nothing_and_of_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear reader, " * 100)
    for name, message in (("none.db", "there is no archive"), ("letter.db", "not a database")):
        with pytest.raises(ArchiveError, match=message):
            back_up(tmp_path / name, tmp_path / "backup.db")
    assert names(tmp_path) == {"letter.db"}


def test_keep_removes_the_older_backups_of_this_archive_and_no_other_file(archive: Path) -> None:
    folder = archive.parent
    others = {"archive-20250101T000000Z.db.txt", "archive-old.db", "other-20250101T000000Z.db", "archive-2025.db"}
    for name in others:
        (folder / name).touch()
    for minute in range(4):
        done = back_up(archive, backup_place(archive, None, NOW + timedelta(minutes=minute)), keep=2)
    assert [one.name for one in done.pruned] == ["archive-20260305T120100Z.db"]
    kept = {"archive-20260305T120200Z.db", "archive-20260305T120300Z.db"}
    assert names(folder) == {archive.name, *others, *kept}


def test_a_damaged_archive_gives_no_backup(archive: Path, tmp_path: Path) -> None:
    damage_index(archive)
    with pytest.raises(ArchiveError, match="1 articles that the index lacks"):
        back_up(archive, tmp_path / "backup.db")
    assert names(tmp_path) == {"home"}


def test_a_backup_beside_a_writer_is_whole_and_keeps_it_from_nothing(archive: Path, tmp_path: Path) -> None:
    with process(_SAVER, archive) as saver:
        assert saver.stdout is not None
        saver.stdout.readline()
        counts = [back_up(archive, tmp_path / f"{n}.db").rows["articles"] for n in range(4)]
        assert saver.poll() is None
    assert counts == sorted(set(counts)), "the writer stood still"
    for n, count in enumerate(counts):
        assert check(tmp_path / f"{n}.db") == ()
        with closing(read_archive(tmp_path / f"{n}.db")) as copy:
            assert copy.counts()["articles"] == count


def test_a_write_meanwhile_does_not_make_it_begin_anew(tmp_path: Path) -> None:
    path, seen = tmp_path / "archive.db", []
    large_archive(path, 4000)

    def write_in_between(done: int, total: int) -> None:
        seen.append(done)
        code = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("UPDATE stories SET changed = 2"); c.commit()'
        subprocess.run([sys.executable, "-c", code, path], check=True, timeout=60)

    back_up(path, tmp_path / "backup.db", progress=write_in_between)
    assert len(seen) > 1
    assert seen == sorted(set(seen))


def test_what_a_killed_backup_has_left_is_no_backup_and_goes_with_the_next(tmp_path: Path) -> None:
    path, chance = tmp_path / "archive.db", random.Random(3)
    large_archive(path)
    for n in range(6):
        target = backup_place(path, None, NOW + timedelta(hours=n))
        kill_after(chance.uniform(0.0, 0.15), _BACKUP, path, target)
        assert not target.exists() or check(target) == ()
    back_up(path, backup_place(path, None, NOW + timedelta(days=1)), keep=1)
    assert names(tmp_path) == {"archive.db", "archive-20260306T120000Z.db"}
    assert check(path) == ()


# --- restore -----------------------------------------------------------------------------------


@pytest.fixture
def backup(archive: Path, tmp_path: Path) -> Path:
    return back_up(archive, tmp_path / "backup.db").path


def _add_article(path: Path) -> None:
    with closing(open_archive(path)) as opened:
        opened.save(make_harvest(make_annotated(make_article("Later"))))


def test_restoring_brings_the_backup_and_keeps_what_was_there(archive: Path, backup: Path) -> None:
    _add_article(archive)
    before = content(archive)
    done = restore(backup, archive, now=_LATER)
    assert done.kept == archive.with_name("archive.db.replaced-20260305T120100Z")
    assert content(archive) == content(backup)
    assert content(done.kept) == before
    assert names(archive.parent) == {archive.name, done.kept.name}
    _add_article(archive)
    assert check(archive) == ()


def test_restoring_where_no_archive_is_makes_one(backup: Path, tmp_path: Path) -> None:
    path = tmp_path / "new" / "archive.db"
    done = restore(backup, path, now=NOW)
    assert (done.kept, done.rows["articles"]) == (None, 4)
    assert content(path) == content(backup)


@pytest.mark.parametrize("how", ["writing", "reading"])
def test_while_another_process_has_it_open_nothing_is_restored(archive: Path, backup: Path, how: str) -> None:
    before = content(archive)
    with process(_HOLDER, archive, how) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(ArchiveError, match=f"is open in process {holder.pid} .*end that first"):
            restore(backup, archive, now=NOW)
        holder.communicate("\n", timeout=60)
    assert content(archive) == before
    assert names(archive.parent) == {archive.name}
    restore(backup, archive, now=NOW)


def test_a_backup_that_is_damaged_or_none_is_refused_before_anything_is_touched(archive: Path, backup: Path) -> None:
    before = content(archive)
    damage_index(backup)
    letter = backup.with_name("letter.db")
    letter.write_text("Dear reader, " * 100)
    cut = backup.with_name("cut.db")
    cut.write_bytes(backup.read_bytes()[: -4096 * 3])
    for bad in (backup, letter, cut, backup.with_name("none.db")):
        with pytest.raises(ArchiveError):
            restore(bad, archive, now=NOW)
    with pytest.raises(ArchiveError, match="is the archive itself"):
        restore(archive, archive, now=NOW)
    assert content(archive) == before
    assert names(archive.parent) == {archive.name}


def test_a_damaged_archive_is_replaced_with_its_wal(archive: Path, backup: Path) -> None:
    wal = archive.with_name(f"{archive.name}-wal")
    archive.write_bytes(b"rubbish " * 1000)
    wal.write_bytes(b"rubbish too")
    done = restore(backup, archive, now=NOW)
    assert done.kept is not None
    assert content(archive) == content(backup)
    assert done.kept.read_bytes() == b"rubbish " * 1000
    assert done.kept.with_name(f"{done.kept.name}-wal").read_bytes() == b"rubbish too"


def test_a_wal_that_another_file_has_left_does_not_get_into_the_archive(backup: Path, tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    stray = path.with_name("new.db-wal")
    stray.write_bytes(b"rubbish")
    restore(backup, path, now=NOW)
    assert content(path) == content(backup)
    assert path.with_name("new.db.left-wal").read_bytes() == b"rubbish"


def test_a_backup_with_its_last_changes_in_a_wal_is_restored_with_them(archive: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copied.db"
    with process(_HOLDER, archive, "writing") as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with closing(sqlite3.connect(archive)) as raw, raw:
            raw.execute("UPDATE stories SET changed = 7")
        for name in ("", "-wal"):
            copied.with_name(copied.name + name).write_bytes(archive.with_name(archive.name + name).read_bytes())
    new = tmp_path / "new.db"
    restore(copied, new, now=NOW)
    assert {row[2] for row in content(new)["stories"]} == {7}


def test_killed_while_restoring_the_archive_is_the_former_or_the_restored_one(tmp_path: Path) -> None:
    path, chance = tmp_path / "archive.db", random.Random(5)
    large_archive(path)
    backup = back_up(path, tmp_path / "backup.db").path
    found = set()
    for n in range(6):
        _add_article(path)
        code = kill_after(chance.uniform(0.05, 0.5), _RESTORE, backup, path, (NOW + timedelta(hours=n)).isoformat())
        assert code in (0, -signal.SIGKILL)
        assert check(path) == ()
        with closing(open_archive(path)) as opened:
            found.add(opened.counts()["articles"])
    assert found <= {1500, 1501}
    restore(backup, path, now=NOW + timedelta(days=9))
    assert not [name for name in names(tmp_path) if name.endswith((".part", "-wal", "-shm", "-journal"))]


def test_two_backups_at_once_do_not_meet(archive: Path, tmp_path: Path) -> None:
    failures: list[str] = []

    def one(n: int) -> None:
        try:
            back_up(archive, backup_place(archive, None, NOW + timedelta(minutes=n)), keep=9)
        except ArchiveError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=one, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(names(archive.parent)) == 5
