"""`aggregator evaluate …`: how good the judgement is, on items that readers have judged."""

import time
from pathlib import Path
from typing import Annotated

import typer

from aggregator.annotate.beat import load_beat
from aggregator.cli import output
from aggregator.cli.options import Json
from aggregator.evaluate import THRESHOLD, Measures, Scored, calibration, measure, read_items, read_labels, scored
from aggregator.model import Annotated as AnnotatedArticle

app = typer.Typer(
    name="evaluate", no_args_is_help=True, help="Measure the judgement on judged items: relevance, stories, duplicates."
)

BeatName = Annotated[str, typer.Option(help="The beat: a shipped one, or a folder.")]
Labels = Annotated[Path | None, typer.Option(help="Labels {id, label} for items without one of their own.")]


@app.callback()
def _main() -> None:
    """Measure the judgement on judged items."""


@app.command("relevance", epilog="Example:  aggregator evaluate relevance judged.jsonl --errors")
def relevance(
    files: Annotated[list[Path], typer.Argument(help="Items {id, lang, title, summary, label[, topics]}, one a line.")],
    beat: BeatName = "china-russia",
    labels: Labels = None,
    errors: Annotated[
        bool, typer.Option("--errors", help="List the mistakes with their evidence, worst first.")
    ] = False,
    json: Json = False,
) -> None:
    """Compare relevance and topics with the readers' judgement, per language and in all.

    Relevant is what readers gave label 2. The shipped weights were fitted on judged items: for items that they have
    seen, `aggregator train` gives the honest figures, by cross-validation.
    """
    loaded, known = load_beat(beat), read_labels(labels) if labels else None
    items = [item for file in files for item in read_items(file, known)]
    for item in {item.language: item for item in items}.values():
        scored(item, loaded)  # the first text of each language builds what it needs
    begun = time.perf_counter()
    judged = [scored(item, loaded) for item in items]
    speed = len(items) / (time.perf_counter() - begun or 1.0)
    group = [one for one, _ in judged]
    measures = by_language(group)
    if json:
        bins = [b._asdict() for b in calibration(group)]
        figures = {name: m._asdict() for name, m in measures.items()}
        output.print_json({**figures, "calibration": bins, "items_per_second": round(speed, 1)})
        return
    print_measures("Relevance", measures)
    print_calibration(group)
    output.out.print(f"{speed:,.0f} items a second")
    if errors:
        _print_errors(judged)


def by_language(group: list[Scored]) -> dict[str, Measures]:
    """Figures of all items, and of each language that is there."""
    languages = [code for code in ("en", "ru", "zh") if any(one.item.language == code for one in group)]
    return {
        "all": measure(group),
        **{code: measure([one for one in group if one.item.language == code]) for code in languages},
    }


def print_measures(title: str, measures: dict[str, Measures]) -> None:
    """A row a group."""
    rows = [(name, m.n, *(f"{value:.3f}" for value in m[:-1])) for name, m in measures.items()]
    output.print_table(title, ("", "n", "precision", "recall", "F1", "average precision", "topics F1"), rows)


def print_calibration(group: list[Scored]) -> None:
    """The reliability table."""
    rows = [(f"{b.score:.2f}", b.n, f"{b.share:.2f}", "█" * round(b.share * 20)) for b in calibration(group)]
    output.print_table(
        "Calibration: of items with such a score, so many are about the tie", ("score", "n", "share", ""), rows
    )


def _print_errors(judged: list[tuple[Scored, AnnotatedArticle]]) -> None:
    wrong = [(one, a) for one, a in judged if (one.score >= THRESHOLD) != one.item.relevant]
    for one, annotated in sorted(wrong, key=lambda pair: -abs(pair[0].score - THRESHOLD)):
        verdict = "missed" if one.item.relevant else "taken wrongly"
        output.out.print(
            f"\n{one.score:.2f} {verdict}  {one.item.id}  {one.item.article.title}", markup=False, soft_wrap=True
        )
        for evidence in annotated.relevance.evidence[:6]:
            output.out.print(
                f"    {evidence.points:+.2f}  {evidence.where:10}  {evidence.what}", markup=False, soft_wrap=True
            )
