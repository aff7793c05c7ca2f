"""`aggregator alerts try`: what a rule would have told of the archive."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.bar import Bar

from aggregator.alert_trial import Tried, agreement, try_rule
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import read_archive
from aggregator.cli import output
from aggregator.cli.alerts import app
from aggregator.cli.options import ArchiveFile, Config, Json, settings_or_shipped
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.errors import AggregatorError, QueryError
from aggregator.evaluate import read_items
from aggregator.publish.alerts import Asked
from aggregator.query import parse_query, parse_since
from aggregator.settings import AlertRule

#: Characters of the longest bar, and days that a chart shows one by one.
_BAR, _DAYS = 40, 62
_SHOWN = 20

Since = Annotated[str, typer.Option(help="How far back: 90d, 2w, or a date.")]


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
