"""What commands print: tables for people, JSON for machines, progress and complaints on stderr."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.bar import Bar
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from aggregator.errors import QueryError
from aggregator.model import Harvest, Saved
from aggregator.text.markup import escaped_forbidden, without_forbidden

if TYPE_CHECKING:  # what it prints; printing a version must not load what polls
    from aggregator.keeping import PollReport
    from aggregator.keeping import Progress as PollProgress


class _Console(Console):
    """A console to which no escape sequence and no bidirectional override gets: what is printed may have been fetched."""

    def print(self, *objects: Any, **how: Any) -> None:
        super().print(*map(_harmless, objects), **how)


def _harmless(printed: object) -> object:
    if isinstance(printed, str):
        return without_forbidden(printed)
    return _text(printed) if isinstance(printed, Text) else printed


out = _Console(highlight=False, emoji=False)
err = _Console(stderr=True, highlight=False, emoji=False)
#: Of a query that cannot be read so many characters are shown before and behind the place.
_AROUND = 30


def complain(message: str) -> None:
    """An error on stderr, without markup taking effect."""
    err.print(f"[bold red]aggregator:[/] {escape(message)}", soft_wrap=True)


def complain_of_query(query: str, error: QueryError) -> None:
    """What is wrong with a query, and where: a caret under the column."""
    complain(str(error))
    if not error.column:
        return
    before = query[max(error.column - 1 - _AROUND, 0) : error.column - 1]
    line = before + query[error.column - 1 : error.column - 1 + _AROUND]
    for shown in (_one_line(line), " " * cell_len(_one_line(before)) + "^"):
        err.print(f"  {shown}", markup=False, soft_wrap=True)


def _one_line(text: str) -> str:
    return re.sub(r"\s", " ", without_forbidden(text))


def print_json(data: object) -> None:
    """One JSON document on stdout."""
    print(json_text(data), end="")


def json_text(data: object) -> str:
    """A JSON document, as all commands write it: what a terminal might obey is escaped."""
    return escaped_forbidden(json.dumps(data, ensure_ascii=False, indent=2)) + "\n"


def how_long(moment: datetime | None, now: datetime) -> str:
    """How long ago, or in what time, in one unit; empty for no moment."""
    if moment is None:
        return ""
    seconds = abs((moment - now).total_seconds())
    if seconds < 60:
        return "now"
    size, unit = next((size, unit) for size, unit in ((86400, "d"), (3600, "h"), (60, "min")) if seconds >= size)
    count = f"{seconds / size:.0f} {unit}"
    return f"in {count}" if moment > now else f"{count} ago"


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on stdout; cells are text, never markup, or drawn already."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Bar) else _text(cell) for cell in row))
    out.print(table)


def _text(cell: object) -> Text:
    text = cell.copy() if isinstance(cell, Text) else Text(str(cell))
    text.plain = without_forbidden(text.plain)  # as long as it was: marks stay in their places
    return text


@contextmanager
def poll_progress(total: int) -> "Iterator[PollProgress]":
    """A progress bar on stderr that names each feed as it is done."""
    columns = (
        TextColumn("Polling"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=total)

        def done(harvest: Harvest, saved: Saved) -> None:
            bar.update(task, advance=1, description=escape(f"{harvest.feed.outlet}: {harvest.outcome}"))

        yield done


@contextmanager
def article_progress(title: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr that is told of articles as they are done."""
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TextColumn("articles,"), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda articles: bar.update(task, advance=articles)


def report_json(report: "PollReport") -> dict[str, object]:
    """`aggregator poll --json`; docs/machines.md describes it."""
    return {
        "feeds": {"due": len(report.results), **{name: report.feeds(name) for name in ("ok", "unchanged", "failed")}},
        "entries": {
            "fetched": report.fetched,
            "stored": report.stored,
            "duplicate": report.duplicate,
            "dropped": sum(report.dropped.values()),
        },
        "failures": [{"url": result.url, "reason": result.reason} for result in report.failures],
    }


def print_report(report: "PollReport") -> None:
    """What a round of polling came to, failures by name."""
    data = report_json(report)
    rows = [(f"{group} {name}", value) for group in ("feeds", "entries") for name, value in _pairs(data[group])]
    print_table("Poll", ("", "count"), rows)
    for reason, count in report.dropped.most_common():
        out.print(escape(f"dropped {count}: {reason}"))
    if report.failures:
        print_table(
            "Feeds that failed", ("feed", "reason"), [(result.url, result.reason) for result in report.failures]
        )


def _pairs(group: object) -> list[tuple[str, object]]:
    return list(group.items()) if isinstance(group, Mapping) else []


def when(moment: datetime | None) -> str | None:
    """A time for machines: ISO 8601 in UTC."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None
