"""Pure: what is due; the next time, the backoff and the health after an outcome."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.acquire.moved import after_failed_look, after_redirect, asked_url
from aggregator.acquire.rhythm import learn, max_age_minutes, worthwhile_interval
from aggregator.model import Document, FailureKind, FeedState, FetchFailure, Health, NotModified, Offer, Request
from aggregator.settings import Feed, Network

_LONGEST_BACKOFF = timedelta(hours=24)
_WEEKLY = timedelta(days=7)
#: After this many failures in a row a feed is asked only once a week; it is never dropped.
_HOPELESS_AFTER = 30
#: Failures that pass by themselves grow slower than those that somebody must mend.
_FIRST_BACKOFF = {
    FailureKind.NETWORK: timedelta(minutes=5),
    FailureKind.TIMEOUT: timedelta(minutes=5),
    FailureKind.PROXY: timedelta(minutes=5),
    FailureKind.SERVER_ERROR: timedelta(minutes=10),
    FailureKind.RATE_LIMITED: timedelta(minutes=30),
    FailureKind.CLIENT_ERROR: timedelta(hours=1),
    FailureKind.NOT_A_FEED: timedelta(hours=1),
    FailureKind.BROKEN: timedelta(minutes=30),
    FailureKind.REFUSED: timedelta(hours=6),
    FailureKind.GONE: _WEEKLY,
}
_WHOLE_EVERY = timedelta(hours=24)
#: Polls are spread over this share of the interval, so that feeds added together drift apart.
_JITTER = 0.1


def due_feeds(
    feeds: Iterable[Feed],
    states: Mapping[str, FeedState],
    now: datetime,
    *,
    by_command: bool = False,
    slowed: Mapping[str, timedelta] | None = None,
) -> list[Feed]:
    """The feeds whose time has come, longest waiting first; `by_command`, all that no server asked to leave alone.

    `slowed` says how long feeds that a hub pushes are left alone after a look. It is asked for now and not when
    the next time is set, so that a feed is back at its own rhythm as soon as its hub is not.
    """
    ready = _allowed if by_command else _due
    rest = {} if by_command or slowed is None else slowed
    waiting = [
        feed
        for feed in feeds
        if not feed.paused and ready(states.get(feed.url), now) and not _rests(feed, states, rest, now)
    ]
    return sorted(waiting, key=lambda feed: _due_time(states.get(feed.url), now))


def _due_time(state: FeedState | None, now: datetime) -> datetime:
    return state.next_due if state and state.next_due else now - _WEEKLY


def _due(state: FeedState | None, now: datetime) -> bool:
    return _due_time(state, now) <= now


def _rests(feed: Feed, states: Mapping[str, FeedState], slowed: Mapping[str, timedelta], now: datetime) -> bool:
    """Whether a feed that is pushed was polled lately; one with an interval of its own keeps to that."""
    if feed.interval_minutes or feed.url not in slowed or feed.url not in states:
        return False
    last = states[feed.url].last_attempt
    return last is not None and now - last < slowed[feed.url]


def _allowed(state: FeedState | None, now: datetime) -> bool:
    return state is None or state.held_until is None or state.held_until <= now


def request_for(state: FeedState, now: datetime) -> Request:
    """What to ask the feed's server for: the document if it has changed, and once a day in any case.

    Validators lie: rss-fetcher has its conditional requests off by default for servers that say 304 for ever.
    """
    whole = state.last_whole is None or now - state.last_whole >= _WHOLE_EVERY
    return Request(
        url=asked_url(state),
        etag="" if whole else state.etag,
        last_modified="" if whole else state.last_modified,
    )


def after_success(
    state: FeedState,
    document: Document,
    feed: Feed,
    network: Network,
    *,
    dates: Sequence[datetime] = (),
    ttl_minutes: int | None = None,
    offer: Offer | None = None,
) -> FeedState:
    """The state after a document that was a feed; `dates` of its new articles, `ttl_minutes` as it asks, its `offer`."""
    hint = ttl_minutes or max_age_minutes(document.header("cache-control"))
    state = after_redirect(state, document.moved_to, document.fetched)
    rhythm = replace(learn(state.rhythm, document.fetched, dates), hint_minutes=hint)
    return replace(
        _recovered(replace(state, rhythm=rhythm), document.fetched, feed, network),
        etag=document.etag,
        last_modified=document.last_modified,
        body_hash=document.body_hash,
        last_whole=document.fetched,
        offer=state.offer if offer is None else offer,
    )


def after_push(state: FeedState, moment: datetime, dates: Sequence[datetime]) -> FeedState:
    """The state after a hub has pushed articles of these dates: they teach the rhythm.

    Validators, health and the next poll stay: a push says nothing of the feed's own server.
    """
    return replace(state, rhythm=learn(state.rhythm, moment, dates))


def after_unchanged(state: FeedState, answer: NotModified, feed: Feed, network: Network) -> FeedState:
    """The state after the server said that nothing changed; validators stay."""
    state = after_redirect(state, answer.moved_to, answer.fetched)
    rhythm = learn(state.rhythm, answer.fetched, ())
    return _recovered(replace(state, rhythm=rhythm), answer.fetched, feed, network)


def after_failure(state: FeedState, failure: FetchFailure, feed: Feed, network: Network) -> FeedState:
    """The state after a failure: validators stay, the next attempt backs off to a day, then to a week."""
    failures = state.failures + 1
    wait = backoff(failure, failures, _interval(state, feed, network, failure.fetched))
    wait *= _jitter(feed.url, failure.fetched) if failure.retry_after_seconds is None else 1
    state = after_failed_look(replace(state, failures=failures), failure.fetched)
    return replace(
        state,
        failures=failures,
        health=Health.GONE if failure.kind is FailureKind.GONE else Health.FAILING,
        reason=failure.reason,
        failure=failure.kind,
        last_attempt=failure.fetched,
        next_due=failure.fetched + wait,
        held_until=failure.fetched + wait if _asks_for_rest(failure) else None,
    )


def _asks_for_rest(failure: FetchFailure) -> bool:
    return failure.retry_after_seconds is not None or failure.kind is FailureKind.GONE


def backoff(failure: FetchFailure, failures: int, interval: timedelta) -> timedelta:
    """How long to wait after the n-th failure in a row: first·2^(n-1), at least the interval, at most a day."""
    if failure.kind is FailureKind.GONE or failures > _HOPELESS_AFTER:
        return _WEEKLY
    if failure.retry_after_seconds is not None:
        return max(timedelta(seconds=failure.retry_after_seconds), interval)
    grown = _FIRST_BACKOFF[failure.kind] * (1 << min(failures - 1, 12))
    return min(max(grown, interval), _LONGEST_BACKOFF)


def _recovered(state: FeedState, moment: datetime, feed: Feed, network: Network) -> FeedState:
    return replace(
        state,
        failures=0,
        health=Health.OK,
        reason="",
        failure=None,
        held_until=None,
        last_attempt=moment,
        last_ok=moment,
        next_due=moment + _interval(state, feed, network, moment) * _jitter(feed.url, moment),
    )


def _jitter(url: str, moment: datetime) -> float:
    """A factor near 1, another each time, so that feeds added together drift apart; no chance, so that tests can repeat it."""
    digest = hashlib.blake2b(f"{url} {moment.isoformat()}".encode(), digest_size=2).digest()
    return 1 + _JITTER * (int.from_bytes(digest) / 65535 - 0.5)


def _interval(state: FeedState, feed: Feed, network: Network, moment: datetime) -> timedelta:
    if feed.interval_minutes:
        return timedelta(minutes=feed.interval_minutes)
    return worthwhile_interval(state.rhythm, network, moment)
