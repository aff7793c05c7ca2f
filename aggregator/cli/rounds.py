"""Plays the conductor: one round, or round after round."""

import asyncio
import math
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from starlette.applications import Starlette

from aggregator import pipeline
from aggregator.acquire.websub import callback_path
from aggregator.annotate.beat import load_beat
from aggregator.archive import Archive
from aggregator.archive.sqlite import read_archive
from aggregator.cli.output import err
from aggregator.cli.service import Service, open_service, utc_now
from aggregator.keeping import PollReport
from aggregator.model import DeliveryState, FullTextState
from aggregator.publish.deliver import Channels
from aggregator.publish.digest import problems_of
from aggregator.publish.web.app import make_app
from aggregator.publish.web.server import address, serve_beside
from aggregator.pushing import together
from aggregator.schedule import TICK_SECONDS, start_schedule
from aggregator.settings import DigestDefinition, Settings

#: Seconds that a round of the service waits for the pace of mails: feeds wait behind it, and the next round goes on.
_DELIVERY_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round of everything came to."""

    report: PollReport
    full_texts: dict[FullTextState, int]
    placed: int
    notices: int
    editions: tuple[tuple[DigestDefinition, date, bool], ...]
    problems: tuple[str, ...]
    """Of templates and translation."""
    delivered: dict[DeliveryState, int]


async def play_round(
    service: Service,
    *,
    page: str = "",
    by_command: bool = False,
    day: date | None = None,
    progress: bool = True,
    gatherer: pipeline.Gatherer | None = None,
    channels: Channels | None = None,
) -> Round:
    """Poll → read full texts → gather → alert → digest → deliver, once; `day` makes that date's editions now.

    Who keeps `channels` from round to round keeps the pace of mails, and a round does not wait for it long.
    """
    archive, settings = service.archive, service.settings
    pushed = await service.pushes.read(service.workers)
    report = together(pushed, await service.poll(by_command=by_command, progress=progress))
    full_texts = await service.read_full_texts()
    placed = (gatherer or pipeline.Gatherer(archive, settings)).gather()
    now = service.clock()
    notices = pipeline.alert(archive, settings, now=now, address=page)
    editions = pipeline.digest(archive, settings, now=now, day=day)
    return Round(
        report=report,
        full_texts=full_texts,
        placed=placed,
        notices=notices,
        editions=editions,
        problems=_problems(archive, editions),
        delivered=await pipeline.deliver(
            archive,
            channels or Channels(mail=settings.mail, others=settings.channels),
            now=service.clock(),
            patience_seconds=_DELIVERY_SECONDS if channels else math.inf,
        ),
    )


async def run_forever(settings: Settings, listener: socket.socket) -> None:
    """First poll at once, then on schedule; the page beside it; until Ctrl-C."""
    page = address(listener)
    async with open_service(settings) as service:
        app = page_of(service)
        gatherer, channels = (
            pipeline.Gatherer(service.archive, settings),
            Channels(mail=settings.mail, others=settings.channels),
        )
        first = await play_round(service, page=page, gatherer=gatherer, channels=channels)
        tell(first)

        async def tick() -> None:
            # Beside the round, so that a hub that is slow keeps no feed waiting; never before the page is served,
            # since hubs ask back.
            _, done = await asyncio.gather(
                service.subscribe(),
                play_round(service, page=page, progress=False, gatherer=gatherer, channels=channels),
            )
            tell(done)
            await service.tidy()

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
        feed_reports=lambda archive: pipeline.feed_reports(archive, settings),
        searches=settings.searches,
        digests=settings.digests,
        alerts=settings.alerts,
        callback=(path, service.pushes) if path else None,
    )


def _problems(archive: Archive, editions: Sequence[tuple[DigestDefinition, date, bool]]) -> tuple[str, ...]:
    """What was wrong with the templates and the translation of new editions."""
    made = [archive.edition(definition.name, day) for definition, day, new in editions if new]
    return tuple(dict.fromkeys(problem for edition in made if edition for problem in problems_of(edition)))


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
    for problem in done.problems:
        err.print(f"          digest: {problem}", markup=False, soft_wrap=True)
    for failure in report.failures:
        err.print(f"          {failure.url}: {failure.reason}", markup=False, soft_wrap=True)
    if report.results and report.feeds("failed") == len(report.results):
        err.print(
            "          No feed could be read: is there a network? Each is tried again by itself.",
            markup=False,
            soft_wrap=True,
        )
