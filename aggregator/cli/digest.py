"""`aggregator digest`: the editions of a date."""

import asyncio
import webbrowser
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from aggregator import pipeline
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.publish.calendar import local_day
from aggregator.publish.deliver import Channels
from aggregator.settings import Settings

app = typer.Typer()


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
