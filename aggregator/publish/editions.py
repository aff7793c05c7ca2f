"""Pure: the page that lists all editions."""

from collections.abc import Collection, Iterable, Sequence
from itertools import groupby

from aggregator.model import Edition, EditionLine
from aggregator.publish.render import render


def by_month(lines: Iterable[EditionLine]) -> list[tuple[str, list[EditionLine]]]:
    """(month in words, its editions), in the order given."""
    grouped = groupby(lines, key=lambda line: line.date.replace(day=1))
    return [(month.strftime("%B %Y"), list(members)) for month, members in grouped]


def file_name(line: EditionLine | Edition) -> str:
    """The file of an edition's page within the folder of digests."""
    return f"{line.digest}-{line.date.isoformat()}.html"


def index_page(lines: Sequence[EditionLine], files: Collection[str]) -> str:
    """The list of the editions whose files are there, newest first, as one self-contained page."""
    shown = [line for line in lines if file_name(line) in files]
    return render("index.html", months=by_month(shown), file_name=file_name)
