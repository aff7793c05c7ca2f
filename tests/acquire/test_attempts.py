"""When a page that failed is asked again, and when not any more."""

from datetime import timedelta

import pytest

from aggregator.acquire.attempts import after_failure, after_reading
from aggregator.model import FailureKind, FetchFailure, FullTextState
from tests.builders import NOW, make_annotated, make_stored

STORED = make_stored(make_annotated())


def failure(kind: FailureKind = FailureKind.TIMEOUT, retry_after: int | None = None) -> FetchFailure:
    return FetchFailure(url="x", kind=kind, reason="why", fetched=NOW, retry_after_seconds=retry_after)


def test_three_attempts_with_longer_waits_and_the_reason_is_kept() -> None:
    first = after_failure(STORED, None, failure())
    second = after_failure(STORED, first, failure())
    third = after_failure(STORED, second, failure())
    assert [one.state.value for one in (first, second, third)] == ["waiting", "waiting", "given-up"]
    assert [one.next_try for one in (first, second, third)] == [
        NOW + timedelta(minutes=30),
        NOW + timedelta(hours=4),
        None,
    ]
    assert (third.attempts, third.reason, third.text) == (3, "why", "")


def test_a_server_may_ask_for_a_longer_wait() -> None:
    assert after_failure(STORED, None, failure(FailureKind.RATE_LIMITED, 7200)).next_try == NOW + timedelta(hours=2)
    assert after_failure(STORED, None, failure(FailureKind.RATE_LIMITED, 1)).next_try == NOW + timedelta(minutes=30)


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.GONE, FailureKind.NOT_A_FEED])
def test_what_lasts_is_not_tried_again(kind: FailureKind) -> None:
    assert after_failure(STORED, None, failure(kind)).state is FullTextState.GIVEN_UP


def test_a_text_at_the_second_attempt_is_read() -> None:
    read = after_reading(STORED, after_failure(STORED, None, failure()), "Text", NOW)
    assert (read.state, read.attempts, read.reason, read.next_try) == (FullTextState.READ, 2, "", None)
