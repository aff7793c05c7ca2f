"""Thirty simulated days of 500 feeds with faults: the adaptive schedule against one of a fixed quarter of an hour.

    python benchmarks/schedule.py [--feeds 500] [--days 30] [--seeds 1 2 3]

Drives the program's own decisions (`acquire.due`); only servers and clock are made up: feeds with
log-normal publishing rates, day and night, weekends and bursts; servers that answer 304, 404, 410,
429 with Retry-After, 5xx for hours, time out, move, lie about their ETag or fall silent.
"""

import argparse
import bisect
import heapq
import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aggregator.acquire.due import after_failure, after_success, after_unchanged, request_for
from aggregator.acquire.outage import Outcome, after_outage, outage
from aggregator.model import Document, FailureKind, FeedState, FetchFailure, NotModified
from aggregator.schedule import TICK_SECONDS
from aggregator.settings import Camp, Feed, Network

START = datetime(2026, 1, 1, tzinfo=UTC)
NETWORK = Network()
FAULTS = ("none", "none", "none", "none", "5xx", "timeout", "404", "410", "429", "moved", "lying ETag", "silent")
WINDOW = 50


@dataclass
class Source:
    """A feed's server: when it published what, and what is wrong with it."""

    url: str
    fault: str
    items: Sequence[datetime]
    broken: tuple[datetime, datetime]
    delays: list[timedelta] = field(default_factory=list)
    found: int = 0
    requests: int = 0


def make_sources(count: int, days: int, seed: int) -> list[Source]:
    """Sources with heavy-tailed rates, 0.1 to 400 articles a day."""
    chance = random.Random(seed)
    sources = []
    for n in range(count):
        rate = min(max(chance.lognormvariate(math.log(6), 1.5), 0.1), 400)
        begin = START + timedelta(days=chance.uniform(2, days * 0.8))
        items = sorted(_published(chance, rate, days))
        fault = chance.choice(FAULTS)
        if fault == "silent":
            items = [item for item in items if item < begin]
        sources.append(Source(f"https://h{n // 2}.example/{n}", fault, items, (begin, begin + timedelta(hours=8))))
    return sources


def _published(chance: random.Random, rate: float, days: int) -> Iterator[datetime]:
    zone = chance.choice((0, 3, 8, -5))
    for day in range(days):
        weekend = (START + timedelta(days=day)).weekday() >= 5
        expected = rate * (0.5 if weekend else 1.2) * chance.choice((0.7, 0.9, 1, 1, 1.2, 1.6))
        for _ in range(int(expected + chance.random())):
            hour = min(max(chance.gauss(14, 4.5), 0), 23.99) - zone
            yield START + timedelta(days=day, hours=hour)


def answer(source: Source, state: FeedState, now: datetime) -> Document | NotModified | FetchFailure:
    """What the server says."""
    begin, end = source.broken
    held = begin <= now < end
    kind = {"5xx": FailureKind.SERVER_ERROR, "timeout": FailureKind.TIMEOUT, "429": FailureKind.RATE_LIMITED}.get(
        source.fault
    )
    if kind and held:
        wait = 1800 if kind is FailureKind.RATE_LIMITED else None
        return FetchFailure(url=source.url, kind=kind, reason=source.fault, fetched=now, retry_after_seconds=wait)
    if source.fault in ("404", "410") and now >= begin:
        gone = FailureKind.GONE if source.fault == "410" else FailureKind.CLIENT_ERROR
        return FetchFailure(url=source.url, kind=gone, reason=source.fault, fetched=now)
    there = bisect.bisect_right(source.items, now)
    asked = request_for(state, now)
    moved_to = f"{source.url}/new" if source.fault == "moved" and now >= begin and asked.url == source.url else ""
    if asked.etag and (asked.etag == str(there) or (source.fault == "lying ETag" and held)):
        return NotModified(url=source.url, fetched=now, moved_to=moved_to)
    body = str(there).encode()
    return Document(url=source.url, body=body, headers=(), fetched=now, etag=str(there), moved_to=moved_to)


def find(source: Source, now: datetime) -> list[datetime]:
    """The articles of a document that are new; a feed shows its last 50."""
    there = bisect.bisect_right(source.items, now)
    new = list(source.items[max(source.found, there - WINDOW) : there])
    source.delays += [now - item for item in new]
    source.found = there
    return new


def adaptive(source: Source, feed: Feed, state: FeedState, now: datetime) -> FeedState:
    """One look as the program does it."""
    given = answer(source, state, now)
    if isinstance(given, FetchFailure):
        return after_failure(state, given, feed, NETWORK)
    if isinstance(given, NotModified):
        return after_unchanged(state, given, feed, NETWORK)
    first = state.last_ok is None
    new = find(source, now)
    if first:
        source.delays.clear()
    return after_success(state, given, feed, NETWORK, dates=new)


