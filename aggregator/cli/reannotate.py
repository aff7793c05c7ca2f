"""`aggregator reannotate`: the archive's articles judged anew by the beat as it is now."""

import time
from dataclasses import asdict

import typer

from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import open_archive
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, Since, settings_or_shipped
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.model import Selection
from aggregator.query import parse_since
from aggregator.reannotation import Reannotated, reannotate

app = typer.Typer()


@app.command("reannotate", epilog="Examples:  aggregator reannotate  ·  aggregator reannotate --since 90d --json")
def command(config: Config = DEFAULT_FILE, archive: ArchiveFile = None, since: Since = "", json: Json = False) -> None:
    """Judge the archive's articles anew: concepts, topics, relevance, and the words that search finds.

    Articles that this version of beat and code has judged are passed over, so it can be stopped at any time and run
    again, and beside `aggregator run`. Stories, notices and editions stay; `aggregator backtest` shows beforehand what
    becomes relevant and what does not remain so.
    """
    settings = settings_or_shipped(config, archive)
    begin = parse_since(since, now=utc_now()) if since else None
    store = open_archive(settings.archive, must_exist=True)
    try:
        beat = load_beat(settings.beat)
        total = store.count_selected(Selection(since=begin, not_version=beat.version))
        begun = time.perf_counter()
        with output.article_progress("Judging", total) as progress:
            done = reannotate(store, beat, since=begin, progress=progress)
        seconds = time.perf_counter() - begun
    finally:
        store.close()
    if json:
        output.print_json({**asdict(done), "seconds": round(seconds, 1)})
    else:
        _print(done, settings.beat, seconds)


def _print(done: Reannotated, beat: str, seconds: float) -> None:
    rows = [
        ("judged anew", f"{done.judged:,}"),
        ("passed over: judged by this version before", f"{done.passed_over:,}"),
        ("relevant now, not before", f"{done.gained:,}"),
        ("relevant before, not now", f"{done.lost:,}"),
        ("time", f"{seconds:.1f} s, {done.judged / (seconds or 1.0):,.0f} articles/s"),
    ]
    output.print_table(f"Articles judged by {beat}, version {done.version}", ("", "count"), rows)
    if done.left:
        output.out.print(
            f"{done.left:,} are left: revised meanwhile, or brought by a process that judges by another version;"
            " start `aggregator run` anew and run this again.",
            soft_wrap=True,
        )
