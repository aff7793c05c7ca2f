"""`aggregator train`: weights of the relevance model from judged items."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Annotated

import typer
from rich.progress import track

from aggregator.annotate.beat import load_beat
from aggregator.annotate.fitting import LEAST, NOTHING_KNOWN, Fitted, cross_validated, fit
from aggregator.annotate.wording import WORTH
from aggregator.archive.sqlite import read_archive
from aggregator.cli import output
from aggregator.cli.evaluate import BeatName, Labels, by_language, print_calibration, print_measures
from aggregator.evaluate import (
    JudgedItem,
    Measures,
    Scored,
    example,
    judged_item,
    measure,
    read_items,
    read_labels,
    scored,
)

app = typer.Typer()
_SHOWN = 20
#: Another cut of the folds changes F1 by a hundredth: one alone says little.
_SPLITS = 5
#: Smaller weights, a third of them, are not written: together they move a score by 0.016 at most, in 99 of 100 items by 0.006.
_LEAST_WEIGHT = 0.03


@app.command(
    epilog="Example:  aggregator train judged.jsonl --beside pool.jsonl.gz --labels labels.jsonl --write weights.json"
)
def train(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Judged items to learn from and to be measured on.")
    ] = None,
    verdicts: Annotated[Path | None, typer.Option(help="An archive whose verdicts (`judge`) count too.")] = None,
    beside: Annotated[list[Path] | None, typer.Option(help="Items to learn from only; may be given again.")] = None,
    labels: Labels = None,
    beat: BeatName = "china-russia",
    adjust: Annotated[
        bool, typer.Option("--adjust", help="Start from the present weights: right for some verdicts of your own.")
    ] = False,
    write: Annotated[Path | None, typer.Option(help="Take the weights: write them here.")] = None,
) -> None:
    """Fit the relevance weights on judged items, and show what cross-validation expects of them.

    No item is scored by weights that have learnt from it. Nothing changes unless `--write` is given; put the file in
    the place of the beat's weights.json. Without `--adjust` nothing is known before: that takes a thousand items.
    """
    loaded, labelled = load_beat(beat), read_labels(labels) if labels else None
    items = [item for file in files or () for item in read_items(file)] + (_judged(verdicts) if verdicts else [])
    if not items:
        raise typer.BadParameter("name files of judged items, or an archive with --verdicts")
    others = [example(item, loaded) for file in beside or () for item in read_items(file, labelled)]
    examples = [example(item, loaded) for item in items]
    present = Fitted(loaded.weights.bias, loaded.weights.all)
    known = present if adjust else NOTHING_KNOWN
    groups = [
        _scored(items, cross_validated(examples, others, split=split, known=known), beat)
        for split in track(range(_SPLITS))
    ]
    title = f"Five-fold cross-validation, mean of {_SPLITS} ways to cut; {len(others)} more items to learn from"
    print_measures(title, _mean([_measures(group) for group in groups]))
    print_calibration(groups[0])
    fitted = fit([*examples, *others], least=LEAST, known=known)
    _print_change(present.weights, fitted.weights)
    if write:
        write.write_text(json.dumps(_as_file(fitted), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        output.out.print(f"Written: {write}", markup=False)


def _as_file(fitted: Fitted) -> dict[str, object]:
    """What weights.json holds."""
    features: dict[str, float] = {}
    words: dict[str, dict[str, float]] = {place: {} for place in WORTH}
    for name, weight in sorted(fitted.weights.items()):
        place, is_word, gram = name.partition(": ")
        if abs(weight) >= _LEAST_WEIGHT:
            (words[place] if is_word else features)[gram or name] = round(weight, 2)
    return {
        "version": f"{datetime.now(UTC):%Y-%m-%d}",
        "bias": round(fitted.bias, 2),
        "features": features,
        "words": words,
    }


def _judged(archive: Path) -> list[JudgedItem]:
    store = read_archive(archive)
    try:
        return [judged_item(stored, label) for stored, label in store.verdicts()]
    finally:
        store.close()


def _measures(group: list[Scored]) -> dict[str, Measures]:
    """By language, and without the items that readers found ambiguous."""
    clear = [one for one in group if not one.item.ambiguous]
    return {**by_language(group), **({"clear": measure(clear)} if len(clear) < len(group) else {})}


def _mean(runs: list[dict[str, Measures]]) -> dict[str, Measures]:
    return {name: _mean_of([run[name] for run in runs]) for name in runs[0]}


def _mean_of(group: list[Measures]) -> Measures:
    return Measures(
        precision=fmean(m.precision for m in group),
        recall=fmean(m.recall for m in group),
        f1=fmean(m.f1 for m in group),
        average_precision=fmean(m.average_precision for m in group),
        topic_f1=fmean(m.topic_f1 for m in group),
        n=group[0].n,
    )


def _scored(items: list[JudgedItem], scores: dict[str, float], beat: str) -> list[Scored]:
    loaded = load_beat(beat)
    return [Scored(item, scores[item.id], scored(item, loaded)[0].topics) for item in items]


def _print_change(before: Mapping[str, float], after: Mapping[str, float]) -> None:
    changes = {name: after.get(name, 0.0) - before.get(name, 0.0) for name in before.keys() | after.keys()}
    largest = sorted(changes, key=lambda name: -abs(changes[name]))[:_SHOWN]
    rows = [(name, f"{before.get(name, 0.0):+.2f}", f"{after.get(name, 0.0):+.2f}") for name in largest]
    output.print_table(f"The {_SHOWN} weights that change most", ("feature", "now", "then"), rows)
