"""Who waits for another process is told for whom, and not for ever; one archive has one service."""

import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from aggregator.archive import turn
from aggregator.archive.sqlite import open_archive
from aggregator.errors import ArchiveError
from tests.archive.upkeep.samples import ROOT, process
from tests.builders import make_annotated, make_harvest
from tests.cli.test_commands import _ENVIRONMENT as ENVIRONMENT

_KEEPER = """
import sys
from pathlib import Path
from aggregator.archive.turn import my_turn

sys.argv = ["/usr/bin/aggregator", "archive", "compact", "--archive", "secret.db"]
with my_turn(Path(sys.stdin.readline().strip())):
    print("has it", flush=True)
    sys.stdin.readline()
"""


def test_who_waits_is_told_for_whom_and_goes_on_when_it_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(turn, "TELL_AFTER", 0.2)
    path = tmp_path / "a.db"
    archive = open_archive(path)
    with process(_KEEPER) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        keeper.stdin.write(f"{path}\n")
        keeper.stdin.flush()
        keeper.stdout.readline()
        stop = "import sys, time, os, signal; time.sleep(1); os.kill(int(sys.argv[1]), signal.SIGKILL)"
        with subprocess.Popen([sys.executable, "-c", stop, str(keeper.pid)]):
            archive.save(make_harvest(make_annotated()))
    archive.close()
    told = f"archive {path}: waiting for its turn to write, after process {keeper.pid} (aggregator archive compact)"
    assert [record.getMessage() for record in caplog.records] == [told]


def test_who_waits_too_long_is_told_what_to_do_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "PATIENCE", 0.3)
    path = tmp_path / "a.db"
    with closing(open_archive(path)) as archive:
        with process(_KEEPER) as keeper:
            assert keeper.stdin is not None
            assert keeper.stdout is not None
            keeper.stdin.write(f"{path}\n")
            keeper.stdin.flush()
            keeper.stdout.readline()
            with pytest.raises(
                ArchiveError, match=rf"process {keeper.pid} \(aggregator archive compact\) has been writing"
            ):
                archive.save(make_harvest(make_annotated()))
        archive.save(make_harvest(make_annotated()))
        assert archive.counts()["articles"] == 1


def _run(folder: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "aggregator", "run", "--config", str(folder / "feeds.yaml"), "--port", "0", *more]
    return subprocess.Popen(
        command, cwd=ROOT, env=ENVIRONMENT | {"PATH": ""}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_second_service_of_an_archive_is_refused_until_the_first_has_ended(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text("feeds: []\n", encoding="utf-8")
    with _run(tmp_path) as first:
        try:
            assert first.stderr is not None
            assert any("Ctrl-C ends" in line for line in first.stderr), "it did not start"
            for more in ((), ("--once",)):
                with _run(tmp_path, *more) as second:
                    _, told = second.communicate(timeout=60)
                assert second.returncode == 1
                assert f"process {first.pid} (aggregator run) is at work on it; end it first" in " ".join(told.split())
                assert "Traceback" not in told
        finally:
            first.send_signal(signal.SIGKILL)
    with _run(tmp_path, "--once") as third:
        _, told = third.communicate(timeout=60)
    assert third.returncode == 0, told


def test_taking_an_own_turn_costs_next_to_nothing(tmp_path: Path) -> None:
    begun = time.process_time()
    for _ in range(200):
        with turn.my_turn(tmp_path / "a.db"):
            pass
    assert (time.process_time() - begun) / 200 < 0.001
