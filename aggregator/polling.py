"""Step 1, poll: what is due is fetched, read and kept. It waits for the network of the sources."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import httpx

from aggregator.acquire.access import dressed
from aggregator.acquire.capture import capture_of
from aggregator.acquire.due import after_failure, after_success, after_unchanged, due_feeds, request_for
from aggregator.acquire.fetch import fetch
from aggregator.acquire.outage import Outcome, after_outage, is_suspicious, outage
from aggregator.acquire.politeness import HostGate
from aggregator.acquire.websub import missed, slowed
from aggregator.archive import Archive
from aggregator.keeping import Keeper, PollReport, Progress
from aggregator.model import (
    Document,
    FailureKind,
    FeedState,
    Fetched,
    FetchFailure,
    Harvest,
    NotModified,
    ParseFailure,
)
from aggregator.settings import Feed, Network, Settings
from aggregator.text.urls import host_of
from aggregator.workers import Workers

Clock = Callable[[], datetime]
#: Bytes of documents that are fetched and not yet read: what a second of fetching brings while the workers start.
_IN_HAND = 6 * 2**20
#: Few entries take fewer bytes, so a document of n bytes holds at most n/100 that are known.
_ENTRY_BYTES = 100


async def poll(
    archive: Archive,
    settings: Settings,
    *,
    client: httpx.AsyncClient,
    workers: Workers,
    clock: Clock,
    progress: Progress = lambda harvest, saved: None,
    by_command: bool = False,
) -> PollReport:
    """Poll the feeds that are due, or by command all; what one feed brought is kept whole or not at all."""
    states = archive.feed_states()
    feeds = due_now(archive, settings, states, clock(), by_command=by_command)
    if any(feed.url not in states for feed in feeds):
        workers.start()
    round_ = _Round(archive, settings, states, feeds, client, workers, clock, Keeper(archive, progress))
    await asyncio.gather(*map(round_.look, feeds))
    return round_.end()


def due_now(
    archive: Archive, settings: Settings, states: Mapping[str, FeedState], now: datetime, *, by_command: bool = False
) -> list[Feed]:
    """The feeds to poll now: see `due_feeds`; those that a hub pushes seldom."""
    rest = slowed(archive.subscriptions(), settings.network, now)
    return due_feeds(settings.feeds, states, now, by_command=by_command, slowed=rest)


class _Round:
    """One look at each of some feeds, all at once as far as hosts, places and memory allow."""

    def __init__(
        self,
        archive: Archive,
        settings: Settings,
        states: Mapping[str, FeedState],
        feeds: Sequence[Feed],
        client: httpx.AsyncClient,
        workers: Workers,
        clock: Clock,
        keeper: Keeper,
    ) -> None:
        self._archive, self._settings, self._states = archive, settings, states
        self._client, self._workers, self._clock, self._keeper = client, workers, clock, keeper
        self._places = asyncio.Semaphore(settings.network.concurrency)
        self._gate = HostGate(settings.network, clock=asyncio.get_running_loop().time)
        self._in_hand = _InHand(_IN_HAND)
        self._to_come = Counter(host_of(feed.url) for feed in feeds)
        self._good: list[Outcome] = []
        self._doubtful: list[tuple[Harvest, Outcome]] = []

    async def look(self, feed: Feed) -> None:
        """Fetch a feed, read what it says, and keep it; a failure that may be the network's waits for the round's end."""
        state = self._states.get(feed.url) or FeedState(url=feed.url)
        async with self._gate.at(feed.url), self._places:
            fetched = await self._fetch(feed, state)
            # Waiting here keeps the place: nothing more is fetched than can be read.
            size = await self._in_hand.take(fetched)
        try:
            harvest, outcome = await _harvest(self._archive, self._settings, self._workers, feed, state, fetched)
        finally:
            await self._in_hand.give_back(size)
        if is_suspicious(outcome):
            self._doubtful.append((harvest, outcome))
        else:
            self._good.append(outcome)
            self._keeper.keep(harvest)

    async def _fetch(self, feed: Feed, state: FeedState) -> Fetched:
        self._to_come[host_of(feed.url)] -= 1
        request = dressed(request_for(state, self._clock()), feed)
        request = replace(request, keep=self._to_come[host_of(feed.url)] > 0)
        deadline = self._settings.network.deadline_seconds
        return await fetch(self._client, request, deadline=deadline, now=self._clock)

    def end(self) -> PollReport:
        """Now that all have answered: whose fault the failures are; keep the rest."""
        outcomes = [*self._good, *(outcome for _, outcome in self._doubtful)]
        reason = outage(outcomes, self._states.values(), self._clock())
        for harvest, _ in self._doubtful:
            self._keeper.keep(_excused(harvest, self._states, reason))
        self._keeper.commit()
        brought = [result.url for result in self._keeper.results if result.saved.new]
        self._archive.save_subscriptions(missed(self._archive.subscriptions(), brought))
        return PollReport(results=tuple(self._keeper.results))


class _InHand:
    """Bounds the bytes of documents that wait for a worker; one larger than the bound waits until it is alone."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0
        self._changed = asyncio.Condition()

    async def take(self, fetched: Fetched) -> int:
        """Wait until there is room for an answer; returns its size."""
        size = len(fetched.body) if isinstance(fetched, Document) else 0
        async with self._changed:
            await self._changed.wait_for(lambda: not self._bytes or self._bytes + size <= self._most)
            self._bytes += size
        return size

    async def give_back(self, size: int) -> None:
        """Make room again."""
        if size:
            async with self._changed:
                self._bytes -= size
                self._changed.notify_all()


