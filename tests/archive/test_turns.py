"""Processes that write to one archive take turns: none is turned away, none loses what another writes."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from aggregator.archive.sqlite import open_archive, read_archive

_ROUNDS = 40
_SAVER = """
import sys
from pathlib import Path
from aggregator.archive.sqlite import open_archive
from tests.builders import make_annotated, make_article, make_harvest

archive, name = open_archive(Path(sys.argv[1])), sys.argv[2]
for n in range(int(sys.argv[3])):
    archive.save(make_harvest(make_annotated(make_article(f"{name} {n}", text="word " * 200))))
archive.close()
"""


def test_three_processes_save_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    open_archive(path).close()
    savers = [
        subprocess.Popen(
            [sys.executable, "-c", _SAVER, str(path), name, str(_ROUNDS)],
            cwd=Path(__file__).parents[2],
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two", "three")
    ]
    for saver in savers:
        _, complaints = saver.communicate(timeout=120)
        assert saver.returncode == 0, complaints
    with closing(read_archive(path)) as archive:
        assert archive.counts()["articles"] == 3 * _ROUNDS
