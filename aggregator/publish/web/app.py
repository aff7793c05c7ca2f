"""The pages: today, search, story, editions, feeds; and /healthz for machines."""

import importlib.resources
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aggregator.annotate.beat import Beat
from aggregator.archive import Archive
from aggregator.model.query import Everything
from aggregator.publish.account import SILENT_HOURS, silent_camps
from aggregator.publish.telling import read_account
from aggregator.publish.view import FeedReport, story_view
from aggregator.publish.web.alerts import AlertPages
from aggregator.publish.web.answers import HEADERS, number, page
from aggregator.publish.web.callback import Subscriber, callback_routes
from aggregator.publish.web.editions import EditionPages
from aggregator.publish.web.searching import SearchPages
from aggregator.settings import AlertRule, DigestDefinition, SavedSearch

_TODAY = timedelta(hours=24)
_SHOWN = 60

OpenArchive = Callable[[], Archive]
FeedReports = Callable[[Archive], Sequence[FeedReport]]


class _Pages:
    """One handler per route; each request reads the archive through a connection of its own."""

    def __init__(
        self,
        open_archive: OpenArchive,
        beat: Beat,
        clock: Callable[[], datetime],
        minimum_relevance: float,
        feed_reports: FeedReports,
    ) -> None:
        self._open = open_archive
        self._beat = beat
        self._clock = clock
        self._minimum = minimum_relevance
        self._feed_reports = feed_reports
        self._topic_names = {topic.id: topic.name["en"] for topic in beat.topics.values()}

    def today(self, request: Request) -> Response:
        archive = self._open()
        try:
            until = self._clock()
            found = archive.story_ids(until - _TODAY, until, minimum_relevance=self._minimum, query=Everything())
            stories = archive.told_stories(found, until)
            counts = archive.counts()
        finally:
            archive.close()
        ranked = sorted(stories, key=lambda story: (-story.relevance.score * len(story.outlets), story.id))
        views = [story_view(story, self._beat) for story in ranked[:_SHOWN]]
        return page("today.html", stories=views, counts=counts, topic_names=self._topic_names)

    def story(self, request: Request) -> Response:
        archive = self._open()
        try:
            account = read_account(archive, number(request.path_params["story_id"]))
            reports = self._feed_reports(archive)
        finally:
            archive.close()
        if account is None:
            raise HTTPException(404, "There is no such story.")
        return page(
            "story.html",
            view=story_view(account.story, self._beat),
            account=account,
            silent=silent_camps(account.story, reports, now=self._clock(), hours=SILENT_HOURS),
            silent_hours=SILENT_HOURS,
            topic_names=self._topic_names,
        )

    def feeds(self, request: Request) -> Response:
        archive = self._open()
        try:
            states = sorted(archive.feed_states().values(), key=lambda state: (state.health.value == "ok", state.url))
            outlets = {report.feed.url: report.feed.outlet for report in self._feed_reports(archive)}
        finally:
            archive.close()
        return page("feeds.html", states=states, outlets=outlets)

    def healthz(self, request: Request) -> Response:
        archive = self._open()
        try:
            return JSONResponse({"status": "ok", **archive.counts()})
        finally:
            archive.close()


def make_app(
    open_archive: OpenArchive,
    beat: Beat,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    minimum_relevance: float = 0.5,
    feed_reports: FeedReports = lambda archive: (),
    callback: tuple[str, Subscriber] | None = None,
    searches: Sequence[SavedSearch] = (),
    digests: Sequence[DigestDefinition] = (),
    alerts: Sequence[AlertRule] = (),
) -> Starlette:
    """The application; `open_archive` gives a read-only connection for one request.

    `feed_reports` tell how the configured feeds are doing: without them no camp is called silent. `callback`: path and
    subscriber of WebSub. `searches` have pages and feeds under their names, `digests` feeds of their editions.
    """
    pages = _Pages(open_archive, beat, clock, minimum_relevance, feed_reports)
    routes = [
        Route("/", pages.today),
        *SearchPages(open_archive, beat, clock, searches).routes(),
        Route("/story/{story_id}", pages.story),
        *AlertPages(open_archive, clock, alerts).routes(),
        *EditionPages(open_archive, clock, digests).routes(),
        Route("/feeds", pages.feeds),
        Route("/healthz", pages.healthz),
        Route("/style.css", _style),
    ]
    # Names beside these mean that a web page elsewhere rebinds its own name to this machine.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])
    # Only the callback answers to a public name: there the token is the proof.
    public: list[BaseRoute] = [*callback_routes(*callback)] if callback else []
    return Starlette(
        routes=[*public, Mount("", routes=routes, middleware=[hosts])],
        middleware=[Middleware(_Headers)],
        exception_handlers={HTTPException: _failed, Exception: _failed},
    )


class _Headers:
    """Gives each answer, refusals and redirects among them, the headers that it does not bring itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _failed(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    detail = error.detail if isinstance(error, HTTPException) else "Something went wrong."
    answer = page("message.html", heading=str(status), message=detail)
    answer.status_code = status
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


def _style(request: Request) -> Response:
    folder = importlib.resources.files("aggregator.publish") / "templates"
    css = "".join((folder / name).read_text(encoding="utf-8") for name in ("digest.css", "page.css"))
    return Response(css, media_type="text/css")
