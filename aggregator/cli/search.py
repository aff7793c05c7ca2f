"""`aggregator search QUERY`: the archive's articles or stories, what they are like, in a form for people or programs."""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from aggregator.annotate.beat import Beat, load_beat
from aggregator.archive import Order
from aggregator.archive.sqlite import read_archive
from aggregator.cli import output, results
from aggregator.cli.options import ArchiveFile, Config, Json, archive_path
from aggregator.cli.service import utc_now
from aggregator.config import DEFAULT_FILE, load_settings
from aggregator.errors import AggregatorError, QueryError
from aggregator.model import Facets
from aggregator.model.query import Query
from aggregator.publish.atom import as_atom
from aggregator.publish.exports import as_csv, as_html, as_markdown
from aggregator.publish.facets import FacetTable, facet_tables
from aggregator.publish.found import Found, Wanted, find, found_nowhere
from aggregator.query import parse_query

app = typer.Typer()

_FORMATS: Mapping[str, Callable[[Found], str | bytes]] = {
    "json": results.as_json,
    "csv": as_csv,
    "markdown": as_markdown,
    "atom": as_atom,
    "html": as_html,
}
_EXAMPLES = """Examples:

aggregator search 'Putin AND gas'

aggregator search '"Power of Siberia" lang:ru since:30d' --sort best

aggregator search 'топливо -lang:ru' --stories --sort sources

aggregator search 'actor:Gazprom' --timeline

aggregator search --saved arctic lang:zh

aggregator search 'topic:energy date:2026-03' --csv --limit 1000 --out march.csv
"""


@app.command(epilog=_EXAMPLES)
def search(
    ctx: typer.Context,
    query: Annotated[
        str | None,
        typer.Argument(help='Words, "phrases", AND OR NOT, topic:energy, since:7d …; see docs/query-language.md'),
    ] = None,
    config: Config = DEFAULT_FILE,
    archive: ArchiveFile = None,
    order: Annotated[
        Order, typer.Option("--sort", help="By date, by match and relevance, by relevance, by sources of the story.")
    ] = "newest",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    offset: Annotated[int, typer.Option(min=0, max=2**53, help="So many are passed over.")] = 0,
    as_of: Annotated[
        int | None, typer.Option(min=0, max=2**53, help="Only articles up to this id: pages do not shift.")
    ] = None,
    stories: Annotated[bool, typer.Option("--stories", help="A row for each story, with its sources.")] = False,
    timeline: Annotated[bool, typer.Option("--timeline", help="How many in each day, month or year.")] = False,
    facets: Annotated[
        bool, typer.Option("--facets", help="By topic, actor, place, outlet, camp, language, month.")
    ] = False,
    saved: Annotated[str, typer.Option("--saved", help="A search of feeds.yaml by name; QUERY narrows it.")] = "",
    explain_query: Annotated[bool, typer.Option("--explain-query", help="Only say how the query is read.")] = False,
    beat: Annotated[str, typer.Option(help="The beat whose names are known.")] = "china-russia",
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV for spreadsheets.")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    atom: Annotated[bool, typer.Option("--atom", help="Print an Atom feed.")] = False,
    html: Annotated[bool, typer.Option("--html", help="Print a page that needs nothing else.")] = False,
    out: Annotated[Path | None, typer.Option("--out", dir_okay=False, help="The file to write to.")] = None,
) -> None:
    """Search the archive. A name such as Путин, 普京 or Putin finds all three. Exit code 1 if nothing is found."""
    form = _one_of(json=json, csv=csv, markdown=markdown, atom=atom, html=html)
    view = _one_of(stories=stories, timeline=timeline, facets=facets, explain_query=explain_query)
    _check(form, view, out, as_of)
    names, now = load_beat(beat), utc_now()
    text = _asked(query, saved, config)
    asked = _read(text, names, now)
    if view == "explain-query":
        results.print_reading(asked, names)
        return
    with closing(read_archive(archive_path(config, archive))) as store:
        if view in ("timeline", "facets"):
            told = store.facets(asked)
            tables = facet_tables(told, text, beat=names, now=now) if facets else ()
            _show_facets(told, tables, form, out)
            total = told.total
        else:
            wanted = Wanted(order=order, limit=limit, offset=offset, stories=stories, as_of=as_of)
            found = find(store, asked, wanted, text=text, now=now)
            _show(found, form, out, ctx)
            total = found.page.total
        if not total:
            results.print_nothing(asked, found_nowhere(store, asked))
            raise typer.Exit(1)


