"""Step 2, read full texts: articles whose feeds ask for it are judged by what their pages say.

One page at a time from each host, with the distance that the host asks for; what there was no time
for comes in the next round. Articles that have their stories already keep them.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import httpx

from aggregator.acquire.access import dressed
from aggregator.acquire.attempts import RECENT, WHEN_RELEVANT, after_failure, after_reading
from aggregator.acquire.fetch import fetch
from aggregator.acquire.politeness import HostGate
from aggregator.acquire.robots import Robots
from aggregator.archive import Archive
from aggregator.model import (
    Annotated,
    Document,
    FailureKind,
    FetchFailure,
    FullText,
    FullTextState,
    ParseFailure,
    Request,
    WantedText,
)
from aggregator.settings import Feed, Network, Settings
from aggregator.text.urls import host_of
from aggregator.workers import Workers

#: Pages that one round asks for at most, and those under way at once.
_ROUND, _AT_ONCE = 200, 20
#: Seconds in which a round begins to ask for pages: alerts and digests wait for its end.
_SECONDS = 30.0
#: Outcomes that are kept in one transaction.
_BATCH = 50
#: After these the host is left alone for a while, as long as it asks or so many seconds.
_HOST_IS_UNWELL = {FailureKind.NETWORK, FailureKind.TIMEOUT, FailureKind.SERVER_ERROR, FailureKind.RATE_LIMITED}
_REST_SECONDS = 600
_ACCEPT = "text/html, application/xhtml+xml, */*;q=0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """What reading pages needs and keeps from round to round: the client, each site's rules, each host's pace."""

    client: httpx.AsyncClient
    robots: Robots
    gate: HostGate
    network: Network
    clock: Callable[[], datetime]


def open_library(client: httpx.AsyncClient, network: Network, clock: Callable[[], datetime]) -> Library:
    """A library that knows no site yet; to be made in the running event loop."""
    return Library(
        client=client,
        robots=Robots(client, deadline=network.deadline_seconds, clock=clock),
        gate=HostGate(network, clock=asyncio.get_running_loop().time),
        network=network,
        clock=clock,
    )


async def read_full_texts(
    archive: Archive, settings: Settings, *, library: Library, workers: Workers, seconds: float = _SECONDS
) -> dict[FullTextState, int]:
    """Read the pages of articles that want it, and judge these anew; returns how many came out how."""
    keeper = _Keeper(archive)
    for wanted in archive.full_texts_revised(_ROUND):
        keeper.keep(await _judged_again(wanted, workers))
    feeds = {feed.url: feed for feed in settings.feeds if feed.full_text and not feed.paused}
    places, time = asyncio.Semaphore(_AT_ONCE), asyncio.get_running_loop().time
    until = time() + seconds

    async def at_host(waiting: Sequence[WantedText]) -> None:
        for wanted in waiting:
            url, gate = wanted.stored.article.url, library.gate
            # The robots.txt is asked for first: it may ask for a distance.
            answer: Document | FetchFailure | None = await _refusal(url, library)
            if time() + gate.wait(url) > until:
                return
            async with gate.at(url), places:
                if time() > until:
                    return
                answer = answer or await _page(url, feeds[wanted.stored.article.feed_url], library)
                # Reading here keeps the place: no more pages are fetched than can be read.
                keeper.keep(await _outcome(wanted, answer, workers, library.clock))
            if isinstance(answer, FetchFailure) and answer.kind in _HOST_IS_UNWELL:
                gate.rest(url, answer.retry_after_seconds or _REST_SECONDS)
                return

    await asyncio.gather(*map(at_host, _by_host(_wanted(archive, feeds.values(), library.clock()))))
    keeper.commit()
    return dict(keeper.counts)


def _wanted(archive: Archive, feeds: Collection[Feed], now: datetime) -> tuple[WantedText, ...]:
    if not feeds:
        return ()
    return archive.full_texts_wanted(
        [feed.url for feed in feeds if feed.full_text is True],
        [feed.url for feed in feeds if feed.full_text == "when_relevant"],
        relevance=WHEN_RELEVANT,
        since=now - RECENT,
        now=now,
        limit=_ROUND,
    )


def _by_host(wanted: Sequence[WantedText]) -> list[list[WantedText]]:
    hosts: dict[str, list[WantedText]] = defaultdict(list)
    for one in wanted:
        hosts[host_of(one.stored.article.url)].append(one)
    return list(hosts.values())


async def _refusal(url: str, library: Library) -> FetchFailure | None:
    refusal = await library.robots.refusal(url)
    if not refusal:
        library.gate.slow_down(url, (await library.robots.rules(url)).crawl_delay)
    return refusal


async def _page(url: str, feed: Feed, library: Library) -> Document | FetchFailure:
    request = dressed(Request(url=url), feed)
    answer = await fetch(
        library.client,
        replace(request, headers=(("Accept", _ACCEPT), *request.headers)),
        deadline=library.network.deadline_seconds,
        now=library.clock,
        may_follow=library.robots.refusal,
    )
    if isinstance(answer, Document | FetchFailure):
        return answer
    raise TypeError(f"{url}: an answer to a condition that was not made")


async def _outcome(
    wanted: WantedText, answer: Document | FetchFailure, workers: Workers, clock: Callable[[], datetime]
) -> tuple[FullText, Annotated | None]:
    stored, before = wanted.stored, wanted.before
    if isinstance(answer, FetchFailure):
        return after_failure(stored, before, answer), None
    read = await workers.read_page(answer, stored.article)
    if isinstance(read, ParseFailure):
        failure = FetchFailure(url=answer.url, kind=FailureKind.NOT_A_FEED, reason=read.reason, fetched=clock())
        return after_failure(stored, before, failure), None
    return after_reading(stored, before, read.article.full_text, answer.fetched), read


async def _judged_again(wanted: WantedText, workers: Workers) -> tuple[FullText, Annotated | None]:
    """An article whose feed's entry has changed, judged by the page's text that is kept; the page is not asked again."""
    if wanted.before is None:
        raise ValueError(f"article {wanted.stored.id} has no full text to be judged by")
    read = await workers.read_page(wanted.before.text, wanted.stored.article)
    if isinstance(read, ParseFailure):
        return replace(wanted.before, state=FullTextState.GIVEN_UP, reason=read.reason), None
    return replace(wanted.before, state=FullTextState.READ), read


class _Keeper:
    """Commits outcomes by the batch."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._waiting: list[tuple[FullText, Annotated | None]] = []
        self.counts: dict[FullTextState, int] = defaultdict(int)

    def keep(self, outcome: tuple[FullText, Annotated | None]) -> None:
        """Take an outcome, and commit when enough have come together."""
        self._waiting.append(outcome)
        self.counts[outcome[0].state] += 1
        if len(self._waiting) >= _BATCH:
            self.commit()

    def commit(self) -> None:
        """Store what is waiting, in one transaction."""
        if self._waiting:
            self._archive.save_full_texts(self._waiting)
        self._waiting = []
