"""Pure: whether it is the network that is away, not the feeds: then no feed is to blame."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aggregator.model import FailureKind, FeedState
from aggregator.text.urls import host_of

#: Failures at this many hosts, and no success anywhere, are the network's.
_HOSTS = 3
_AWAY = {FailureKind.NETWORK, FailureKind.TIMEOUT, FailureKind.PROXY}
_DOUBTFUL = {*_AWAY, FailureKind.NOT_A_FEED}
_SHORTEST, _LONGEST = timedelta(minutes=1), timedelta(minutes=15)
#: What feeds said this long ago still tells whether there is a network now; longer than the longest wait between two looks.
_RECENT = timedelta(minutes=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a look at one feed ended: well (no kind), or with a failure; `page` tells answers that are no feed apart."""

    url: str
    kind: FailureKind | None = None
    page: str = ""


def is_suspicious(outcome: Outcome) -> bool:
    """Whether the network could be to blame."""
    return outcome.kind in _AWAY or bool(outcome.kind is FailureKind.NOT_A_FEED and outcome.page)


def outage(outcomes: Iterable[Outcome], states: Iterable[FeedState], now: datetime) -> str:
    """What is wrong with the network, in words; empty if the feeds themselves are.

    A dead network: three hosts or more out of reach, in this round and lately, and no feed that answered since. A captive
    portal: as many gave one and the same page. Only feeds count that were well until then: the dead prove nothing.
    """
    outcomes, states = list(outcomes), list(states)
    if any(not is_suspicious(outcome) for outcome in outcomes):
        return ""
    lately = [state for state in states if state.last_attempt and now - state.last_attempt <= _RECENT]
    good = max(
        (state.last_ok for state in lately if state.last_ok and state.last_ok == state.last_attempt), default=None
    )
    unwell = {state.url for state in states if not _was_well(state, good)}
    telling = [outcome for outcome in outcomes if outcome.url not in unwell]
    fallen = [state for state in lately if state.failures <= 1 and not (good and _attempt(state) <= good)]
    if _is_portal(telling, {host_of(state.url) for state in fallen if state.failure in _DOUBTFUL}):
        return "the network answers for every site with one and the same page: a log-in page of the network?"
    # One server may hold many of the feeds: what counts is hosts.
    unreached = {host_of(outcome.url) for outcome in telling if outcome.kind in _AWAY}
    unreached |= {host_of(state.url) for state in fallen if state.failure in _AWAY}
    if len(unreached) < _HOSTS:
        return ""
    kinds = {outcome.kind for outcome in outcomes}
    return f"{'the proxy' if kinds == {FailureKind.PROXY} else 'the network'} is away: no site could be reached"


def _was_well(state: FeedState, good: datetime | None) -> bool:
    """Whether the feed did not fail before, or was excused and no other feed has been read since."""
    excused = state.failure is None or good is None or _attempt(state) >= good
    return state.failures == 0 and excused


def _attempt(state: FeedState) -> datetime:
    return state.last_attempt or datetime.min.replace(tzinfo=UTC)


def _is_portal(telling: Iterable[Outcome], fallen: set[str]) -> bool:
    """Whether three hosts or more gave one page, those that fell lately counted in where no other page speaks against it."""
    hosts: dict[str, set[str]] = defaultdict(set)
    for outcome in telling:
        if outcome.page:
            hosts[outcome.page].add(host_of(outcome.url))
    most = max(hosts.values(), key=len, default=set())
    return len(most) >= _HOSTS or (len(hosts) == 1 and len(most | fallen) >= _HOSTS)


def after_outage(state: FeedState, reason: str, moment: datetime) -> FeedState:
    """The state after a look that the network spoiled: health, backoff and redirects as they were, asked again soon.

    The failure is noted, not counted: a later round that holds only one or two feeds needs the others as evidence.
    """
    gone = moment - (state.last_ok or moment)
    return replace(
        state,
        failure=FailureKind.NETWORK,
        last_attempt=moment,
        next_due=moment + min(max(gone / 10, _SHORTEST), _LONGEST),
        reason=reason,
    )
