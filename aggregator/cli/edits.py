"""How `story` and `explain` show what an outlet has changed in its articles."""

from collections.abc import Sequence

from rich.text import Text

from aggregator.cli import output
from aggregator.publish.edits import Edit
from aggregator.text.diff import Piece

#: As `git diff --word-diff` marks them, so that a terminal without colours tells them too.
_MARKS = {"delete": ("[-", "-]", "red strike"), "insert": ("{+", "+}", "green underline"), "equal": ("", "", "")}


def print_edits(edits: Sequence[Edit]) -> None:
    """Each edit with its diff, the earliest first; nothing if there are none."""
    if edits:
        output.out.print("Edited since", style="bold")
    for edit in edits:
        seen, outlet = edit.seen.strftime("%Y-%m-%d %H:%M"), edit.article.article.outlet
        output.out.print(f"{seen} UTC, article {edit.article.id} of {outlet}", markup=False, soft_wrap=True)
        for name, pieces in (("title", edit.title), ("text", edit.text)):
            if pieces:
                output.out.print(Text(f"  {name}: ") + _marked(pieces), soft_wrap=True)


def edit_json(edit: Edit) -> dict[str, object]:
    """One edit for machines; each diff a list of [op, text], empty where nothing changed."""
    return {
        "article": edit.article.id,
        "seen": output.when(edit.seen),
        "title": {"before": edit.title_before, "after": edit.title_after, "diff": edit.title},
        "text": {"diff": edit.text},
    }


def _marked(pieces: Sequence[Piece]) -> Text:
    marked = Text()
    for op, text in pieces:
        before, after, style = _MARKS[op]
        bare = text.rstrip()
        marked.append(f"{before}{bare}{after}", style).append(text[len(bare) :])
    return marked
