"""Builds the edges from the settings and plays the conductor: one round, or round after round."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import httpx
from starlette.applications import Starlette

import aggregator
from aggregator import pipeline
from aggregator.acquire.fetch import make_client
from aggregator.acquire.websub import callback_path
from aggregator.annotate.beat import load_beat, prepare_beat
from aggregator.archive.sqlite import SqliteArchive, open_archive, read_archive
from aggregator.cli.output import err, poll_progress
from aggregator.fulltexts import Library, open_library
from aggregator.model import DeliveryState, FullTextState
from aggregator.polling import PollReport, Progress, due_now
from aggregator.publish.deliver import Channels
from aggregator.publish.web.app import make_app
from aggregator.publish.web.server import address, serve_beside
from aggregator.pushing import Pushes, together
from aggregator.schedule import TICK_SECONDS, start_schedule
from aggregator.settings import DigestDefinition, Settings
from aggregator.workers import Workers


def utc_now() -> datetime:
    """The clock of the real program."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of everything came to."""

    report: PollReport
    full_texts: dict[FullTextState, int]
    placed: int
    notices: int
    editions: tuple[tuple[DigestDefinition, date, bool], ...]
    delivered: dict[DeliveryState, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The settings with their open edges."""

    settings: Settings
    archive: SqliteArchive
    client: httpx.AsyncClient
    workers: Workers
    pushes: Pushes
    library: Library
    clock: Callable[[], datetime] = utc_now

    async def poll(self, *, by_command: bool = False, progress: bool = True) -> PollReport:
        """Poll what is due, or by command everything."""
        states = self.archive.feed_states()
        due = len(due_now(self.archive, self.settings, states, self.clock(), by_command=by_command))
        if progress and due:
            with poll_progress(due) as done:
                report = await self._poll(done, by_command)
        else:
            report = await self._poll(lambda harvest, saved: None, by_command)
        return report

    async def _poll(self, done: Progress, by_command: bool) -> PollReport:
        return await pipeline.poll(
            self.archive,
            self.settings,
            client=self.client,
            workers=self.workers,
            clock=self.clock,
            progress=done,
            by_command=by_command,
        )

    async def subscribe(self) -> None:
        """Ask hubs to push, if there is an address that they can push to."""
        if self.settings.network.websub_callback:
            await self.pushes.subscribe(self.client)

    async def read_full_texts(self) -> dict[FullTextState, int]:
        """Read the pages of the articles whose feeds ask for it."""
        return await pipeline.read_full_texts(self.archive, self.settings, library=self.library, workers=self.workers)

    async def round(
        self, *, page: str = "", by_command: bool = False, day: date | None = None, progress: bool = True
    ) -> Round:
        """Poll → read full texts → gather → alert → digest → deliver, once; `day` makes that date's editions now."""
        pushed = await self.pushes.read(self.workers)
        report = together(pushed, await self.poll(by_command=by_command, progress=progress))
        full_texts = await self.read_full_texts()
        placed = pipeline.gather(self.archive, self.settings)
        now = self.clock()
        notices = pipeline.alert(self.archive, self.settings, now=now, address=page)
        editions = pipeline.digest(self.archive, self.settings, now=now, day=day)
        delivered = await pipeline.deliver(self.archive, Channels(mail=self.settings.mail), now=self.clock())
        return Round(
            report=report,
            full_texts=full_texts,
            placed=placed,
            notices=notices,
            editions=editions,
            delivered=delivered,
        )


@asynccontextmanager
async def open_service(settings: Settings, clock: Callable[[], datetime] = utc_now) -> AsyncIterator[Service]:
    """Open archive, client and workers, and close them again."""
    archive = open_archive(settings.archive)
    # Before the workers start, so that not each of them makes the same word forms.
    prepare_beat(settings.beat)
    try:
        with Workers(processes=settings.network.workers, beat=settings.beat) as workers:
            async with make_client(settings.network, aggregator.__version__) as client:
                yield Service(
                    settings=settings,
                    archive=archive,
                    client=client,
                    workers=workers,
                    pushes=Pushes(archive, settings, clock),
                    library=open_library(client, settings.network, clock),
                    clock=clock,
                )
    finally:
        archive.close()


async def run_forever(settings: Settings, listener: socket.socket) -> None:
    """First poll at once, then on schedule; the page beside it; until Ctrl-C."""
    page = address(listener)
    async with open_service(settings) as service:
        app = page_of(service)
        first = await service.round(page=page)
        tell(first)

        async def tick() -> None:
            # Beside the round, so that a hub that is slow keeps no feed waiting; never before the page is served,
            # since hubs ask back.
            _, done = await asyncio.gather(service.subscribe(), service.round(page=page, progress=False))
            tell(done)

        scheduler = start_schedule(tick)
        err.print(
            f"Looking every {TICK_SECONDS} s for feeds and digests that are due. The archive: {page}  (Ctrl-C ends)"
        )
        try:
            await serve_beside(app, listener)
        finally:
            scheduler.shutdown(wait=False)
            await asyncio.sleep(0)


def page_of(service: Service) -> Starlette:
    """The archive page, with WebSub's callback if there is one."""
    settings = service.settings
    path = callback_path(settings.network.websub_callback)
    return make_app(
        lambda: read_archive(settings.archive),
        load_beat(settings.beat),
        callback=(path, service.pushes) if path else None,
    )


def _pages(done: Round) -> str:
    read = done.full_texts.get(FullTextState.READ, 0)
    return f", {read} of {sum(done.full_texts.values())} pages read" if done.full_texts else ""


def tell(done: Round) -> None:
    """A line per round in which something happened, and one per feed that failed."""
    if not done.report.results and not any(new for *_, new in done.editions):
        return
    report = done.report
    stamp = utc_now().strftime("%H:%M:%S")
    err.print(
        f"{stamp}  feeds: {report.feeds('ok')} ok, {report.feeds('unchanged')} unchanged, {report.feeds('failed')} failed; "
        f"articles: {report.stored} new{_pages(done)}; notices: {done.notices}; "
        f"editions: {sum(new for *_, new in done.editions)}",
        soft_wrap=True,
    )
    for failure in report.failures:
        err.print(f"          {failure.url}: {failure.reason}", markup=False, soft_wrap=True)
    if report.results and report.feeds("failed") == len(report.results):
        err.print(
            "          No feed could be read: is there a network? Each is tried again by itself.",
            markup=False,
            soft_wrap=True,
        )
