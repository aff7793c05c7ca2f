"""`aggregator outbox`: what must reach whom, what became of it, and what a person decides about it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.model import Delivery, DeliveryState

app = typer.Typer(name="outbox")

_COLUMNS = ("key", "to", "state", "reason")
Key = Annotated[str, typer.Argument(help="What was to be delivered, as `aggregator outbox` shows it.")]
To = Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Only to this address or file; default: to all.")]


@app.callback(
    invoke_without_command=True,
    epilog="Examples:  aggregator outbox --state uncertain  ·  aggregator outbox resend edition/daily/2026-03-05",
)
def outbox(
    context: typer.Context,
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    state: Annotated[
        list[DeliveryState] | None, typer.Option(help="Only those in this state; may be given again; default: all.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many of the latest at most.")] = 50,
    json: Json = False,
) -> None:
    """Show editions and alerts on their way, and what became of them, the latest first."""
    if context.invoked_subcommand:
        return
    store = read_archive(archive_path(config, archive))
    try:
        counts, found = store.delivery_counts(), store.latest_deliveries(*(state or DeliveryState), limit=limit)
    finally:
        store.close()
    if json:
        output.print_json({"counts": counts, "deliveries": [_for_machines(one) for one in found]})
    else:
        now = utc_now()
        output.print_table(_title(counts), _COLUMNS, [_row(one, now) for one in found])


@app.command(epilog="Example:  aggregator outbox resend edition/daily/2026-03-05 --to reader@example.org")
def resend(
    key: Key, to: To = "", config: Config = DEFAULT_FILE, archive: ArchiveFile = None, json: Json = False
) -> None:
    """Queue uncertain and failed deliveries anew; who has got an uncertain one gets it again, with the same Message-ID."""
    store = open_archive(archive_path(config, archive), must_exist=True)
    try:
        _tell("queued anew", "uncertain or failed", store.resend(key, to), key, json)
    finally:
        store.close()


@app.command(epilog="Example:  aggregator outbox drop alert/gas/17")
def drop(key: Key, to: To = "", config: Config = DEFAULT_FILE, archive: ArchiveFile = None, json: Json = False) -> None:
    """Forget deliveries that are queued, uncertain or failed: nothing more is sent."""
    store = open_archive(archive_path(config, archive), must_exist=True)
    try:
        _tell("dropped", "queued, uncertain or failed", store.drop(key, to), key, json)
    finally:
        store.close()


def _tell(done: str, wanted: str, changed: tuple[Delivery, ...], key: str, json: bool) -> None:
    if json:
        output.print_json({"changed": [{"key": one.key, "target": one.target, "was": one.state} for one in changed]})
    for one in changed if not json else ():
        output.out.print(f"{done}: {one.key} to {one.target}, was {one.state}", markup=False, soft_wrap=True)
    if not changed:
        output.complain(f"no delivery of {key!r} is {wanted}")
        raise typer.Exit(1)


def _title(counts: dict[DeliveryState, int]) -> str:
    return "Outbox: " + (", ".join(f"{count:,} {state}" for state, count in counts.items()) or "empty")


def _row(one: Delivery, now: datetime) -> tuple[object, ...]:
    """Narrow enough for a terminal of 80 columns; `--json` has all of it."""
    to = Path(one.target).name if one.channel == "file" else one.target
    state = f"{one.state}, {output.how_long(one.created, now)}"
    if one.attempts > 1:
        state += f", {one.attempts} attempts"
    if one.state is DeliveryState.QUEUED and one.attempts:
        state += f"; again {output.how_long(one.next_attempt, now) or 'now'}"
    return one.key, to, state, one.reason


def _for_machines(one: Delivery) -> dict[str, object]:
    return {
        "key": one.key,
        "kind": one.kind,
        "channel": one.channel,
        "target": one.target,
        "subject": one.subject,
        "state": one.state,
        "attempts": one.attempts,
        "created": output.when(one.created),
        "next_attempt": output.when(one.next_attempt),
        "reason": one.reason,
    }
