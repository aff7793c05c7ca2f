"""`aggregator backtest`: what a changed beat, weights or rule would gain and lose, before anything is changed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from aggregator.annotate.beat import Beat, load_beat, reweighted
from aggregator.archive.sqlite import read_archive
from aggregator.backtest import backtest, judged_twice
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, Since, settings_or_shipped
from aggregator.cli.service import utc_now
from aggregator.comparison import Agreement, Backtest, Criteria, EvidenceChange, StoryChange, agreement
from aggregator.config import DEFAULT_FILE
from aggregator.evaluate import THRESHOLD, read_items
from aggregator.model import Selection
from aggregator.query import parse_query, parse_since
from aggregator.settings import AlertRule, DigestDefinition, Settings

app = typer.Typer()


@app.command(
    "backtest",
    epilog="Examples:  aggregator backtest --beat my-beat/ --since 90d  ·  aggregator backtest --weights weights.json"
    " --against judged.jsonl  ·  aggregator backtest --rule gas --query 'topic:energy pipeline'",
)
def command(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    beat: Annotated[str, typer.Option(help="The changed beat: a folder, or one that ships.")] = "",
    weights: Annotated[Path | None, typer.Option(help="The changed weights, as `train --write` makes them.")] = None,
    rule: Annotated[str, typer.Option(help="The alert or digest to start from; default: every article, 0.5.")] = "",
    query: Annotated[str | None, typer.Option(help="The changed query in its place.")] = None,
    minimum_relevance: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="The changed relevance from which on an article counts.")
    ] = None,
    against: Annotated[list[Path] | None, typer.Option(help="Judged items, as `evaluate relevance` takes.")] = None,
    since: Since = "",
    limit: Annotated[int, typer.Option(min=0, max=100_000, help="So many gained and lost stories at most.")] = 20,
    json: Json = False,
) -> None:
    """Say which stories of the archive a change would gain and lose, and why; nothing is written.

    Before is what the archive says. Precision and recall come of your verdicts (`aggregator judge`) and of `--against`;
    they are of relevance alone. Stories are not gathered anew.
    """
    settings, now = settings_or_shipped(config, archive), utc_now()
    begin = parse_since(since, now=now) if since else None
    old_query, old_minimum = _rule(settings, rule)
    before = _criteria(load_beat(settings.beat), old_query, old_minimum, now)
    after = _criteria(
        _changed_beat(beat or settings.beat, weights),
        old_query if query is None else query,
        old_minimum if minimum_relevance is None else minimum_relevance,
        now,
    )
    items = [item for file in against or () for item in read_items(file)]
    store = read_archive(settings.archive)
    try:
        outdated = store.count_selected(Selection(since=begin, not_version=before.beat.version))
        with output.article_progress("Judging", store.count_selected(Selection(since=begin))) as progress:
            found = backtest(store, before, after, since=begin, progress=progress)
    finally:
        store.close()
    readers = {"verdicts": found.verdicts, "against": agreement(judged_twice(items, before, after), before, after)}
    if json:
        output.print_json(_as_json(found, readers, outdated, limit))
        return
    _print(found, limit)
    _print_agreement(readers)
    _print_notes(outdated, changed=_standard(before) != _standard(after))


def _rule(settings: Settings, name: str) -> tuple[str, float]:
    """Query and minimum relevance of an alert or digest."""
    if not name:
        return "", THRESHOLD
    rules: dict[str, DigestDefinition | AlertRule] = {one.name: one for one in settings.digests}
    rules |= {one.name: one for one in settings.alerts}
    if name not in rules:
        known = ", ".join(sorted(rules)) or "none"
        raise typer.BadParameter(f"there is no alert or digest {name!r}; there are: {known}", param_hint="--rule")
    return rules[name].query, rules[name].minimum_relevance


def _changed_beat(name: str, weights: Path | None) -> Beat:
    return reweighted(name, weights) if weights else load_beat(name)


def _criteria(beat: Beat, query: str, minimum_relevance: float, now: datetime) -> Criteria:
    parsed = parse_query(query, vocabulary=beat, now=now)
    return Criteria(beat=beat, query=parsed, minimum_relevance=minimum_relevance)


def _standard(criteria: Criteria) -> tuple[object, ...]:
    """What must be equal for two criteria to judge alike."""
    return criteria.beat.version, criteria.query, criteria.minimum_relevance


def _print(found: Backtest, limit: int) -> None:
    columns = ("story", "article", "relevance", "title", "what changed most, in points")
    for title, changes in (("Gained", found.gained), ("Lost", found.lost)):
        shown = changes[:limit]
        if shown:
            output.print_table(_titled(title, len(changes), len(shown)), columns, [_row(change) for change in shown])
        else:
            output.out.print(_titled(title, len(changes), 0), style="bold")
    output.out.print(
        f"{found.stories_before:,} stories count before, {found.stories_after:,} after. Of {found.articles:,} articles "
        f"{found.rejudged:,} were judged anew, and the relevance of {found.moved:,} changes.",
        soft_wrap=True,
    )


def _titled(title: str, total: int, shown: int) -> str:
    stories = "story" if total == 1 else "stories"
    return f"{title}: {total:,} {stories}" + (f", of which {shown:,} are shown" if shown < total else "")


def _row(change: StoryChange) -> tuple[str, ...]:
    evidence = "\n".join(map(_told, change.evidence)) or "only the rule"
    score = f"{change.old:.2f} → {change.new:.2f}"
    return str(change.story or "none yet"), str(change.article), score, f"{change.outlet}: {change.title}", evidence


def _told(change: EvidenceChange) -> str:
    return f"{change.old:+.2f} → {change.new:+.2f}  {change.where:10}  {change.what}"


def _print_agreement(readers: Mapping[str, Agreement | None]) -> None:
    named = {"verdicts": "verdicts", "against": "judged items"}
    rows = [(named[name], one.items, *_figures(one)) for name, one in readers.items() if one is not None]
    columns = ("", "n", "precision", "recall", "F1")
    if rows:
        output.print_table("Relevance against readers, before → after", columns, rows)
    else:
        output.out.print(
            "No verdicts to compare with: `aggregator judge` asks for yours, --against takes judged items.",
            soft_wrap=True,
        )


def _figures(one: Agreement) -> tuple[str, ...]:
    return tuple(f"{old:.3f} → {new:.3f}" for old, new in zip(one.before, one.after, strict=True))


def _print_notes(outdated: int, *, changed: bool) -> None:
    if outdated:
        output.out.print(
            f"{outdated:,} of the articles were judged by an older version of the beat or the program, and what that"
            " changes is counted too: after `aggregator reannotate` you see your change alone.",
            soft_wrap=True,
        )
    elif not changed:
        output.out.print(
            "Nothing is changed: the archive was judged by this very beat, and the rule is the same. Change a copy of"
            " the beat's folder and name it with --beat, or give --weights, --query or --minimum-relevance.",
            soft_wrap=True,
        )


def _as_json(found: Backtest, readers: Mapping[str, Agreement | None], outdated: int, limit: int) -> dict[str, object]:
    return {
        "articles": found.articles,
        "rejudged": found.rejudged,
        "moved": found.moved,
        "outdated": outdated,
        "stories": {
            "before": found.stories_before,
            "after": found.stories_after,
            "gained": len(found.gained),
            "lost": len(found.lost),
        },
        "gained": [_change_json(change) for change in found.gained[:limit]],
        "lost": [_change_json(change) for change in found.lost[:limit]],
        **{name: _agreement_json(one) if one else None for name, one in readers.items()},
    }


def _change_json(change: StoryChange) -> dict[str, object]:
    return {**asdict(change), "evidence": [one._asdict() for one in change.evidence]}


def _agreement_json(one: Agreement) -> dict[str, object]:
    return {**one._asdict(), "before": one.before._asdict(), "after": one.after._asdict()}
