"""The conductor: poll → gather → alert → digest → deliver. Steps do not call one another.

Each step reads what is left to do from the archive, does it, and commits; it can be killed anywhere
and run again. `poll` is the only one that waits for the network of the sources.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal

import httpx

from aggregator.acquire.due import after_failure, after_success, after_unchanged, body_hash, due_feeds, request_for
from aggregator.acquire.fetch import fetch
from aggregator.annotate.beat import load_beat
from aggregator.annotate.stories import WINDOW, StoryIndex
from aggregator.archive import Archive
from aggregator.model import (
    Delivery,
    DeliveryState,
    Document,
    Edition,
    FailureKind,
    FeedState,
    Fetched,
    FetchFailure,
    Harvest,
    NotModified,
    ParseFailure,
    Saved,
)
from aggregator.publish.alerts import alert_deliveries, find_notices
from aggregator.publish.calendar import due_dates, edition_window
from aggregator.publish.deliver import Channels, deliver_one, is_ready, write_file
from aggregator.publish.digest import CHART_DAYS, edition_deliveries, make_edition
from aggregator.publish.view import FeedReport
from aggregator.query import parse_query
from aggregator.settings import DigestDefinition, Feed, Settings
from aggregator.text.urls import host_of
from aggregator.workers import Workers

Clock = Callable[[], datetime]
Progress = Callable[[Harvest, Saved], None]

#: Articles that are kept, or placed, in one transaction.
_BATCH = 500
#: Documents per worker that are fetched and not yet read.
_IN_HAND = 8
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
    feeds = due_feeds(settings.feeds, states, clock(), by_command=by_command)
    places = asyncio.Semaphore(network.concurrency)
    at_host: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(network.per_host))
    in_hand = asyncio.Semaphore(_IN_HAND * network.workers)
    keeper = Keeper(archive, progress)

    async def one(feed: Feed) -> None:
        state = states.get(feed.url) or FeedState(url=feed.url)
        async with at_host[host_of(feed.url)], places:
            fetched = await fetch(client, request_for(state), deadline=network.deadline_seconds, now=clock)
            # Waiting here keeps the place: nothing more is fetched than can be read.
            await in_hand.acquire()
        try:
            keeper.keep(await _harvest(archive, settings, workers, feed, state, fetched))
        finally:
            in_hand.release()

    await asyncio.gather(*map(one, feeds))
    keeper.commit()
    return PollReport(results=tuple(keeper.results))


class Keeper:
    """Commits harvests by the batch: waiting for the disk costs as much as storing a hundred articles."""

    def __init__(self, archive: Archive, progress: Progress) -> None:
        self._archive = archive
        self._progress = progress
        self._waiting: list[Harvest] = []
        self._articles = 0
        self.results: list[Result] = []

    def keep(self, harvest: Harvest) -> None:
        """Take a harvest, and commit when enough have come together."""
        self._waiting.append(harvest)
        self._articles += len(harvest.annotated)
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


async def _harvest(
    archive: Archive, settings: Settings, workers: Workers, feed: Feed, state: FeedState, fetched: Fetched
) -> Harvest:
    """What to keep of an answer."""
    network = settings.network
    match fetched:
        case FetchFailure():
            return Harvest(feed=feed, state=after_failure(state, fetched, feed, network), outcome="failed")
        case NotModified():
            return Harvest(feed=feed, state=after_unchanged(state, fetched, feed, network), outcome="unchanged")
        case Document() if body_hash(fetched.body) == state.body_hash:
            return Harvest(feed=feed, state=after_success(state, fetched, feed, network), outcome="unchanged")
    known = archive.known_articles(feed.url, len(fetched.body) // _ENTRY_BYTES) if state.body_hash else ()
    read = await workers.read(fetched, feed, known)
    if isinstance(read, ParseFailure):
        failure = FetchFailure(url=feed.url, kind=FailureKind.NOT_A_FEED, reason=read.reason, fetched=fetched.fetched)
        return Harvest(feed=feed, state=after_failure(state, failure, feed, network), outcome="failed")
    return Harvest(
        feed=feed,
        state=after_success(state, fetched, feed, network),
        outcome="ok",
        annotated=read.annotated,
        fetched=read.fetched,
        known=read.known,
        dropped=read.dropped,
    )


def gather(archive: Archive, settings: Settings) -> int:
    """Give each article without a story the story that it reports; returns how many were placed."""
    placed, index = 0, None
    while waiting := archive.unplaced(_BATCH):
        # The earliest come first, so what is recent to these is recent to all that follow.
        index = index or StoryIndex.of(archive.recent(waiting[0].article.date - WINDOW), load_beat(settings.beat))
        placements = index.place_all(waiting)
        archive.place(placements)
        placed += len(placements)
    return placed


def alert(archive: Archive, settings: Settings, *, now: datetime, address: str = "") -> int:
    """Give notice of each story that a rule newly matches; returns how many notices were made.

    The mark moves without rules too: the first rule of an old archive is about what comes, not what was.
    """
    mark = archive.alert_mark()
    reached = archive.last_article_id()
    notices = []
    for rule in settings.alerts:
        query = parse_query(rule.query, concept_named=load_beat(settings.beat).concept_named, now=now)
        notices += find_notices(rule, archive.matching_since(query, mark), now=now, address=address)
    return archive.save_notices(notices, alert_deliveries(notices), mark=reached)


def digest(
    archive: Archive, settings: Settings, *, now: datetime, day: date | None = None
) -> tuple[tuple[DigestDefinition, date, bool], ...]:
    """Make the editions that are due, or those of one local date; returns (digest, date, newly made)."""
    made = []
    for definition in settings.digests:
        done = {edition_day for _, edition_day in archive.edition_days(definition.name)}
        days: Sequence[date] = [day] if day else due_dates(definition, now, done, begun=_begun(archive))
        for edition_day in days:
            window = edition_window(definition, edition_day, now, by_command=day is not None)
            new = edition_day not in done and _make(archive, settings, definition, edition_day, window, now)
            made.append((definition, edition_day, new))
    return tuple(made)


def _begun(archive: Archive) -> datetime | None:
    """When this archive first polled: there is nothing to catch up on before."""
    attempts = [state.last_attempt for state in archive.feed_states().values() if state.last_attempt]
    return min(attempts, default=None)


def _make(
    archive: Archive,
    settings: Settings,
    definition: DigestDefinition,
    day: date,
    window: tuple[datetime, datetime],
    now: datetime,
) -> bool:
    beat, (since, until) = load_beat(settings.beat), window
    query = parse_query(definition.query, concept_named=beat.concept_named, now=until)
    stories = archive.stories(since, until, minimum_relevance=definition.minimum_relevance, query=query)
    volume = archive.volume(until, days=CHART_DAYS, minimum_relevance=definition.minimum_relevance)
    edition = make_edition(
        definition, day, since, until, stories, beat=beat, volume=volume, feeds=feed_reports(archive, settings)
    )
    return archive.save_edition(edition, edition_deliveries(edition, definition, settings.digest_folder, now))


def write_edition_files(edition: Edition, definition: DigestDefinition, folder: Path, now: datetime) -> None:
    """Write an edition that the archive holds into a folder once more."""
    for delivery in edition_deliveries(edition, definition, folder, now):
        if delivery.channel == "file":
            write_file(delivery)


def feed_reports(archive: Archive, settings: Settings) -> tuple[FeedReport, ...]:
    """How each configured feed is doing."""
    states = archive.feed_states()
    return tuple(
        FeedReport(feed=feed, state=states.get(feed.url) or FeedState(url=feed.url)) for feed in settings.feeds
    )


async def deliver(archive: Archive, channels: Channels, *, now: datetime) -> dict[DeliveryState, int]:
    """Send what the outbox has ready; one delivery that fails does not stop the others."""
    for left in archive.deliveries(DeliveryState.SENDING):
        archive.update_delivery(_after_a_crash(left))
    counts: Counter[DeliveryState] = Counter()
    for delivery in archive.deliveries(DeliveryState.QUEUED):
        if not is_ready(delivery, now):
            continue
        archive.update_delivery(replace(delivery, state=DeliveryState.SENDING))
        sent = await deliver_one(delivery, channels)
        archive.update_delivery(sent)
        counts[sent.state] += 1
    return dict(counts)


def _after_a_crash(delivery: Delivery) -> Delivery:
    """What was being sent when the process died: files and alerts are sent again, editions by mail never twice."""
    again = delivery.channel == "file" or delivery.kind == "alert"
    return replace(delivery, state=DeliveryState.QUEUED if again else DeliveryState.UNCERTAIN)
