"""When a feed is asked again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.acquire.due import (
    after_failure,
    after_push,
    after_success,
    after_unchanged,
    backoff,
    due_feeds,
    request_for,
)
from aggregator.model import Document, FailureKind, FeedState, FetchFailure, Health, NotModified, Offer
from aggregator.settings import Camp, Feed, Network

NOW = datetime(2024, 2, 6, 12, tzinfo=UTC)
NETWORK = Network(interval_minutes=60)
DAY, WEEK = timedelta(days=1), timedelta(days=7)
HOUR = timedelta(hours=1)


def feed(url: str = "https://courier.example/feed", *, interval: int | None = None, paused: bool = False) -> Feed:
    return Feed(
        url=url, outlet="C", language="en", country="RU", camp=Camp.OTHER, interval_minutes=interval, paused=paused
    )


FEED = feed()
STATE = FeedState(url=FEED.url, etag='"e"', last_modified="Mon, 05 Feb 2024 10:00:00 GMT", body_hash="h")


def failure(kind: FailureKind, retry_after: int | None = None) -> FetchFailure:
    return FetchFailure(url=FEED.url, kind=kind, reason="why", fetched=NOW, retry_after_seconds=retry_after)


PASSING = [kind for kind in FailureKind if kind is not FailureKind.GONE]


@pytest.mark.parametrize("kind", PASSING)
def test_the_wait_grows_to_a_day_then_to_a_week_and_never_shrinks(kind: FailureKind) -> None:
    waits = [backoff(failure(kind), n, timedelta(minutes=5)) for n in range(1, 200)]
    assert waits == sorted(waits)
    assert waits[0] < DAY
    assert waits[29] == DAY
    assert set(waits[30:]) == {WEEK}


def test_a_network_failure_doubles_from_five_minutes() -> None:
    waits = [backoff(failure(FailureKind.NETWORK), n, timedelta(minutes=5)) for n in (1, 2, 3, 4)]
    assert waits == [timedelta(minutes=m) for m in (5, 10, 20, 40)]


@pytest.mark.parametrize("kind", PASSING)
def test_a_failing_feed_is_not_asked_more_often_than_a_sound_one(kind: FailureKind) -> None:
    assert backoff(failure(kind), 1, 8 * HOUR) >= 8 * HOUR


@pytest.mark.parametrize(("seconds", "wait"), [(7200, 2 * HOUR), (86400, DAY), (0, HOUR), (10, HOUR)])
def test_retry_after_is_honoured_but_not_below_the_interval(seconds: int, wait: timedelta) -> None:
    assert backoff(failure(FailureKind.RATE_LIMITED, seconds), 3, HOUR) == wait


def test_after_thirty_failures_even_a_server_with_wishes_is_asked_weekly() -> None:
    assert backoff(failure(FailureKind.RATE_LIMITED, 60), 31, HOUR) == WEEK


def test_a_failure_keeps_the_validators_and_says_why() -> None:
    state = after_failure(STATE, failure(FailureKind.TIMEOUT), FEED, NETWORK)
    assert (state.failures, state.health, state.reason) == (1, Health.FAILING, "why")
    assert (state.etag, state.last_modified, state.body_hash) == (STATE.etag, STATE.last_modified, STATE.body_hash)
    assert state.last_attempt == NOW
    assert state.last_ok is None
    assert state.next_due is not None
    assert 0.949 * HOUR <= state.next_due - NOW <= 1.051 * HOUR


def test_a_feed_that_was_given_up_is_gone_and_asked_weekly() -> None:
    state = after_failure(STATE, failure(FailureKind.GONE), FEED, NETWORK)
    assert state.health is Health.GONE
    assert state.next_due is not None
    assert 0.949 * WEEK <= state.next_due - NOW <= 1.051 * WEEK
    assert state.held_until == state.next_due


DOCUMENT = Document(url=FEED.url, body=b"<rss/>", headers=(), fetched=NOW, etag='"new"', last_modified="")


@pytest.mark.parametrize("failures", [1, 31])
def test_success_resets_failures_and_takes_the_new_validators(failures: int) -> None:
    ill = replace(STATE, failures=failures, health=Health.GONE, reason="why")
    state = after_success(ill, DOCUMENT, FEED, NETWORK)
    assert (state.failures, state.health, state.reason, state.last_ok) == (0, Health.OK, "", NOW)
    assert (state.etag, state.last_modified, state.body_hash) == ('"new"', "", DOCUMENT.body_hash)
    assert state.next_due is not None
    assert state.next_due - NOW < 2 * HOUR


def test_an_unchanged_answer_resets_failures_and_keeps_the_validators() -> None:
    ill = replace(STATE, failures=4, health=Health.FAILING, reason="why")
    state = after_unchanged(ill, NotModified(url=FEED.url, fetched=NOW), FEED, NETWORK)
    assert (state.failures, state.health, state.reason) == (0, Health.OK, "")
    assert (state.etag, state.last_modified, state.body_hash) == (STATE.etag, STATE.last_modified, STATE.body_hash)


@given(st.text(alphabet=st.characters(codec="utf-8")), st.integers(5, 10080))
def test_the_next_poll_is_within_five_percent_of_the_interval(url: str, minutes: int) -> None:
    state = after_success(FeedState(url=url), DOCUMENT, feed(url, interval=minutes), NETWORK)
    assert state.next_due is not None
    assert 0.9499 <= (state.next_due - NOW) / timedelta(minutes=minutes) <= 1.0501


def test_feeds_added_together_drift_apart() -> None:
    times = {after_success(STATE, DOCUMENT, feed(f"https://n{n}.example/"), NETWORK).next_due for n in range(50)}
    assert len(times) > 40


def test_what_is_due_comes_longest_waiting_first() -> None:
    feeds = [feed(name) for name in ("late", "new", "not-yet", "later", "sharp")] + [feed("paused", paused=True)]
    states = {
        "late": FeedState(url="late", next_due=NOW - HOUR),
        "later": FeedState(url="later", next_due=NOW - 2 * HOUR),
        "not-yet": FeedState(url="not-yet", next_due=NOW + timedelta(seconds=1)),
        "sharp": FeedState(url="sharp", next_due=NOW),
    }
    assert [one.url for one in due_feeds(feeds, states, NOW)] == ["new", "later", "late", "sharp"]


def test_what_a_hub_pushes_rests_longer_unless_its_interval_is_fixed_or_a_person_asks() -> None:
    feeds = [feed("pushed"), feed("fixed", interval=60), feed("polled")]
    due = FeedState(url="", next_due=NOW, last_attempt=NOW - HOUR)
    states = {one.url: replace(due, url=one.url) for one in feeds}
    slowed = {"pushed": 2 * HOUR, "fixed": 2 * HOUR, "never-polled": 2 * HOUR}

    def asked(moment: datetime, *, by_command: bool = False) -> set[str]:
        all_feeds = [*feeds, feed("never-polled")]
        return {one.url for one in due_feeds(all_feeds, states, moment, by_command=by_command, slowed=slowed)}

    everything = {"pushed", "fixed", "polled", "never-polled"}
    assert asked(NOW) == everything - {"pushed"}
    assert asked(NOW + HOUR) == asked(NOW, by_command=True) == everything


def test_a_push_teaches_the_rhythm_and_nothing_else() -> None:
    state = after_push(STATE, NOW, [NOW])
    assert state.rhythm.last_new == NOW
    assert replace(state, rhythm=STATE.rhythm) == STATE


def test_the_offer_of_a_document_is_kept_until_another_document_is_read() -> None:
    offer = Offer(hub="https://hub.example/", topic=FEED.url)
    state = after_success(STATE, DOCUMENT, FEED, NETWORK, offer=offer)
    assert after_success(state, DOCUMENT, FEED, NETWORK).offer == offer
    assert after_success(state, DOCUMENT, FEED, NETWORK, offer=Offer()).offer == Offer()


def test_bodies_are_told_apart() -> None:
    same, other = replace(DOCUMENT, etag=""), replace(DOCUMENT, body=b"<rss></rss>")
    assert same.body_hash == DOCUMENT.body_hash != other.body_hash


def test_once_a_day_the_document_is_asked_for_whatever_the_validators_say() -> None:
    lately = replace(STATE, last_whole=NOW - timedelta(hours=23))
    assert request_for(lately, NOW).etag == '"e"'
    asked = request_for(replace(STATE, last_whole=NOW - DAY), NOW)
    assert (asked.url, asked.etag, asked.last_modified) == (FEED.url, "", "")
    assert after_success(lately, DOCUMENT, FEED, NETWORK).last_whole == NOW


def test_the_hints_of_document_and_header_are_kept() -> None:
    assert after_success(STATE, DOCUMENT, FEED, NETWORK, ttl_minutes=45).rhythm.hint_minutes == 45
    cached = replace(DOCUMENT, headers=(("Cache-Control", "public, max-age=1800"),))
    assert after_success(STATE, cached, FEED, NETWORK).rhythm.hint_minutes == 30
