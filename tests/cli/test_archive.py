"""`aggregator archive`: what it prints, its exit codes, and its forms for machines."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.archive.upkeep.samples import content, damage_index, whole_archive
from tests.cli.test_commands import _ENVIRONMENT as ENVIRONMENT
from tests.cli.test_commands import ROOT, run_here


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    whole_archive(path)
    return path


def test_backup_and_restore(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    done = run_here("archive", "backup", folder, "--archive", archive, "--keep", "3", "--json")
    told = done.json
    assert (done.code, told["rows"]["articles"], told["pruned"]) == (0, 4, [])
    assert Path(told["path"]).stat().st_size == told["bytes"]
    damage_index(archive)
    back = run_here("archive", "restore", told["path"], "--archive", archive, "--json").json
    assert content(archive) == content(Path(told["path"]))
    assert Path(back["kept"]).is_file()
    again = run_here("archive", "backup", told["path"], "--archive", archive)
    assert (again.code, "exists already" in again.err) == (1, True)


def test_check_says_what_is_wrong_and_repair_mends_the_index(archive: Path) -> None:
    assert run_here("archive", "check", "--archive", archive).code == 0
    damage_index(archive)
    done = run_here("archive", "check", "--archive", archive)
    assert (done.code, "the index lacks" in done.out, "check --repair" in done.out) == (1, True, True)
    assert run_here("archive", "check", "--archive", archive, "--json").json["whole"] is False
    assert run_here("archive", "check", "--archive", archive, "--repair", "--json").json == {
        "whole": True,
        "findings": [],
    }


def test_stats_and_compact(archive: Path) -> None:
    told = run_here("archive", "stats", "--archive", archive, "--json").json
    assert {table["name"]: table["rows"] for table in told["tables"]}["articles"] == 4
    assert told["languages"] == {"en": 4}
    table = run_here("archive", "stats", "--archive", archive).out
    assert all(word in table for word in ("articles", "SQLite", "WAL-reset bug", told["schema"]))
    done = run_here("archive", "compact", "--archive", archive, "--json")
    assert done.json["after"] <= done.json["before"]
    assert "needs up to" in done.err


def test_export_and_import_through_a_pipe(archive: Path, tmp_path: Path) -> None:
    new, environment = tmp_path / "new.db", os.environ | ENVIRONMENT
    program = [sys.executable, "-m", "aggregator", "archive"]
    with subprocess.Popen(
        [*program, "export", "-", "-a", archive], stdout=subprocess.PIPE, env=environment, cwd=ROOT
    ) as out:
        done = subprocess.run(
            [*program, "import", "-", "-a", new], stdin=out.stdout, env=environment, cwd=ROOT, check=False, timeout=120
        )
    assert (out.returncode, done.returncode) == (0, 0)
    assert content(new) == content(archive)


def test_who_stops_reading_an_export_sees_no_traceback(archive: Path) -> None:
    command = [sys.executable, "-m", "aggregator", "archive", "export", "-", "-a", str(archive)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | ENVIRONMENT, cwd=ROOT
    ) as out:
        assert out.stdout is not None
        assert out.stderr is not None
        out.stdout.close()
        told = out.stderr.read()
    assert b"Traceback" not in told
    assert b"BrokenPipe" not in told


def test_a_cut_export_is_a_line_and_a_code(archive: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.ndjson"
    assert run_here("archive", "export", file, "--archive", archive).code == 0
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    assert json.loads(lines[0])["tables"]["articles"] == 4
    file.write_text("".join(lines[:7]), encoding="utf-8")
    done = run_here("archive", "import", file, "--archive", tmp_path / "new.db")
    assert (done.code, "line 8: is missing: the file is cut" in " ".join(done.err.split())) == (1, True)


@pytest.mark.parametrize("command", ["backup", "check", "stats", "compact", "export"])
def test_without_an_archive_it_says_so(tmp_path: Path, command: str) -> None:
    done = run_here("archive", command, "--archive", tmp_path / "none.db")
    assert (done.code, "there is no archive at" in done.err) == (1, True)
    assert list(tmp_path.iterdir()) == []
