"""`aggregator alerts`: the rules, what they have told, a sample of it, and what is muted."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError
from aggregator.feedlist import add_alert
from aggregator.model import Delivery, DeliveryState, Mute
from aggregator.publish.deliver import Channels, Courier
from aggregator.publish.notices import sample_deliveries
from aggregator.query import parse_since

app = typer.Typer(name="alerts", no_args_is_help=True, help="The alert rules: list, try, add, test, mute.")

Rule = Annotated[str, typer.Argument(help="Name of a rule of feeds.yaml.")]


@app.command("list", epilog="Example:  aggregator alerts list")
def list_rules(config: Config = DEFAULT_FILE, archive: ArchiveFile = None, json: Json = False) -> None:
    """Show the rules, how often each has told something in seven days, and what is muted."""
    settings, now = settings_of(config, archive), utc_now()
    with closing(read_archive(settings.archive)) as store:
        told = store.notices_between(now - timedelta(days=7), now + timedelta(seconds=1))
        mutes = store.mutes(now)
    counts = Counter(notice.rule for notice in told)
    last = {notice.rule: notice.created for notice in told}
    if json:
        rules = [
            {
                "name": r.name,
                "query": r.query,
                "kind": r.kind,
                "week": counts[r.name],
                "last": output.when(last.get(r.name)),
            }
            for r in settings.alerts
        ]
        output.print_json({"rules": rules, "mutes": [_mute_json(mute) for mute in mutes]})
        return
    rows = [
        (
            r.name,
            r.query,
            r.kind,
            counts[r.name],
            output.how_long(last.get(r.name), now),
            ", ".join((*r.recipients, *r.channels)),
        )
        for r in settings.alerts
    ]
    output.print_table("Rules", ("name", "query", "kind", "in 7 days", "last", "to"), rows)
    if mutes:
        shown = [
            (mute.rule, mute.story or "any", mute.outlet or "any", f"{mute.until:%Y-%m-%d %H:%M} UTC") for mute in mutes
        ]
        output.print_table("Muted", ("rule", "story", "outlet", "until"), shown)


def _mute_json(mute: Mute) -> dict[str, object]:
    return {"rule": mute.rule, "story": mute.story, "outlet": mute.outlet, "until": output.when(mute.until)}


@app.command(epilog="Example:  aggregator alerts add gas 'topic:energy pipeline' --to desk@example.com")
def add(
    name: Annotated[str, typer.Argument(help="Short name: letters, digits, - and _.")],
    query: Annotated[str, typer.Argument(help="What to look for, in the query language.")],
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="ADDRESS", help="A mail address; may be given again.")
    ] = None,
    channel: Annotated[list[str] | None, typer.Option(help="Name of a channel; may be given again.")] = None,
    minimum_relevance: Annotated[float | None, typer.Option(min=0, max=1)] = None,
    config: Config = DEFAULT_FILE,
) -> None:
    """Write a rule into feeds.yaml, leaving all other lines as they are; what is wrong with it is told, and nothing written."""
    before = config.read_bytes() if config.is_file() else None
    fields: dict[str, object] = {"name": name, "query": query}
    fields |= {"recipients": to} if to else {}
    fields |= {"channels": channel} if channel else {}
    fields |= {"minimum_relevance": minimum_relevance} if minimum_relevance is not None else {}
    if not add_alert(config, fields):
        raise AggregatorError(f"{config}: there is a rule called {name!r} already")
    try:
        load_settings(config)
    except AggregatorError:
        _put_back(config, before)
        raise
    output.out.print(
        f"{config}: rule {name} added. Try it: aggregator alerts try --rule {name}", markup=False, soft_wrap=True
    )


@app.command("test", epilog="Example:  aggregator alerts test gas")
def send_sample(rule: Rule, config: Config = DEFAULT_FILE, json: Json = False) -> None:
    """Send a sample notice to all recipients and channels of a rule, now. Exit code 1 if one of them did not take it."""
    settings, now = load_settings(config), utc_now()
    known = {one.name: one for one in settings.alerts}
    if rule not in known:
        raise AggregatorError(f"{config}: no rule is called {rule!r}; there are {', '.join(known) or 'none'}")
    done = asyncio.run(
        _send(sample_deliveries(known[rule], now), Channels(mail=settings.mail, others=settings.channels))
    )
    if json:
        output.print_json({"sent": [{"to": one.target, "state": one.state, "reason": one.reason} for one in done]})
    else:
        output.print_table("Sample notice", ("to", "state", "reason"), [(o.target, o.state, o.reason) for o in done])
    if any(one.state is not DeliveryState.SENT for one in done):
        raise typer.Exit(1)
    if not done:
        output.err.print(f"{rule} has neither recipients nor channels: it only fills the digest")


async def _send(deliveries: Iterable[Delivery], channels: Channels) -> list[Delivery]:
    async with Courier(channels) as courier:
        return [await courier.deliver(delivery) for delivery in deliveries]


def _put_back(path: Path, before: bytes | None) -> None:
    if before is None:
        path.unlink()
    else:
        path.write_bytes(before)


@app.command(
    epilog="Examples:  aggregator alerts mute gas --story 12  ·  aggregator alerts mute gas --outlet Example --for 7d"
)
def mute(
    rule: Rule,
    story: Annotated[int, typer.Option(min=0, max=2**53, help="Only this story; default: any.")] = 0,
    outlet: Annotated[str, typer.Option(help="Only what this outlet's articles would tell; default: any.")] = "",
    length: Annotated[str, typer.Option("--for", metavar="TIME", help="How long: 12h, 7d, 2w.")] = "30d",
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
) -> None:
    """Be told nothing more by a rule, of a story or because of an outlet, for some time."""
    settings, now = settings_of(config, archive), utc_now()
    if rule not in [one.name for one in settings.alerts]:
        raise AggregatorError(f"{config}: no rule is called {rule!r}; `aggregator alerts list` shows them")
    until = now + (now - parse_since(length, now=now))
    with closing(open_archive(settings.archive, must_exist=True)) as store:
        store.save_mute(Mute(rule=rule, story=story, outlet=outlet, until=until))
    output.out.print(f"muted until {until:%Y-%m-%d %H:%M} UTC", markup=False)
