"""What the archive has acknowledged survives kill -9."""

import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import open_archive

_SAVER = """
import sys
from itertools import count
from pathlib import Path
from aggregator.archive.sqlite import open_archive
from tests.builders import make_annotated, make_article, make_harvest, make_state

archive, start = open_archive(Path(sys.argv[1])), int(sys.argv[2])
for n in count(start, 3):
    names = [f"word{n + k}" for k in range(3)]
    articles = [make_annotated(make_article(name, text="text " * 400, guid=name)) for name in names]
    archive.save(make_harvest(*articles, state=make_state(etag=names[-1])))
    print(n, flush=True)
"""


def test_each_acknowledged_save_is_there_whole_after_kills_at_random(tmp_path: Path) -> None:
    path, chance = tmp_path / "a.db", random.Random(7)
    acknowledged: list[int] = []
    for round_number in range(6):
        start = 1_000_000 * (round_number + 1)
        command = [sys.executable, "-c", _SAVER, str(path), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as saver:
            assert saver.stdout is not None
            first = saver.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.3))
            saver.send_signal(signal.SIGKILL)
            rest = saver.stdout.read()
        assert saver.returncode == -signal.SIGKILL
        # a last line without its end was cut by the kill
        acknowledged += [int(line) for line in (first + rest).splitlines(keepends=True) if line.endswith("\n")]
    assert len(acknowledged) > 12

    archive = open_archive(path)
    known = archive.known_articles("https://example.com/rss", 100_000)
    etag = next(iter(archive.feed_states().values())).etag
    counts = archive.counts()
    archive.close()
    with closing(sqlite3.connect(path)) as raw:
        titles = [title for (title,) in raw.execute("SELECT title FROM articles")]
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        raw.execute("INSERT INTO article_words(article_words, rank) VALUES ('integrity-check', 1)")
        (indexed,) = raw.execute("SELECT count(*) FROM article_words").fetchone()

    wanted = {f"word{n + k}" for n in acknowledged for k in range(3)}
    assert wanted <= set(titles)
    assert len(titles) == len(set(titles)) == len(known) == counts["articles"] == indexed
    assert len(titles) % 3 == 0, "a harvest was kept in part"
    assert etag in titles
    assert etag == max(titles, key=lambda title: int(title.removeprefix("word"))), "validators and articles parted"
