"""The search page, and searches as feeds; saved ones under their names."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import get_args
from urllib.parse import quote, urlencode

from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from aggregator.annotate.beat import Beat
from aggregator.archive import Archive, Order
from aggregator.errors import QueryError
from aggregator.model.query import Query
from aggregator.publish.atom import as_atom
from aggregator.publish.exports import as_csv, as_markdown
from aggregator.publish.facets import bars, facet_tables
from aggregator.publish.found import Found, Wanted, find, found_nowhere
from aggregator.publish.jsonfeed import as_json_feed
from aggregator.publish.web.answers import number, page
from aggregator.query import parse_query, printed
from aggregator.settings import SavedSearch

_PAGE = 30
_FEED = 50
#: An export holds so many; who wants more uses the command line.
_EXPORT = 1000
#: Behind so many nobody pages; a query or a period narrows better.
_LAST = 10_000
_ROWS = 8
_ORDERS: tuple[Order, ...] = get_args(Order)

_FORMS: Mapping[str, tuple[str, int, Callable[[Found], str | bytes]]] = {
    "atom": ("application/atom+xml", _FEED, as_atom),
    "json": ("application/feed+json", _FEED, as_json_feed),
    "csv": ("text/csv; charset=utf-8", _EXPORT, as_csv),
    "md": ("text/markdown; charset=utf-8", _EXPORT, as_markdown),
}


class SearchPages:
    """Handlers of everything that answers a query."""

    def __init__(
        self,
        open_archive: Callable[[], Archive],
        beat: Beat,
        clock: Callable[[], datetime],
        saved: Sequence[SavedSearch],
    ) -> None:
        self._open = open_archive
        self._beat = beat
        self._clock = clock
        self._saved = {search.name: search for search in saved}

    def routes(self) -> list[BaseRoute]:
        """Where they answer; the forms of a search bear the form in their path, as feed readers like it."""
        forms = [Route(f"/search.{form}", self.export, name=form) for form in _FORMS]
        return [
            Route("/search", self.search),
            *forms,
            Route("/searches", self.searches),
            Route("/searches/{name}", self.saved),
        ]

    def search(self, request: Request) -> Response:
        """The page with the box."""
        asked = request.query_params
        q = asked.get("q", "")
        values: dict[str, object] = {"q": q, "message": "", "found": None, "saved": tuple(self._saved.values())}
        if not q.strip():
            return page("search.html", **values)
        try:
            query = self._read(q)
        except QueryError as error:
            # Before the sign at which reading stopped, that sign, and what follows.
            at = max(error.column - 1, 0)
            pointed = (q[:at], q[at : at + 1], q[at + 1 :]) if error.column else None
            return page("search.html", **{**values, "message": str(error), "pointed": pointed})
        return page("search.html", **values | self._results(q, query, asked))

    def _results(self, q: str, query: Query, asked: QueryParams) -> dict[str, object]:
        wanted = _wanted(asked, _PAGE)
        now = self._clock()
        with closing(self._open()) as archive:
            found = find(archive, query, wanted, text=q, now=now)
            facets = archive.facets(query) if found.hits else None
            nowhere = () if found.hits or wanted.offset else found_nowhere(archive, query)
        tables = facet_tables(facets, q, beat=self._beat, now=now) if facets else ()
        kept = {"q": q, "sort": wanted.order, **({"stories": "1"} if wanted.stories else {})}
        paged = {**kept, "as_of": found.page.as_of}
        return {
            "found": found,
            "facets": facets,
            "bars": bars(facets.timeline, q, beat=self._beat, now=now) if facets else (),
            "tables": [(table.field, table.rows[:_ROWS]) for table in tables if len(table.rows) > 1],
            "nowhere": [printed(part) for part in nowhere],
            "orders": [(order, urlencode({**kept, "sort": order})) for order in _ORDERS],
            "sort": wanted.order,
            "stories": wanted.stories,
            "other_unit": urlencode({"q": q, "sort": wanted.order, **({} if wanted.stories else {"stories": "1"})}),
            "exports": [(form, urlencode(kept)) for form in _FORMS],
            "earlier": urlencode({**paged, "offset": max(0, wanted.offset - _PAGE)}) if wanted.offset else "",
            "later": urlencode({**paged, "offset": found.next_offset}) if found.next_offset else "",
        }

    def export(self, request: Request) -> Response:
        """A search in the form that its path names."""
        form = request.url.path.rpartition(".")[2]
        return self._in_form(form, request.query_params.get("q", ""), request.query_params)

    def searches(self, request: Request) -> Response:
        """The saved searches."""
        return page("searches.html", searches=tuple(self._saved.values()), forms=tuple(_FORMS))

    def saved(self, request: Request) -> Response:
        """A saved search by name: its page, or with `.atom` and so on behind its name, in that form."""
        name, _, form = request.path_params["name"].partition(".")
        search = self._saved.get(name)
        if search is None or (form and form not in _FORMS):
            raise HTTPException(404, "There is no saved search of this name; feeds.yaml names them under `searches`.")
        if not form:
            return RedirectResponse(f"/search?q={quote(search.query, safe='')}", 303)
        return self._in_form(form, search.query, request.query_params)

    def _in_form(self, form: str, q: str, asked: QueryParams) -> Response:
        kind, limit, write = _FORMS[form]
        try:
            query = self._read(q)
        except QueryError as error:
            raise HTTPException(400, f"This query cannot be read: {error}") from error
        with closing(self._open()) as archive:
            found = find(archive, query, _wanted(asked, limit), text=q, now=self._clock())
        return Response(write(found), media_type=kind)

    def _read(self, q: str) -> Query:
        return parse_query(q, vocabulary=self._beat, now=self._clock())


def _wanted(asked: QueryParams, limit: int) -> Wanted:
    """What the address asks for; what makes no sense there is passed over."""
    order: Order = next((known for known in _ORDERS if known == asked.get("sort")), "newest")
    as_of = asked.get("as_of", "")
    return Wanted(
        order=order,
        limit=limit,
        offset=min(number(asked.get("offset", "")), _LAST),
        stories=asked.get("stories") == "1",
        as_of=number(as_of) if as_of else None,
    )