def fixed(source: Source, feed: Feed, state: FeedState, now: datetime) -> FeedState:
    """One look each quarter of an hour, whatever happens."""
    given = answer(source, state, now)
    if isinstance(given, Document):
        first = not state.etag
        find(source, now)
        if first:
            source.delays.clear()
        state = FeedState(url=state.url, etag=given.etag, last_whole=now)
    return FeedState(url=state.url, etag=state.etag, last_whole=now, next_due=now + timedelta(minutes=15))


Look = Callable[[Source, Feed, FeedState, datetime], FeedState]
#: Who comes due within a tick of the program is asked in one round.
_TICK = timedelta(seconds=TICK_SECONDS)
_LOG_IN_PAGE = "log-in page"


def through_portal(states: Mapping[str, FeedState], feeds: Sequence[Feed], now: datetime) -> dict[str, FeedState]:
    """One round behind a captive portal, which gives every feed the same page, as `polling.poll` takes it."""
    reason = outage(
        [Outcome(url=feed.url, kind=FailureKind.NOT_A_FEED, page=_LOG_IN_PAGE) for feed in feeds], states.values(), now
    )
    after = {}
    for feed in feeds:
        failure = FetchFailure(url=feed.url, kind=FailureKind.NOT_A_FEED, reason=_LOG_IN_PAGE, fetched=now)
        state = states[feed.url]
        after[feed.url] = after_outage(state, reason, now) if reason else after_failure(state, failure, feed, NETWORK)
    return after


def simulate(
    sources: Sequence[Source], days: int, look: Look, portal: tuple[datetime, datetime] = (START, START)
) -> dict[str, list[FeedState]]:
    """Ask every source when it is due, from START on; between the moments of `portal` from behind a captive portal.

    Returns each feed's states at the begin of the portal, at its end, and one longest interval later.
    """
    chance = random.Random(0)
    end = START + timedelta(days=days)
    queue = [(START + timedelta(minutes=chance.uniform(0, 15)), n) for n in range(len(sources))]
    heapq.heapify(queue)
    states = {source.url: FeedState(url=source.url) for source in sources}
    feeds = [Feed(url=s.url, outlet="O", language="en", country="GB", camp=Camp.WESTERN) for s in sources]
    later = timedelta(minutes=NETWORK.longest_interval_minutes * 1.05)
    moments = [*portal, portal[1] + later]
    seen: dict[str, list[FeedState]] = {source.url: [] for source in sources}
    while queue and queue[0][0] < end:
        now = queue[0][0]
        while moments and now >= moments[0]:
            moments.pop(0)
            for url, state in states.items():
                seen[url].append(state)
        asked = []
        while queue and queue[0][0] < min(now + _TICK, end):
            asked.append(heapq.heappop(queue))
        if portal[0] <= now < portal[1]:
            states |= through_portal(states, [feeds[n] for _, n in asked], now)
        else:
            states |= {feeds[n].url: look(sources[n], feeds[n], states[feeds[n].url], due) for due, n in asked}
        for _, n in asked:
            sources[n].requests += 1
            heapq.heappush(queue, (states[feeds[n].url].next_due or end, n))
    return seen


def row(name: str, sources: Sequence[Source], days: int) -> str:
    """A line of the table."""
    delays = sorted(delay / timedelta(minutes=1) for source in sources for delay in source.delays)
    sound = [s.requests for s in sources if s.fault not in ("404", "410")]
    dead = [s.requests for s in sources if s.fault in ("404", "410")]
    at = [delays[min(int(len(delays) * share), len(delays) - 1)] for share in (0.5, 0.95, 0.99)]
    mean = sum(delays) / len(delays)
    total = sum(s.requests for s in sources)
    return (
        f"| {name} | {total:,} | {sum(sound) / len(sound) / days:.1f} | {sum(dead) / max(len(dead), 1) / days:.1f} "
        f"| {len(delays):,} | {mean:.1f} | {at[0]:.1f} | {at[1]:.1f} | {at[2]:.1f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    print(
        "| schedule | requests | a feed and day | a dead feed and day | articles found | mean delay, min | median | 95 % | 99 % |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for seed in options.seeds:
        looks: tuple[tuple[str, Look], ...] = (("every 15 minutes", fixed), ("adaptive", adaptive))
        for name, look in looks:
            sources = make_sources(options.feeds, options.days, seed)
            simulate(sources, options.days, look)
            print(row(f"{name}, seed {seed}", sources, options.days), flush=True)


if __name__ == "__main__":
    main()
