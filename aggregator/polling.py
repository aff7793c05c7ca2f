"""Step 1, poll: what is due is fetched, read and kept. It waits for the network of the sources."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import httpx

from aggregator.acquire.access import dressed
from aggregator.acquire.due import after_failure, after_success, after_unchanged, due_feeds, request_for
from aggregator.acquire.fetch import fetch
from aggregator.acquire.outage import Outcome, after_outage, is_suspicious, outage
from aggregator.acquire.politeness import HostGate
from aggregator.acquire.websub import missed, slowed
from aggregator.archive import Archive
from aggregator.model import (
    Document,
    FailureKind,
    FeedState,
    Fetched,
    FetchFailure,
    Harvest,
    NotModified,
    ParseFailure,
    Saved,
)
from aggregator.settings import Feed, Network, Settings
from aggregator.text.urls import host_of
from aggregator.workers import Workers

Clock = Callable[[], datetime]
Progress = Callable[[Harvest, Saved], None]

#: Articles, or feeds, that are kept in one transaction: the index takes 2,000 at once at four fifths of the cost of 500.
_BATCH = 2000
#: Bytes of documents that are fetched and not yet read: what a second of fetching brings while the workers start.
_IN_HAND = 6 * 2**20
#: Few entries take fewer bytes, so a document of n bytes holds at most n/100 that are known.
_ENTRY_BYTES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one feed's poll came to."""

    url: str
    outcome: Literal["ok", "unchanged", "failed"]
    reason: str
    fetched: int
    dropped: tuple[str, ...]
    saved: Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What a round of polling came to."""

    results: tuple[Result, ...]

    def feeds(self, outcome: str) -> int:
        """How many feeds came out so."""
        return sum(result.outcome == outcome for result in self.results)

    @property
    def fetched(self) -> int:
        """Entries in the documents read; = stored + duplicate + dropped."""
        return sum(result.fetched for result in self.results)

    @property
    def stored(self) -> int:
        """Entries that became articles."""
        return sum(result.saved.new for result in self.results)

    @property
    def duplicate(self) -> int:
        """Entries that are publications which the archive has, edited or not."""
        return sum(result.saved.known + result.saved.revised for result in self.results)

    @property
    def dropped(self) -> Counter[str]:
        """Entries not taken, by reason."""
        return Counter(reason for result in self.results for reason in result.dropped)

    @property
    def failures(self) -> tuple[Result, ...]:
        """The feeds that failed."""
        return tuple(result for result in self.results if result.outcome == "failed")


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
    network = settings.network
    states = archive.feed_states()
    feeds = due_now(archive, settings, states, clock(), by_command=by_command)
    places = asyncio.Semaphore(network.concurrency)
    gate = HostGate(network, clock=asyncio.get_running_loop().time)
    in_hand = _InHand(_IN_HAND)
    keeper = Keeper(archive, progress)
    good: list[Outcome] = []
    doubtful: list[tuple[Harvest, Outcome]] = []
    to_come = Counter(host_of(feed.url) for feed in feeds)

    if any(feed.url not in states for feed in feeds):
        workers.start()

    async def one(feed: Feed) -> None:
        state = states.get(feed.url) or FeedState(url=feed.url)
        async with gate.at(feed.url), places:
            to_come[host_of(feed.url)] -= 1
            request = dressed(request_for(state, clock()), feed)
            request = replace(request, keep=to_come[host_of(feed.url)] > 0)
            fetched = await fetch(client, request, deadline=network.deadline_seconds, now=clock)
            # Waiting here keeps the place: nothing more is fetched than can be read.
            size = await in_hand.take(fetched)
        try:
            harvest, outcome = await _harvest(archive, settings, workers, feed, state, fetched)
        finally:
            await in_hand.give_back(size)
        if is_suspicious(outcome):
            # Whose fault it is will be known when all the others have answered.
            doubtful.append((harvest, outcome))
        else:
            good.append(outcome)
            keeper.keep(harvest)

    await asyncio.gather(*map(one, feeds))
    reason = outage([*good, *(outcome for _, outcome in doubtful)], states.values(), clock())
    for harvest, _ in doubtful:
        keeper.keep(_excused(harvest, states, reason))
    keeper.commit()
    brought = [result.url for result in keeper.results if result.saved.new]
    archive.save_subscriptions(missed(archive.subscriptions(), brought))
    return PollReport(results=tuple(keeper.results))


def due_now(
    archive: Archive, settings: Settings, states: Mapping[str, FeedState], now: datetime, *, by_command: bool = False
) -> list[Feed]:
    """The feeds to poll now: see `due_feeds`; those that a hub pushes seldom."""
    rest = slowed(archive.subscriptions(), settings.network, now)
    return due_feeds(settings.feeds, states, now, by_command=by_command, slowed=rest)


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


class Keeper:
    """Commits harvests by the batch, so that a round waits for the disk a few times and not once a feed."""

    def __init__(self, archive: Archive, progress: Progress) -> None:
        self._archive = archive
        self._progress = progress
        self._waiting: list[Harvest] = []
        self._articles = 0
        self.results: list[Result] = []

    def keep(self, harvest: Harvest) -> None:
        """Take a harvest, and commit when enough have come together."""
        self._waiting.append(harvest)
        self._articles += len(harvest.records)
        if len(self._waiting) >= _BATCH or self._articles >= _BATCH:
            self.commit()

    def commit(self) -> None:
        """Store what is waiting, in one transaction."""
        harvests, self._waiting, self._articles = self._waiting, [], 0
        for harvest, saved in zip(harvests, self._archive.save_all(harvests), strict=True):
            self._progress(harvest, saved)
            self.results.append(
                Result(
                    url=harvest.feed.url,
                    outcome=harvest.outcome,
                    reason=harvest.state.reason,
                    fetched=harvest.fetched,
                    dropped=harvest.dropped,
                    saved=saved,
                )
            )


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
    read = await workers.read(fetched, feed, known)
    if isinstance(read, ParseFailure):
        failure = FetchFailure(url=feed.url, kind=FailureKind.NOT_A_FEED, reason=read.reason, fetched=fetched.fetched)
        return _failed(feed, state, failure, network, page=fetched.body_hash)
    dates = [one.date for one in read.records]
    harvest = Harvest(
        feed=feed,
        state=after_success(state, fetched, feed, network, dates=dates, ttl_minutes=read.ttl_minutes, offer=read.offer),
        outcome="ok",
        records=read.records,
        fetched=read.fetched,
        known=read.known,
        dropped=read.dropped,
    )
    return harvest, Outcome(url=feed.url)


def _failed(
    feed: Feed, state: FeedState, failure: FetchFailure, network: Network, *, page: str = ""
) -> tuple[Harvest, Outcome]:
    harvest = Harvest(feed=feed, state=after_failure(state, failure, feed, network), outcome="failed")
    return harvest, Outcome(url=feed.url, kind=failure.kind, page=page)