def _excused(harvest: Harvest, states: Mapping[str, FeedState], reason: str) -> Harvest:
    """The harvest of a failure; if the network is the reason, the feed is not to blame."""
    before = states.get(harvest.feed.url) or FeedState(url=harvest.feed.url)
    moment = harvest.state.last_attempt
    return replace(harvest, state=after_outage(before, reason, moment)) if reason and moment else harvest


async def _harvest(
    archive: Archive, settings: Settings, workers: Workers, feed: Feed, state: FeedState, fetched: Fetched
) -> tuple[Harvest, Outcome]:
    """What to keep of an answer, and how the look ended."""
    network = settings.network
    match fetched:
        case FetchFailure():
            return _failed(feed, state, fetched, network)
        case NotModified():
            unchanged = after_unchanged(state, fetched, feed, network)
            return Harvest(feed=feed, state=unchanged, outcome="unchanged"), Outcome(url=feed.url)
        case Document() if fetched.body_hash == state.body_hash:
            unchanged = after_success(state, fetched, feed, network, ttl_minutes=state.rhythm.hint_minutes)
            return Harvest(feed=feed, state=unchanged, outcome="unchanged"), Outcome(url=feed.url)
    known = archive.known_articles(feed.url, len(fetched.body) // _ENTRY_BYTES) if state.body_hash else ()
    read = await workers.read(fetched, feed, known, state.kept_out)
    if isinstance(read, ParseFailure):
        failure = FetchFailure(url=feed.url, kind=FailureKind.NOT_A_FEED, reason=read.reason, fetched=fetched.fetched)
        return _failed(feed, state, failure, network, page=fetched.body_hash)
    dates = [one.date for one in read.records]
    after = after_success(state, fetched, feed, network, dates=dates, ttl_minutes=read.ttl_minutes, offer=read.offer)
    harvest = Harvest(
        feed=feed,
        state=replace(after, kept_out=read.kept_out),
        outcome="ok",
        records=read.records,
        fetched=read.fetched,
        known=read.known,
        dropped=read.dropped,
        capture=capture_of(fetched, feed) if read.records else None,
    )
    return harvest, Outcome(url=feed.url)


def _failed(
    feed: Feed, state: FeedState, failure: FetchFailure, network: Network, *, page: str = ""
) -> tuple[Harvest, Outcome]:
    harvest = Harvest(feed=feed, state=after_failure(state, failure, feed, network), outcome="failed")
    return harvest, Outcome(url=feed.url, kind=failure.kind, page=page)
