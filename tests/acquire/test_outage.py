"""Whose fault it is: the feeds' or the network's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.acquire.outage import Outcome, after_outage, outage
from aggregator.model import FailureKind, FeedState, Health

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)


def lost(n: int, kind: FailureKind = FailureKind.NETWORK, page: str = "") -> Outcome:
    return Outcome(url=f"https://n{n}.example/rss", kind=kind, page=page)


def portal(n: int) -> Outcome:
    return lost(n, FailureKind.NOT_A_FEED, "log-in page")


def state(n: int, minutes: int, *, ok: bool) -> FeedState:
    moment = NOW - timedelta(minutes=minutes)
    failure = None if ok else FailureKind.NETWORK
    return FeedState(
        url=f"https://n{n}.example/rss", last_attempt=moment, last_ok=moment if ok else None, failure=failure
    )


def turned(n: int, minutes: int) -> FeedState:
    """A feed that gave a page for the first time."""
    return replace(state(n, minutes, ok=False), failure=FailureKind.NOT_A_FEED, failures=1)


def dead(n: int) -> FeedState:
    return replace(state(n, 600, ok=False), failures=7)


GOOD = Outcome(url="https://good.example/rss")


@pytest.mark.parametrize(
    ("outcomes", "states", "told"),
    [
        ([lost(1), lost(2), lost(3, FailureKind.TIMEOUT)], [], "away"),
        ([lost(1), lost(2), lost(3), GOOD], [], ""),
        ([lost(n, FailureKind.PROXY) for n in range(3)], [], "the proxy is away"),
        ([lost(1, FailureKind.PROXY), lost(2), lost(3)], [], "the network is away"),
        ([lost(1), lost(1), lost(1), lost(2)], [], ""),
        ([lost(1), lost(2), lost(3), lost(4, FailureKind.SERVER_ERROR)], [], ""),
        ([portal(1), portal(2), portal(3)], [], "log-in page"),
        ([portal(1), portal(2), portal(3), lost(4)], [], "log-in page"),
        ([portal(1), portal(2)], [], ""),
        ([lost(1, FailureKind.NOT_A_FEED, "a"), lost(2, FailureKind.NOT_A_FEED, "b"), portal(3)], [], ""),
        ([lost(1)], [state(2, 3, ok=False), state(3, 5, ok=False)], "away"),
        ([lost(1)], [state(2, 3, ok=False), state(3, 5, ok=True)], ""),
        ([lost(1)], [state(2, 3, ok=False), state(3, 50, ok=False)], ""),
        # What was read a minute ago does not speak for a network that fails now.
        ([lost(1), lost(2), lost(3)], [state(9, 1, ok=True)], "away"),
        ([portal(1), portal(2), portal(3)], [state(9, 1, ok=True)], "log-in page"),
        # Small rounds: the others that fell since the last good look count too.
        ([lost(1)], [state(2, 3, ok=False), state(3, 5, ok=False), state(4, 9, ok=True)], "away"),
        ([portal(1)], [turned(2, 3), turned(3, 5), state(4, 9, ok=True)], "log-in page"),
        ([portal(1)], [turned(2, 3), turned(3, 5), state(4, 4, ok=True)], ""),
        ([portal(1), lost(5, FailureKind.NOT_A_FEED, "b")], [turned(2, 3), turned(3, 5)], ""),
        # The dead prove nothing, nor do those that were excused while another feed was read.
        ([lost(n) for n in range(5)], [dead(n) for n in range(3)], ""),
        ([lost(1), lost(2), lost(3)], [*(state(n, 5, ok=False) for n in (1, 2, 3)), state(9, 4, ok=True)], ""),
        ([lost(1), lost(2), lost(3)], [*(state(n, 5, ok=False) for n in (1, 2, 3)), state(9, 6, ok=True)], "away"),
        ([], [], ""),
    ],
)
def test_whose_fault_it_is(outcomes: list[Outcome], states: list[FeedState], told: str) -> None:
    reason = outage(outcomes, states, NOW)
    assert told in reason
    assert bool(told) == bool(reason)


def test_an_outage_harms_no_feed_and_is_over_soon() -> None:
    before = FeedState(url="u", failures=0, health=Health.OK, etag="e", last_ok=NOW - timedelta(minutes=50))
    after = after_outage(before, "the network is away", NOW)
    assert (after.failures, after.health, after.etag, after.last_ok) == (0, Health.OK, "e", before.last_ok)
    assert after.next_due == NOW + timedelta(minutes=5)
    assert after_outage(FeedState(url="u"), "away", NOW).next_due == NOW + timedelta(minutes=1)


def test_an_outage_goes_on_though_each_later_round_holds_one_feed() -> None:
    states = [
        FeedState(url=f"https://n{n}.example/rss", health=Health.OK, last_ok=NOW - timedelta(hours=3)) for n in range(4)
    ]
    reason = outage([lost(n) for n in range(4)], states, NOW)
    states = [after_outage(state, reason, NOW) for state in states]
    while NOW + timedelta(hours=2) > (moment := min(state.next_due or NOW for state in states)):
        place = next(n for n, state in enumerate(states) if state.next_due == moment)
        reason = outage([lost(place)], states, moment)
        assert reason
        states[place] = after_outage(states[place], reason, moment)
    assert {state.health for state in states} == {Health.OK}
