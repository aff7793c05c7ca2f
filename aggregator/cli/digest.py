"""`aggregator digest`: the editions of a date, a trial of one, or one rebuilt."""

import asyncio
import tempfile
import webbrowser
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from aggregator import pipeline
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.editions import compose
from aggregator.errors import AggregatorError
from aggregator.model import Delivery, DeliveryState, Edition
from aggregator.publish.calendar import edition_window, local_day
from aggregator.publish.deliver import Channels, Courier, write_file
from aggregator.publish.digest import edition_deliveries, problems_of
from aggregator.rebuilding import rebuild
from aggregator.settings import DigestDefinition, Settings

app = typer.Typer()

_EXAMPLES = """Examples:

aggregator digest

aggregator digest --date 2026-03-05 --output out/

aggregator digest --preview

aggregator digest --since 2026-03-01 --until 2026-03-08T12:00 --to me@example.org

aggregator digest --date 2026-03-05 --rebuild
"""


@app.command(epilog=_EXAMPLES)
def digest(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    name: Annotated[str, typer.Option("--digest", help="Only the digest of this name; default: all.")] = "",
    day: Annotated[str, typer.Option("--date", help="Local date YYYY-MM-DD; default: today.")] = "",
    since: Annotated[str, typer.Option(help="A trial of another period: from this local date or time on.")] = "",
    until: Annotated[str, typer.Option(help="Its end, as a local date or time; default: now.")] = "",
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the files; default: as configured.")
    ] = None,
    preview: Annotated[bool, typer.Option("--preview", help="A trial, opened in the browser.")] = False,
    to: Annotated[str, typer.Option("--to", help="A trial, mailed to this address.")] = "",
    again: Annotated[
        bool, typer.Option("--rebuild", help="Make a kept edition again; exit code 1 if it differs.")
    ] = False,
    json: Json = False,
) -> None:
    """Make the edition of each digest for a date and deliver it.

    An edition that exists is never made or mailed twice. A trial is neither kept nor sent to the recipients.
    """
    settings = settings_of(config, archive)
    chosen = [definition for definition in settings.digests if name in ("", definition.name)]
    if not chosen:
        names = ", ".join(definition.name for definition in settings.digests)
        raise typer.BadParameter(f"no digest is called {name!r}; there are {names}", param_hint="--digest")
    settings = replace(settings, digests=tuple(chosen))
    with closing(open_archive(settings.archive, must_exist=True)) as store:
        if again:
            rows = _rebuilt(store, settings, _day(day), folder)
        elif preview or to or since or until:
            rows = [_trial(store, settings, one, _day(day), (since, until), to, folder) for one in chosen]
        else:
            settings = replace(settings, digest_folder=folder.absolute()) if folder else settings
            rows = _make_editions(store, settings, _day(day))
    if json:
        output.print_json({"editions": rows})
    else:
        _print(rows)
    if preview and rows:
        webbrowser.open(Path(str(rows[0]["path"])).as_uri())
    if any(_state(row) in ("another", "not sent") for row in rows):
        raise typer.Exit(1)


def _print(rows: Sequence[dict[str, object]]) -> None:
    shown = [(row["digest"], row["date"], row["stories"], _state(row), row["path"]) for row in rows]
    output.print_table("Editions", ("digest", "date", "stories", "state", "path"), shown)
    for row in rows:
        for told in [*(row.get("problems") or ()), *(row.get("changes") or ())]:  # type: ignore[misc]  # lists, where there are any
            output.out.print(f"  {row['digest']}: {told}", markup=False, soft_wrap=True)


def _state(row: dict[str, object]) -> object:
    return row.get("state") or ("made" if row["new"] else "there already")


# --- what is due ---


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
    asyncio.run(pipeline.deliver(store, Channels(mail=settings.mail, others=settings.channels), now=now))
    rows: list[dict[str, object]] = []
    for definition, day, new in made:
        edition = store.edition(definition.name, day)
        path = settings.digest_folder / f"{definition.name}-{day.isoformat()}.html"
        if edition and not path.is_file():
            pipeline.write_edition_files(edition, definition, settings.digest_folder, now)
            pipeline.write_index(store, settings.digest_folder, now)
        stories = len(edition.stories) if edition else 0
        rows.append(
            {
                "digest": definition.name,
                "date": day.isoformat(),
                "path": str(path),
                "stories": stories,
                "new": new,
                **({"problems": list(problems_of(edition))} if edition and problems_of(edition) else {}),
            }
        )
    return rows


