"""`aggregator alerts`: the rules, what they have told, what a new one would have told, and what is muted."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.bar import Bar

from aggregator.alert_trial import Tried, agreement, try_rule
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.cli import output
from aggregator.cli.alerts import app
from aggregator.cli.options import ArchiveFile, Config, Json, settings_of, settings_or_shipped
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError, QueryError
from aggregator.evaluate import read_items
from aggregator.feedlist import add_alert
from aggregator.model import Mute
from aggregator.publish.alerts import Asked
from aggregator.query import parse_query, parse_since
from aggregator.settings import AlertRule

#: Characters of the longest bar, and days that a chart shows one by one.
_BAR, _DAYS = 40, 62
_SHOWN = 20

Rule = Annotated[str, typer.Argument(help="Name of a rule of feeds.yaml.")]
Since = Annotated[str, typer.Option(help="How far back: 90d, 2w, or a date.")]


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


@app.command(
    "try",
    epilog="Examples:  aggregator alerts try 'topic:energy pipeline' --since 90d  ·  aggregator alerts try --rule gas",
)
def try_query(
    query: Annotated[str, typer.Argument(help="What to look for, in the query language.")] = "",
    rule: Annotated[str, typer.Option(help="A rule of feeds.yaml to start from.")] = "",
    since: Since = "90d",
    minimum_relevance: Annotated[
        float | None, typer.Option(min=0, max=1, help="Default: that of the rule, or 0.5.")
    ] = None,
    against: Annotated[list[Path] | None, typer.Option(help="Judged items, as `evaluate relevance` takes.")] = None,
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    limit: Annotated[int, typer.Option(min=0, max=100_000, help="So many of the latest stories are listed.")] = _SHOWN,
    json: Json = False,
) -> None:
    """Say what a rule would have told of the archive, day by day; nothing is kept or sent. Exit code 1 if nothing."""
    settings, now = settings_or_shipped(config, archive), utc_now()
    known = {one.name: one for one in settings.alerts}
    if rule and rule not in known:
        raise AggregatorError(f"{config}: no rule is called {rule!r}; there are {', '.join(known) or 'none'}")
    base = known[rule] if rule else AlertRule(name="trial", query=query or "x")
    if not (query or rule):
        raise typer.BadParameter("give a query, or --rule NAME", param_hint="QUERY")
    least = base.minimum_relevance if minimum_relevance is None else minimum_relevance
    tried_rule, beat = replace(base, query=query or base.query, minimum_relevance=least), load_beat(settings.beat)
    try:
        asked = Asked(rule=tried_rule, query=parse_query(tried_rule.query, vocabulary=beat, now=now))
    except QueryError as error:
        output.complain_of_query(tried_rule.query, error)
        raise typer.Exit(2) from error
    with closing(read_archive(settings.archive)) as store:
        tried = try_rule(store, asked, parse_since(since, now=now), now, beat=beat)
    items = [item for file in against or () for item in read_items(file)]
    agreed = agreement(asked, items, beat) if items else None
    if json:
        output.print_json({**_tried_json(tried, limit), **({"against": agreed._asdict()} if agreed else {})})
    else:
        _print_tried(tried, tried_rule, limit)
        if agreed:
            output.print_table("Against judged items", agreed._fields, [[f"{value:.3g}" for value in agreed]])
    if not tried.fired:
        raise typer.Exit(1)


def _tried_json(tried: Tried, limit: int) -> dict[str, object]:
    return {
        "total": len(tried.fired),
        "days": [{"date": day.isoformat(), "stories": number} for day, number in tried.days],
        "stories": [
            {"story": n.story, "date": output.when(n.created), "headline": n.headline, "why": n.why, "url": n.url}
            for n in reversed(tried.fired[-limit:] if limit else ())
        ],
        "reasons": [{"words": words, "stories": number} for words, number in tried.reasons],
        "suggestions": list(tried.suggestions),
    }


def _print_tried(tried: Tried, rule: AlertRule, limit: int) -> None:
    most = max((number for _, number in tried.days), default=0)
    title = f"{len(tried.fired):,} stories would have fired in {len(tried.days)} days: {rule.query}, relevance {rule.minimum_relevance}"
    if most:
        rows = [(day.isoformat(), number, Bar(most, 0, number, width=_BAR)) for day, number in _shown_days(tried)]
        output.print_table(title, ("day", "stories", ""), rows)
        stories = [
            (f"{n.created:%Y-%m-%d %H:%M}", n.story, n.headline)
            for n in reversed(tried.fired[-limit:] if limit else ())
        ]
        output.print_table("The latest", ("UTC", "story", "headline"), stories)
    if tried.reasons:
        output.print_table("Because of", ("words", "stories"), tried.reasons)
    for suggestion in tried.suggestions:
        output.err.print(suggestion, markup=False, soft_wrap=True)


def _shown_days(tried: Tried) -> Sequence[tuple[date, int]]:
    """Without the empty days before the first, and the latest if there are many."""
    days = list(tried.days)
    while days and not days[0][1]:
        del days[0]
    return days[-_DAYS:]


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
