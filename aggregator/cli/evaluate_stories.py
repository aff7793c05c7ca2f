"""`aggregator evaluate stories | duplicates`: how well reports of one event come together."""

import time
from pathlib import Path
from typing import Annotated

import typer

from aggregator.annotate.beat import load_beat
from aggregator.cli import output
from aggregator.cli.evaluate import BeatName, app
from aggregator.cli.options import Json
from aggregator.embedding import load_embedder
from aggregator.evaluate_affairs import AffairMeasures, judged_stories, link, measure_affairs, read_topics
from aggregator.evaluate_stories import (
    Counts,
    StoryMeasures,
    counts,
    gather,
    measure_stories,
    read_judged_articles,
    read_judged_pairs,
    same_event,
)

_COLUMNS = ("", "precision", "recall", "F1")


@app.command("stories", epilog="Example:  aggregator evaluate stories judged.jsonl --json")
def stories(
    file: Annotated[
        Path,
        typer.Argument(help="Items {id, lang, title, text, source, url, published, story[, near, topic]}, one a line."),
    ],
    beat: BeatName = "china-russia",
    semantic_model: Annotated[
        Path | None, typer.Option(help="Folder of a model2vec model whose evidence is to count too.")
    ] = None,
    json: Json = False,
) -> None:
    """Gather items into stories in order of time, and compare with the readers' stories.

    Pairs that `near` covers count neither way. Items marked `unsure` or `digest` are gathered with the rest; the
    second set of figures leaves them out of the comparison.
    """
    loaded = load_beat(beat)
    judged = read_judged_articles(file, loaded)
    gather([one.stored for one in judged[:1]], loaded)  # the first article builds what it needs
    embedder = load_embedder(semantic_model) if semantic_model else None
    story, speed = gather([one.stored for one in judged], loaded, embedder=embedder)
    sets = {
        "Stories": measure_stories(judged, story),
        "Without unsure and digest items": measure_stories([one for one in judged if not one.doubtful], story),
    }
    told, topics = judged_stories(judged, read_topics(file))
    affairs = measure_affairs(link(told, loaded), topics) if topics else None
    if json:
        measured, sure = map(_figures, sets.values())
        more = {"affairs": _affair_figures(affairs)} if affairs else {}
        output.print_json({**measured, "sure": sure, **more, "items_per_second": round(speed, 1)})
        return
    for title, measures in sets.items():
        _print_measures(title, measures)
    if affairs:
        _print_affairs(affairs)
    output.out.print(f"{speed:,.0f} items a second")


def _print_measures(title: str, measures: StoryMeasures) -> None:
    rows = [
        _row("items (B-cubed)", measures.bcubed),
        _row("pairs within a language", measures.within),
        _row("pairs across languages", measures.cross_lingual),
    ]
    output.print_table(f"{title}: {measures.items:,} items", _COLUMNS, rows)


def _print_affairs(affairs: AffairMeasures) -> None:
    rows = [_row("stories (B-cubed)", affairs.bcubed), _row("pairs of stories", affairs.pairs)]
    title = f"Affairs of the readers' {affairs.stories:,} stories, against their topics"
    output.print_table(title, _COLUMNS, rows)


@app.command("duplicates", epilog="Example:  aggregator evaluate duplicates pairs.jsonl --json")
def duplicates(
    file: Annotated[Path, typer.Argument(help="Pairs {a: {title, text, url, published}, b: {…}, same}, one a line.")],
    beat: BeatName = "china-russia",
    json: Json = False,
) -> None:
    """Compare pairs of items, same event or not, with the readers' judgement."""
    loaded = load_beat(beat)
    pairs = read_judged_pairs(file, loaded)
    begun = time.perf_counter()
    measured = counts([(same_event(pair, loaded), pair.same) for pair in pairs])
    speed = len(pairs) / (time.perf_counter() - begun or 1.0)
    if json:
        output.print_json({**measured._asdict(), "pairs": len(pairs), "pairs_per_second": round(speed, 1)})
        return
    output.print_table(f"{len(pairs):,} pairs", _COLUMNS, [_row("same event", measured)])


def _figures(measures: StoryMeasures) -> dict[str, object]:
    return {
        "items": measures.items,
        "bcubed": measures.bcubed._asdict(),
        "within": measures.within._asdict(),
        "cross_lingual": measures.cross_lingual._asdict(),
    }


def _affair_figures(affairs: AffairMeasures) -> dict[str, object]:
    return {"stories": affairs.stories, "pairs": affairs.pairs._asdict(), "bcubed": affairs.bcubed._asdict()}


def _row(name: str, figures: Counts) -> tuple[str, ...]:
    return (name, *(f"{value:.3f}" for value in figures))
