"""The commands that do the work; those that look things up are in `cli.lookup`, those for sources in `cli.feeds`."""

import asyncio
import webbrowser
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

import aggregator
from aggregator import pipeline
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.cli import health, output
from aggregator.cli.demo import run_demo
from aggregator.cli.feeds import feeds_app
from aggregator.cli.lookup import lookup_app
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of
from aggregator.cli.service import open_service, run_forever, tell, utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.polling import PollReport
from aggregator.publish.calendar import local_day
from aggregator.publish.deliver import Channels
from aggregator.publish.web.server import bind
from aggregator.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Polls feeds in English, Russian and Chinese, judges what is about China–Russia ties, writes a daily digest.",
    epilog="Examples:  aggregator demo  ·  aggregator run  ·  aggregator search 'Путин topic:energy since:7d'",
)
app.add_typer(lookup_app)
app.add_typer(feeds_app, name="feeds")
__all__ = ["app", "health"]  # health adds its command to feeds_app by being imported


def _version(wanted: bool) -> None:
    if wanted:
        output.out.print(f"aggregator {aggregator.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Global options."""


@app.command(epilog="Example:  aggregator poll --config feeds.yaml --json")
def poll(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    json: Json = False,
    due: Annotated[bool, typer.Option("--due", help="Only feeds whose time has come (for cron).")] = False,
    stories: Annotated[
        bool, typer.Option(help="Gather the articles into stories; else `digest` or `run` does it later.")
    ] = True,
) -> None:
    """Poll the feeds now, read the full texts that they want, and gather their articles into stories. Exit code 1 if every feed failed.

    A feed whose server asked for rest (Retry-After, 410) is left alone even so.
    """
    settings = settings_of(config, archive)

    async def work() -> PollReport:
        async with open_service(settings) as service:
            report = await service.poll(by_command=not due, progress=not json)
            await service.read_full_texts()
            if stories:
                pipeline.gather(service.archive, settings)
            return report

    report = asyncio.run(work())
    if json:
        output.print_json(output.report_json(report))
    else:
        output.print_report(report)
    if report.results and report.feeds("failed") == len(report.results):
        raise typer.Exit(1)


@app.command(epilog="Example:  aggregator digest --date 2026-03-05 --output out/")
def digest(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    day: Annotated[str, typer.Option("--date", help="Local date YYYY-MM-DD; default: today.")] = "",
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the files; default: as configured.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Open the first edition in the browser.")] = False,
    json: Json = False,
) -> None:
    """Make the edition of each digest for a date and deliver it.

    An edition that exists is never made or mailed twice.
    """
    settings = settings_of(config, archive)
    settings = replace(settings, digest_folder=folder.absolute()) if folder else settings
    wanted = _day(day)
    store = open_archive(settings.archive, must_exist=True)
    try:
        rows = _make_editions(store, settings, wanted)
    finally:
        store.close()
    if json:
        output.print_json({"editions": rows})
    else:
        shown = [
            (r["digest"], r["date"], r["stories"], "made" if r["new"] else "there already", r["path"]) for r in rows
        ]
        output.print_table("Editions", ("digest", "date", "stories", "state", "path"), shown)
    if preview and rows:
        webbrowser.open(Path(str(rows[0]["path"])).as_uri())


def _make_editions(store: SqliteArchive, settings: Settings, wanted: date | None) -> list[dict[str, object]]:
    """Make and deliver each digest's edition for a date, by default today; a row of `digest --json` each."""
    now = utc_now()
    pipeline.gather(store, settings)
    made = [
        edition
        for definition in settings.digests
        for edition in pipeline.digest(
            store, replace(settings, digests=(definition,)), now=now, day=wanted or local_day(definition, now)
        )
    ]
    asyncio.run(pipeline.deliver(store, Channels(mail=settings.mail), now=now))
    rows: list[dict[str, object]] = []
    for definition, day, new in made:
        edition = store.edition(definition.name, day)
        path = settings.digest_folder / f"{definition.name}-{day.isoformat()}.html"
        if edition and not path.is_file():
            pipeline.write_edition_files(edition, definition, settings.digest_folder, now)
        stories = len(edition.stories) if edition else 0
        rows.append(
            {"digest": definition.name, "date": day.isoformat(), "path": str(path), "stories": stories, "new": new}
        )
    return rows


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write 2026-03-05", param_hint="--date") from None


@app.command(epilog="Examples:  aggregator run  ·  aggregator run --once")
def run(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    once: Annotated[bool, typer.Option("--once", help="One round of everything, then end.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the archive page.")] = None,
) -> None:
    """Poll at once and then on schedule, send alerts, make digests at their hour, serve the archive page."""
    settings = settings_of(config, archive)
    if once:

        async def work() -> None:
            async with open_service(settings) as service:
                tell(await service.round())

        asyncio.run(work())
        return
    listener = bind(settings.web.port if port is None else port)
    asyncio.run(run_forever(settings, listener))


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
