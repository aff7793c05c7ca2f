"""`aggregator demo`: the whole path on the sample feeds."""

import asyncio
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from starlette.applications import Starlette

from aggregator import pipeline
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import read_archive
from aggregator.cli import output
from aggregator.cli.rounds import Round, play_round
from aggregator.cli.service import open_service, utc_now
from aggregator.config import load_settings
from aggregator.demo import sample_configuration, sample_server
from aggregator.publish.calendar import local_day
from aggregator.publish.web.app import make_app
from aggregator.publish.web.server import address, bind, serve
from aggregator.settings import DigestDefinition, Settings

app = typer.Typer()


@app.command(epilog="Example:  aggregator demo --no-serve")
def demo(
    serve: Annotated[bool, typer.Option(help="Serve the archive page afterwards, until Ctrl-C.")] = True,
    folder: Annotated[Path, typer.Option("--output", "-o", help="Folder for the digest.")] = Path("digests"),
    archive: Annotated[Path, typer.Option("--archive", "-a", help="Archive of the demo; made anew each time.")] = Path(
        "demo.db"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the archive page; 0 takes a free one.")] = 0,
) -> None:
    """Replay a recorded fortnight of sample feeds through the real program, without a network."""
    run_demo(folder=folder.absolute(), archive=archive.absolute(), serve_page=serve, port=port)


def run_demo(*, folder: Path, archive: Path, serve_page: bool, port: int) -> None:
    """Poll the sample feeds from loopback, write today's digest, print what happened, serve the archive."""
    started, now = time.monotonic(), utc_now()
    for suffix in ("", "-wal", "-shm"):
        Path(f"{archive}{suffix}").unlink(missing_ok=True)
    with sample_server(now=now) as sample_port:
        settings = _settings(sample_port, folder, archive)
        done = asyncio.run(_round(settings))
    _summary(settings, done, time.monotonic() - started)
    if serve_page:
        listener = bind(port)
        output.out.print(f"The archive page: {address(listener)}  (Ctrl-C ends)")
        serve(_page_of(settings), listener)


def _page_of(settings: Settings) -> Starlette:
    return make_app(
        lambda: read_archive(settings.archive),
        load_beat(settings.beat),
        feed_reports=lambda archive: pipeline.feed_reports(archive, settings),
        searches=settings.searches,
        digests=settings.digests,
        alerts=settings.alerts,
    )


def _settings(sample_port: int, folder: Path, archive: Path) -> Settings:
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "feeds.yaml"
        file.write_text(sample_configuration(sample_port), encoding="utf-8")
        settings = load_settings(file)
    digest = DigestDefinition(name="demo", title="China–Russia daily (sample feeds)")
    return replace(settings, digest_folder=folder, archive=archive, digests=(digest,))


async def _round(settings: Settings) -> Round:
    async with open_service(settings) as service:
        return await play_round(service, by_command=True, day=local_day(settings.digests[0], utc_now()))


def _summary(settings: Settings, done: Round, seconds: float) -> None:
    archive = read_archive(settings.archive)
    try:
        definition, day, _ = done.editions[0]
        edition = archive.edition(definition.name, day)
        counts = archive.counts()
        folded = archive.copies()
    finally:
        archive.close()
    report = done.report
    rows = [
        ("feeds ok", report.feeds("ok")),
        ("feeds failed", report.feeds("failed")),
        ("entries", report.fetched),
        ("new articles", report.stored),
        ("duplicates folded", f"{report.duplicate} same publication, {folded} reprints"),
        ("entries dropped", sum(report.dropped.values())),
        ("stories", counts["stories"]),
        ("relevant stories today", len(edition.stories) if edition else 0),
        ("digest", settings.digest_folder / f"{definition.name}-{day.isoformat()}.html"),
        ("time", f"{seconds:.1f} s"),
    ]
    output.print_table("The demo", ("", ""), rows)
    for failure in report.failures:
        output.out.print(f"failed, as some always do: {failure.url}: {failure.reason}", markup=False, soft_wrap=True)
