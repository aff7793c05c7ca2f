"""`aggregator feeds health`: how each source is doing, why, and what to do."""

from datetime import datetime
from typing import Annotated

import typer

from aggregator.annotate.beat import beat_version
from aggregator.archive.sqlite import read_archive
from aggregator.cli import output
from aggregator.cli.feeds import app
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.model import Selection
from aggregator.pipeline import feed_reports
from aggregator.publish.health import FeedHealth, feed_health, worst_first


@app.command("health", epilog="Examples:  aggregator feeds health --troubled  ·  aggregator feeds health --json")
def health(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    json: Json = False,
    troubled: Annotated[bool, typer.Option("--troubled", help="Only those that need somebody.")] = False,
) -> None:
    """Say how each feed is doing, why, its rhythm, and what to do; worst first.

    A feed is silent when it has missed ten articles by its own rhythm, and two days at least.
    """
    settings, now = settings_of(config, archive), utc_now()
    store = read_archive(settings.archive)
    try:
        reports = feed_reports(store, settings)
        outdated = store.count_selected(Selection(not_version=beat_version(settings.beat)))
    finally:
        store.close()
    healths = worst_first([feed_health(report, settings.network, now) for report in reports])
    shown = [one for one in healths if not troubled or one.state in ("gone", "failing", "silent")]
    if json:
        output.print_json([_as_json(one) for one in shown])
        return
    columns = ("outlet", "state", "why, and what to do", "last good", "next", "rhythm")
    well = sum(one.state == "ok" for one in healths)
    rows = [_row(one, now) for one in shown]
    output.print_table(f"Health of the feeds: {well} of {len(healths)} are well", columns, rows)
    if outdated:
        output.out.print(
            f"{outdated:,} articles were judged by an older version of the beat or the program: `aggregator reannotate`"
            " judges them anew.",
            soft_wrap=True,
        )


def _row(one: FeedHealth, now: datetime) -> tuple[str, ...]:
    state = one.report.state
    return (
        one.report.feed.outlet,
        one.state,
        "\n→ ".join(filter(None, (one.reason, one.advice))),
        output.how_long(state.last_ok, now) or "never",
        output.how_long(max(state.next_due, now), now) if state.next_due else "now",
        one.rhythm,
    )


def _as_json(one: FeedHealth) -> dict[str, object]:
    state = one.report.state
    return {
        "url": one.report.feed.url,
        "outlet": one.report.feed.outlet,
        "health": one.state,
        "reason": one.reason,
        "advice": one.advice,
        "rhythm": one.rhythm,
        "silent_days": one.silent_days,
        "push": one.push,
        "push_reason": one.report.subscription.reason if one.push and one.report.subscription else "",
        "failures": state.failures,
        "last_ok": output.when(state.last_ok),
        "last_whole": output.when(state.last_whole),
        "next_due": output.when(state.next_due),
        "asked_url": state.moved.asked or state.url,
        "url_history": [{"when": output.when(change.when), "url": change.url} for change in state.moved.history],
    }
