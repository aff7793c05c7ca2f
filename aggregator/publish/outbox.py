"""Pure: what becomes of a delivery. queued → sending → sent | uncertain | failed; what may be tried again is queued."""

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import Delivery, DeliveryState

#: Minutes from each attempt to the next: a greylisting server (RFC 6647 §2.1) wants some minutes of patience.
WAIT_MINUTES = (1, 5, 24, 90)
#: Characters of a reason that are kept.
_LONGEST_REASON = 300


def sent(delivery: Delivery) -> Delivery:
    """It is with its recipient's server, or in its file."""
    return _attempted(delivery, DeliveryState.SENT, "")


def again(delivery: Delivery, reason: str) -> Delivery:
    """It is certainly not sent, or may be sent twice: queued anew until the attempts are used up."""
    left = delivery.attempts < len(WAIT_MINUTES)
    return _attempted(delivery, DeliveryState.QUEUED if left else DeliveryState.FAILED, reason)


def failed(delivery: Delivery, reason: str) -> Delivery:
    """It is not sent, and another attempt would end the same."""
    return _attempted(delivery, DeliveryState.FAILED, reason)


def without_answer(delivery: Delivery, reason: str) -> Delivery:
    """The text was handed over and nobody knows what became of it: alerts are sent again, editions never (RFC 1047)."""
    if delivery.kind == "alert":
        return again(delivery, f"perhaps sent already: {reason}")
    return _attempted(delivery, DeliveryState.UNCERTAIN, reason)


def after_a_crash(delivery: Delivery) -> Delivery:
    """What was being sent when the process died: files and alerts are sent again, editions by mail never twice."""
    if delivery.channel == "file" or delivery.kind == "alert":
        return replace(delivery, state=DeliveryState.QUEUED)
    return _attempted(delivery, DeliveryState.UNCERTAIN, "the program ended while it was being sent")


def scheduled(delivery: Delivery, moment: datetime) -> Delivery:
    """With the time of its next attempt, if it was attempted at that moment and is to be so again."""
    if delivery.state is not DeliveryState.QUEUED:
        return replace(delivery, next_attempt=None)
    wait = WAIT_MINUTES[min(delivery.attempts, len(WAIT_MINUTES)) - 1]
    return replace(delivery, next_attempt=moment + timedelta(minutes=wait))


def _attempted(delivery: Delivery, state: DeliveryState, reason: str) -> Delivery:
    return replace(delivery, state=state, attempts=delivery.attempts + 1, reason=reason[:_LONGEST_REASON])
