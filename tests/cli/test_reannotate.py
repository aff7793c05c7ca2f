"""`aggregator reannotate`: the archive judged anew, also when it is killed in between or others write beside it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copyfile

import pytest

from aggregator.annotate.beat import beat_version
from aggregator.archive.engine import sqlite3
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.model import FullText, FullTextState, Selection
from tests.builders import NOW, filled_archive, make_annotated, make_article, make_harvest
from tests.cli.test_commands import ROOT, run_here

TINY = ROOT / "tests" / "beats" / "india-russia"
TEXT = "Modi met the envoy of Moscow for talks on missiles and crude oil; the storm did not keep them. " * 8
ARTICLES = 800


def configured(folder: Path, beat: Path | str = TINY) -> Path:
    file = folder / "feeds.yaml"
    file.write_text(
        f"beat: {beat}\nfeeds:\n  - {{url: 'https://example.com/rss', outlet: Example, language: en, country: DE, camp: western}}\n",
        encoding="utf-8",
    )
    return file


def judged_by(path: Path, version: str) -> int:
    with closing(read_archive(path)) as archive:
        return archive.count_selected(Selection()) - archive.count_selected(Selection(not_version=version))


def content(path: Path) -> list[list[tuple[object, ...]]]:
    tables = ("articles", "stories", "article_keys", "revisions", "full_texts", "verdicts")
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        raw.execute("INSERT INTO article_words(article_words, rank) VALUES ('integrity-check', 1)")
        raw.execute("CREATE VIRTUAL TABLE temp.indexed USING fts5vocab(main, article_words, instance)")
        words = raw.execute('SELECT doc, term, col, "offset" FROM temp.indexed ORDER BY 1, 2, 3, 4').fetchall()
        return [words, *(raw.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables)]


def test_killed_in_the_middle_it_goes_on_where_it_was_and_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    config, path, whole = configured(tmp_path), tmp_path / "archive.db", tmp_path / "whole.db"
    articles = (
        make_article(f"Report {n}", text=f"{n} {TEXT}", published=NOW + timedelta(minutes=n)) for n in range(ARTICLES)
    )
    with filled_archive(path, *map(make_annotated, articles)):
        pass
    copyfile(path, whole)
    version = beat_version(str(TINY))
    command = [sys.executable, "-m", "aggregator", "reannotate", "--config", str(config)]
    with subprocess.Popen(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL
    ) as running:
        until = time.monotonic() + 60
        while not judged_by(path, version) and time.monotonic() < until:
            time.sleep(0.002)
        running.send_signal(signal.SIGKILL)
    assert running.returncode == -signal.SIGKILL
    done = judged_by(path, version)
    assert 0 < done < ARTICLES

    rest = run_here("reannotate", "--config", config, "--json").json
    assert (rest["passed_over"], rest["judged"], rest["left"]) == (done, ARTICLES - done, 0)
    uninterrupted = run_here("reannotate", "--config", config, "--archive", whole, "--json").json
    assert (uninterrupted["passed_over"], uninterrupted["judged"]) == (0, ARTICLES)
    assert content(path) == content(whole)
    assert run_here("reannotate", "--config", config, "--json").json["judged"] == 0


def test_a_page_that_was_read_is_judged_again_and_what_the_feed_has_revised_since_is_not(tmp_path: Path) -> None:
    config, path = configured(tmp_path), tmp_path / "archive.db"
    page = "Moscow and New Delhi meet. India and Russia hold talks. Modi meets Russian generals on BrahMos."
    with filled_archive(
        path, *(make_annotated(make_article(name, guid=name), score=0.1) for name in ("Modi read", "Modi revised"))
    ) as archive:
        for article in (1, 2):
            stored = archive.article(article)
            assert stored is not None
            text = FullText(article=article, url="https://example.com", state=FullTextState.READ, asked=NOW, text=page)
            archive.save_full_texts([(text, make_annotated(replace(stored.article, full_text=page), score=0.1))])
        archive.save(
            make_harvest(
                make_annotated(make_article("Modi revised", summary="A storm.", guid="Modi revised"), score=0.1)
            )
        )
    done = run_here("reannotate", "--config", config, "--json").json
    assert (done["judged"], done["gained"], done["lost"]) == (2, 1, 0)
    found = run_here("search", "brahmos", "--config", config, "--beat", TINY, "--json").json["hits"]
    assert [(hit["title"], hit["relevance"] > 0.5) for hit in found] == [("Modi read", True)]
    with closing(read_archive(path)) as archive:
        assert [waiting.stored.id for waiting in archive.full_texts_revised(5)] == [2], "the next round judges its page"


def test_another_process_may_write_meanwhile(tmp_path: Path) -> None:
    config, path = configured(tmp_path), tmp_path / "archive.db"
    with filled_archive(path, *(make_annotated(make_article(f"Report {n}", text=f"{n} {TEXT}")) for n in range(300))):
        pass
    command = [sys.executable, "-m", "aggregator", "reannotate", "--config", str(config), "--json"]
    with (
        subprocess.Popen(
            command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True
        ) as running,
        closing(open_archive(path)) as service,
    ):
        written = 0
        while running.poll() is None:
            service.save(make_harvest(make_annotated(make_article(f"News {written}"))))
            written += 1
        assert running.stdout is not None
        done = json.loads(running.stdout.read())
    assert running.returncode == 0
    assert done["judged"] >= 300
    assert done["judged"] + done["left"] <= 300 + written
    with closing(read_archive(path)) as archive:
        assert archive.count_selected(Selection()) == 300 + written
    assert len(content(path)[1]) == 300 + written


def test_a_period_can_be_chosen_and_the_table_says_what_happened(tmp_path: Path) -> None:
    config = configured(tmp_path)
    dates = (NOW, NOW - timedelta(days=40))
    with filled_archive(
        tmp_path / "archive.db",
        *(make_annotated(make_article(f"Storm of {date:%B}", published=date)) for date in dates),
    ):
        pass
    shown = run_here("reannotate", "--config", config, "--since", "2026-03").out
    assert "relevant before, not now" in shown
    done = run_here("reannotate", "--config", config, "--json").json
    assert (done["judged"], done["passed_over"], done["lost"]) == (1, 1, 1)


def test_health_tells_of_articles_of_an_older_version_until_they_are_judged(tmp_path: Path) -> None:
    config = configured(tmp_path)
    with filled_archive(tmp_path / "archive.db", make_annotated()):
        pass
    assert "1 articles were judged by an older version" in run_here("feeds", "health", "--config", config).out
    assert run_here("reannotate", "--config", config).code == 0
    assert "older version" not in run_here("feeds", "health", "--config", config).out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--archive", "nowhere.db"), 1, "there is no archive"),
        (("--since", "soon"), 2, "is not a date"),
        (("--config", "nowhere.yaml", "--archive", "archive.db"), 2, "nowhere.yaml"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    with filled_archive(tmp_path / "archive.db", make_annotated()):
        pass
    done = run_here("reannotate", "--config", configured(tmp_path), *arguments)
    assert (done.code, done.out) == (code, "")
    assert told in done.err
