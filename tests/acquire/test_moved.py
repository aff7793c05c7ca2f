"""Permanent redirects: believed slowly, given up when they fail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.acquire.due import after_failure, after_success, after_unchanged, request_for
from aggregator.model import Document, FailureKind, FeedState, FetchFailure, NotModified
from aggregator.settings import Camp, Feed, Network

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
OLD, NEW, OTHER = "https://old.example/rss", "https://new.example/rss", "https://other.example/rss"
FEED = Feed(url=OLD, outlet="O", language="en", country="GB", camp=Camp.WESTERN)
NETWORK = Network()


def seen(state: FeedState, hours: float, moved_to: str) -> FeedState:
    moment = NOW + timedelta(hours=hours)
    document = Document(url=moved_to or OLD, body=b"x", headers=(), fetched=moment, etag='"e"', moved_to=moved_to)
    return after_success(state, document, FEED, NETWORK)


def moved() -> FeedState:
    state = FeedState(url=OLD)
    for hours in (0, 12, 25):
        state = seen(state, hours, NEW)
    return state


def failed(state: FeedState, times: int) -> FeedState:
    for n in range(times):
        failure = FetchFailure(
            url=NEW, kind=FailureKind.CLIENT_ERROR, reason="404", fetched=NOW + timedelta(days=2 + n)
        )
        state = after_failure(state, failure, FEED, NETWORK)
    return state


@pytest.mark.parametrize(
    "looks",
    [
        [(0, NEW), (30, NEW)],
        [(0, NEW), (1, NEW), (2, NEW), (23, NEW)],
        [(0, NEW), (12, ""), (20, NEW), (30, NEW)],
        [(0, NEW), (12, OTHER), (25, NEW), (30, NEW)],
    ],
    ids=["twice", "within a day", "not each time", "not to one place"],
)
def test_the_old_address_is_asked_until_the_new_one_is_certain(looks: list[tuple[float, str]]) -> None:
    state = FeedState(url=OLD)
    for hours, target in looks:
        state = seen(state, hours, target)
    assert request_for(state, NOW).url == OLD


def test_three_equal_redirects_over_a_day_move_the_feed() -> None:
    state = moved()
    assert request_for(state, NOW).url == NEW
    assert [change.url for change in state.moved.history] == [NEW]
    assert state.url == OLD
    unchanged = after_unchanged(state, NotModified(url=NEW, fetched=NOW + timedelta(hours=30)), FEED, NETWORK)
    assert request_for(unchanged, NOW).url == NEW


def test_redirects_of_unchanged_answers_count_too() -> None:
    state = seen(FeedState(url=OLD), 0, NEW)
    for hours in (13, 26):
        answer = NotModified(url=OLD, fetched=NOW + timedelta(hours=hours), moved_to=NEW)
        state = after_unchanged(state, answer, FEED, NETWORK)
    assert request_for(state, NOW).url == NEW


def test_a_new_address_that_fails_is_given_up_for_the_configured_one() -> None:
    assert request_for(failed(moved(), 4), NOW).url == NEW
    state = failed(moved(), 5)
    assert request_for(state, NOW).url == OLD
    assert [change.url for change in state.moved.history] == [NEW, OLD]


def test_validators_do_not_go_to_another_address() -> None:
    state = failed(replace(moved(), last_whole=NOW), 5)
    assert request_for(state, NOW).etag == ""
