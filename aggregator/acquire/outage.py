"""Pure: whether it is the network that is away, not the feeds: then no feed is to blame."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.model import FailureKind, FeedState
from aggregator.text.urls import host_of

#: Failures at this many hosts, and no success anywhere, are the network's.
_HOSTS = 3
_AWAY = {FailureKind.NETWORK, FailureKind.TIMEOUT, FailureKind.PROXY}
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

    A dead network: three hosts or more out of reach and no feed that answered, now or lately. A captive
    portal: three hosts or more gave one and the same page instead of their feeds, and no feed was read.
    """
    outcomes = list(outcomes)
    lately = [state for state in states if state.last_attempt and now - state.last_attempt <= _RECENT]
    if any(not is_suspicious(outcome) for outcome in outcomes) or any(
        state.last_ok == state.last_attempt for state in lately
    ):
        return ""
    # One server may hold many of the feeds: what counts is hosts.
    unreached = {host_of(outcome.url) for outcome in outcomes if outcome.kind in _AWAY}
    unreached |= {host_of(state.url) for state in lately if state.failure in _AWAY}
    pages = Counter(page for _, page in {(host_of(o.url), o.page) for o in outcomes if o.page})
    if pages and pages.most_common(1)[0][1] >= _HOSTS:
        return "the network answers for every site with one and the same page: a log-in page of the network?"
    if len(unreached) < _HOSTS:
        return ""
    kinds = {outcome.kind for outcome in outcomes}
    return f"{'the proxy' if kinds == {FailureKind.PROXY} else 'the network'} is away: no site could be reached"


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