def _asked(query: str | None, saved: str, config: Path) -> str:
    """The query, narrowed to a saved one."""
    if saved:
        known = _saved_query(saved, config)
        closed = known + '"' * (known.count('"') % 2)  # what follows is not part of its last phrase
        return f"({closed}) {query or ''}".strip()
    if query is None:
        raise typer.BadParameter("give a query, or --saved NAME", param_hint="QUERY")
    return query


def _saved_query(name: str, config: Path) -> str:
    """The query of a saved search.

    Raises:
        AggregatorError: there is none of this name.
    """
    known = {search.name: search.query for search in load_settings(config).searches}
    if name not in known:
        names = f"there are {', '.join(known)}" if known else "give a query a name under `searches:`"
        raise AggregatorError(f"{config}: no search is called {name!r}; {names}")
    return known[name]


def _one_of(**options: bool) -> str:
    """The one option that is given, if any.

    Raises:
        typer.BadParameter: there are two.
    """
    given = [name.replace("_", "-") for name, wanted in options.items() if wanted]
    if len(given) > 1:
        raise typer.BadParameter(f"--{given[0]} and --{given[1]} do not go together: one at a time")
    return given[0] if given else ""


def _check(form: str, view: str, out: Path | None, as_of: int | None) -> None:
    """That the options go together.

    Raises:
        typer.BadParameter: they do not.
    """
    if out and not form:
        raise typer.BadParameter("needs a format: --json, --csv, --markdown, --atom or --html", param_hint="--out")
    if (view == "explain-query" and form) or (view in ("timeline", "facets") and form not in ("", "json")):
        raise typer.BadParameter(f"is not to be had as --{form}", param_hint=f"--{view}")
    if view in ("timeline", "facets") and as_of is not None:
        raise typer.BadParameter(f"--{view} has no pages", param_hint="--as-of")


def _read(text: str, beat: Beat, now: datetime) -> Query:
    try:
        return parse_query(text, vocabulary=beat, now=now)
    except QueryError as error:
        output.complain_of_query(text, error)
        raise typer.Exit(2) from error


def _show(found: Found, form: str, out: Path | None, ctx: typer.Context) -> None:
    if form:
        _write(_FORMATS[form](found), out)
    elif found.hits:
        results.print_found(found)
        if found.next_offset is not None:
            results.print_next(_next_page(ctx, found.next_offset, found.page.as_of))
    elif found.page.total:
        output.err.print(f"{found.count}, and no more behind --offset {found.offset}")


def _show_facets(facets: Facets, tables: Sequence[FacetTable], form: str, out: Path | None) -> None:
    if form:
        _write(results.facets_json(facets, tables), out)
    elif facets.total:
        results.print_facets(facets, tables) if tables else results.print_timeline(facets)


def _next_page(ctx: typer.Context, offset: int, as_of: int) -> str:
    """The command that was given, for the next page."""
    moved = {"offset": offset, "as_of": as_of}
    words = ["aggregator", "search"]
    for parameter in ctx.command.params:
        value = moved.get(parameter.name or "", ctx.params.get(parameter.name or ""))
        if parameter.param_type_name == "option" and value not in (None, False, parameter.default):
            words += [parameter.opts[0]] if value is True else [parameter.opts[0], str(value)]
    query = ctx.params["query"] or ""
    return shlex.join([*words, *(["--"] if query.startswith("-") else []), *([query] if query else [])])


def _write(text: str | bytes, out: Path | None) -> None:
    """The document on stdout, or whole in its file or not at all; UTF-8 whatever the terminal speaks."""
    data = text.encode() if isinstance(text, str) else text
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        part = out.with_name(f"{out.name}.part")
        part.write_bytes(data)
        part.replace(out)
    except OSError as error:
        raise AggregatorError(f"{out}: {error.strerror}") from error
