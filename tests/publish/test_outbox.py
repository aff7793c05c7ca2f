"""What becomes of a delivery, and when it is tried again."""

from datetime import timedelta

import pytest

from aggregator.model import DeliveryState
from aggregator.publish.deliver import Pace
from aggregator.publish.outbox import again, scheduled, sent, without_answer
from tests.builders import NOW, make_delivery

SENT, QUEUED, FAILED, UNCERTAIN = (
    DeliveryState.SENT,
    DeliveryState.QUEUED,
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
)


def test_attempts_are_spread_over_two_hours_and_then_given_up() -> None:
    delivery, moment, waits = make_delivery(), NOW, []
    while (delivery := scheduled(again(delivery, "451 later"), moment)).next_attempt:
        waits.append((delivery.next_attempt - moment) // timedelta(minutes=1))
        moment = delivery.next_attempt
    assert waits == [1, 5, 24, 90]
    assert (delivery.state, delivery.attempts, delivery.reason) == (FAILED, 5, "451 later")


def test_what_is_settled_has_no_next_attempt() -> None:
    waiting = scheduled(again(make_delivery(), "451 later"), NOW)
    done = scheduled(sent(waiting), NOW)
    assert (done.state, done.attempts, done.reason, done.next_attempt) == (SENT, 2, "", None)


def test_without_an_answer_an_alert_is_repeated_and_an_edition_never() -> None:
    assert without_answer(make_delivery(kind="alert"), "cut").state is QUEUED
    assert without_answer(make_delivery(kind="edition"), "cut").state is UNCERTAIN


@pytest.mark.parametrize(
    ("per_minute", "now", "pause"), [(None, 100.0, 0.0), (6, 100.0, 10.0), (6, 107.0, 3.0), (6, 120.0, 0.0)]
)
def test_mails_keep_their_distance(per_minute: int | None, now: float, pause: float) -> None:
    pace = Pace()
    assert pace.pause(per_minute, now) == 0.0
    pace.mark(100.0)
    assert pace.pause(per_minute, now) == pause
