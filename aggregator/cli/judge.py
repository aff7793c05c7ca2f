"""`aggregator judge`: a person's verdicts on what the program is not sure of."""

from typing import Annotated, Literal

import typer

from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.cli import output
from aggregator.cli.options import ArchiveFile, Config, Json, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE
from aggregator.model import StoredArticle, Verdict

app = typer.Typer()

_LABELS: dict[str, Literal[0, 1, 2]] = {"y": 2, "p": 1, "n": 0}
_KEYS = "y about the tie · p in passing · n not · s skip · u undo · q quit"
_SHOWN_TEXT, _SHOWN_EVIDENCE = 600, 6


@app.command(epilog="Example:  aggregator judge --limit 30, then  aggregator train judged.jsonl --verdicts archive.db")
def judge(
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many articles at most.")] = 20,
    json: Json = False,
) -> None:
    """Walk through the articles whose relevance is least certain, and keep your verdicts; `train` learns from them.

    With `--json`: list them, and ask nothing.
    """
    store = open_archive(archive_path(config, archive), must_exist=True)
    try:
        waiting = store.uncertain(limit)
        if json:
            output.print_json(
                [
                    {"id": one.id, "title": one.article.title, "relevance": one.annotated.relevance.score}
                    for one in waiting
                ]
            )
        elif waiting:
            _walk(store, waiting)
        else:
            output.out.print("There is nothing uncertain that nobody has judged.")
    finally:
        store.close()


def _walk(store: SqliteArchive, waiting: tuple[StoredArticle, ...]) -> None:
    place = 0
    while 0 <= place < len(waiting):
        stored = waiting[place]
        _show(stored, f"{place + 1} of {len(waiting)}")
        key = _ask()
        if key == "q":
            break
        if key == "u":
            place = max(place - 1, 0)
            store.forget_verdict(waiting[place].id)
            continue
        if key in _LABELS:
            store.save_verdict(Verdict(article=stored.id, label=_LABELS[key], given=utc_now()))
        place += 1
    output.out.print(f"\nVerdicts in the archive: {len(store.verdicts())}")


def _ask() -> str:
    while True:
        try:
            key = str(typer.prompt(_KEYS, prompt_suffix="\n> ")).strip().lower()[:1]
        except typer.Abort:  # the end of the input, or Ctrl-C: what was said is kept
            return "q"
        if key in {*_LABELS, "s", "u", "q"}:
            return key


def _show(stored: StoredArticle, where: str) -> None:
    article, relevance = stored.article, stored.annotated.relevance
    say = output.out.print
    say(f"\n[bold]{where}[/]  {output.when(article.date)}  article {stored.id}", soft_wrap=True)
    say(f"{article.outlet} ({article.camp}), {article.language}", markup=False, soft_wrap=True)
    say(article.title, markup=False, style="bold")
    if article.body != article.title:
        say(article.body[:_SHOWN_TEXT], markup=False)
    say(f"The program says {relevance.score:.2f}, because:")
    for one in relevance.evidence[:_SHOWN_EVIDENCE]:
        say(f"  {one.points:+.2f}  {one.where:10}  {one.what}", markup=False, soft_wrap=True)
