"""EDGE, the home of apprise: notices → Telegram, Slack, Matrix, ntfy and the rest; the outcome is a value."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from aggregator.model import Delivery
from aggregator.publish.outbox import again, sent


async def notify(delivery: Delivery, url: str, *, timeout_seconds: float) -> Delivery:
    """Send a notice through the service that an address names, and say how it went."""
    try:
        async with asyncio.timeout(timeout_seconds):
            reason = await asyncio.to_thread(_notify, url, delivery.subject, delivery.text)
    except TimeoutError:
        return again(delivery, f"perhaps sent already: no answer within {timeout_seconds:g} s")
    return again(delivery, reason) if reason else sent(delivery)


def is_known(url: str) -> bool:
    """Whether an address is one that apprise can read."""
    import apprise  # a tenth of a second, for who has such channels

    with _heard():
        return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None


def _notify(url: str, title: str, body: str) -> str:
    """Why it was not sent; empty if it was."""
    import apprise

    service = apprise.Apprise()
    with _heard() as heard:
        if not service.add(url):
            return "apprise cannot read the address"
        if service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
            return ""
    # What apprise logs may name the address, so only the kinds of its complaints are told.
    return (
        f"the service did not take it ({len(heard)} complaints in apprise's log)"
        if heard
        else "the service did not take it"
    )


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise logs meanwhile, kept from the terminal."""
    heard: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.levelname)

    logger, ear = logging.getLogger("apprise"), _Ear(logging.WARNING)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(ear)
    try:
        yield heard
    finally:
        logger.removeHandler(ear)
        logger.propagate = propagated
