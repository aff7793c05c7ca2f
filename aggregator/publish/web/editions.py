"""The editions of digests: their list, each one's page as it was kept, and feeds of them."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import date, datetime
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from aggregator.archive import Archive
from aggregator.model import EditionLine
from aggregator.publish.atom import editions_as_atom
from aggregator.publish.editions import by_month
from aggregator.publish.web.answers import page
from aggregator.settings import DigestDefinition

#: Entries of a feed.
_FEED = 50
#: A stored edition carries its own style sheet and nothing else.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; sandbox allow-popups"


class EditionPages:
    """Handlers of everything about editions; feeds are of the digests whose outputs hold `feed`."""

    def __init__(
        self,
        open_archive: Callable[[], Archive],
        clock: Callable[[], datetime],
        digests: Sequence[DigestDefinition],
    ) -> None:
        self._open = open_archive
        self._clock = clock
        self._fed = {digest.name: digest.title for digest in digests if "feed" in digest.outputs}

    def routes(self) -> list[BaseRoute]:
        """Where they answer; an address with the date alone is of the time when there was one digest."""
        return [
            Route("/digests", self.digests),
            Route("/digests.atom", self.feed_of_all),
            Route("/digests/{name}.atom", self.feed),
            Route("/digests/{day}", self.of_day),
            Route("/digests/{name}/{day}", self.edition),
        ]

    def digests(self, request: Request) -> Response:
        """The list of all editions."""
        with closing(self._open()) as archive:
            return page("digests.html", months=by_month(archive.edition_lines()), feeds=tuple(self._fed.items()))

    def edition(self, request: Request) -> Response:
        """One edition as it was kept."""
        day = _day(request)
        with closing(self._open()) as archive:
            return _shown(archive, request.path_params["name"], day)

    def of_day(self, request: Request) -> Response:
        """The edition of a date that `?digest=` names, by default the first."""
        day = _day(request)
        with closing(self._open()) as archive:
            names = [digest for digest, made in archive.edition_days() if made == day]
            return _shown(archive, request.query_params.get("digest", names[0] if names else ""), day)

    def feed_of_all(self, request: Request) -> Response:
        """The feed of the editions of all digests."""
        return self._feed(request, "", "all digests", tuple(self._fed))

    def feed(self, request: Request) -> Response:
        """The feed of one digest."""
        name = request.path_params["name"]
        if name not in self._fed:
            raise HTTPException(404, "There is no feed of such a digest; `outputs` in feeds.yaml says which have one.")
        return self._feed(request, name, self._fed[name], (name,))

    def _feed(self, request: Request, name: str, title: str, names: Sequence[str]) -> Response:
        with closing(self._open()) as archive:
            lines = archive.edition_lines(names, _FEED)
        home = str(request.base_url).rstrip("/")

        def address(line: EditionLine) -> str:
            return f"{home}/digests/{quote(line.digest, safe='')}/{line.date.isoformat()}"

        itself = f"{home}{request.url.path}"
        made = editions_as_atom(lines, name=name, title=title, itself=itself, address=address, now=self._clock())
        return Response(made, media_type="application/atom+xml")


def _day(request: Request) -> date:
    try:
        return date.fromisoformat(request.path_params["day"])
    except ValueError:
        raise HTTPException(404, "The address of an edition ends in a date such as 2026-03-05.") from None


def _shown(archive: Archive, digest: str, day: date) -> Response:
    edition = archive.edition(digest, day)
    if edition is None:
        raise HTTPException(404, "There is no edition for this date.")
    return HTMLResponse(edition.html, headers={"Content-Security-Policy": _POLICY})