# --- a trial ---


def _trial(
    store: SqliteArchive,
    settings: Settings,
    definition: DigestDefinition,
    wanted: date | None,
    period: tuple[str, str],
    to: str,
    folder: Path | None,
) -> dict[str, object]:
    """Make an edition that is neither kept nor sent to the recipients."""
    now = utc_now()
    pipeline.gather(store, settings)
    day = wanted or local_day(definition, now)
    begin, end = edition_window(definition, day, now, by_command=True)
    begin, end = _moment(period[0], definition, begin), _moment(period[1], definition, end)
    if begin >= end:
        raise AggregatorError(f"the period ends ({end:%Y-%m-%d %H:%M} UTC) before it begins ({begin:%Y-%m-%d %H:%M})")
    edition = compose(store, settings, definition, day, (begin, end))
    path = _write(edition, folder or Path(tempfile.mkdtemp(prefix="aggregator-")), "-trial")
    row: dict[str, object] = {
        "digest": definition.name,
        "date": day.isoformat(),
        "path": str(path),
        "stories": len(edition.stories),
        "new": False,
        "state": "a trial",
        "problems": list(problems_of(edition)),
    }
    return {**row, **_mailed(edition, definition, settings, to, now)} if to else row


def _mailed(
    edition: Edition, definition: DigestDefinition, settings: Settings, to: str, now: datetime
) -> dict[str, object]:
    trial = replace(definition, recipients=(to,), outputs=("mail",), when_empty="say")
    (mail,) = edition_deliveries(edition, trial, Path(), now, settings.template_folder)
    # Each trial is a mail of its own: a reader who tries twice wants to see two.
    mail = replace(mail, key=f"trial/{now.isoformat()}/{mail.key}", subject=f"[trial] {mail.subject}")
    sent = asyncio.run(_send(mail, Channels(mail=settings.mail, others=settings.channels)))
    if sent.state is DeliveryState.SENT:
        return {"state": f"sent to {to}"}
    return {"state": "not sent", "changes": [f"{to}: {sent.reason}"]}


async def _send(mail: Delivery, channels: Channels) -> Delivery:
    async with Courier(channels) as courier:
        return await courier.deliver(mail)


def _write(edition: Edition, folder: Path, mark: str = "") -> Path:
    """The files of an edition in a folder."""
    plain = DigestDefinition(name=f"{edition.digest}", outputs=("file",), when_empty="say")
    for delivery in edition_deliveries(edition, plain, folder.absolute(), edition.until):
        file = Path(delivery.target)
        written = write_file(replace(delivery, target=str(file.with_name(f"{file.stem}{mark}{file.suffix}"))))
        if written.state is not DeliveryState.SENT:
            raise AggregatorError(written.reason)
    return folder.absolute() / f"{edition.digest}-{edition.date.isoformat()}{mark}.html"


def _moment(text: str, definition: DigestDefinition, default: datetime) -> datetime:
    """A local date or time of the digest's zone."""
    if not text:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time; write 2026-03-05 or 2026-03-05T12:00") from None
    zone = ZoneInfo(definition.zone)
    moment = datetime.combine(moment, time()) if len(text) == len("2026-03-05") else moment
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


# --- rebuilt ---


def _rebuilt(
    store: SqliteArchive, settings: Settings, wanted: date | None, folder: Path | None
) -> list[dict[str, object]]:
    now, rows = utc_now(), []
    for definition in settings.digests:
        day = wanted or local_day(definition, now)
        kept = store.edition(definition.name, day)
        if kept is None:
            raise AggregatorError(f"the archive has no edition {definition.name} of {day.isoformat()}")
        made = rebuild(store, settings, kept)
        rows.append(
            {
                "digest": definition.name,
                "date": day.isoformat(),
                "path": str(_write(made.edition, folder)) if folder else "",
                "stories": len(kept.stories),
                "new": False,
                "state": "the same bytes" if made.same else "another",
                "changes": list(made.changes),
            }
        )
    return rows


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write 2026-03-05", param_hint="--date") from None
