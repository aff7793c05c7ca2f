"""EDGE, the home of apprise: notices → Telegram, Slack, Matrix, ntfy and the rest; the outcome is a value."""

import asyncio
import logging
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from aggregator.model import Delivery
from aggregator.publish.outbox import again, sent

#: How apprise's complaints tell the status of an answer.
_STATUS = re.compile(r"\berror=(\d{3})\b")


async def notify(delivery: Delivery, url: str) -> Delivery:
    """Send a notice through the service that an address names, and say how it went; who calls sets the limit of time."""
    reason = await asyncio.wrap_future(_notified(url, delivery.subject, delivery.text))
    return again(delivery, reason) if reason else sent(delivery)


def is_known(url: str) -> bool:
    """Whether an address is one that apprise can read."""
    import apprise  # a tenth of a second, for who has such channels

    with _heard():
        return apprise.Apprise.instantiate(url, suppress_exceptions=True) is not None


def _notified(url: str, title: str, body: str) -> Future[str]:
    """`_notify` in a thread that nobody waits for: the end of a loop waits for those of `asyncio.to_thread`."""
    outcome: Future[str] = Future()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            outcome.set_result(_notify(url, title, body))
        except BaseException as error:
            outcome.set_exception(error)  # it is raised where the outcome is awaited

    threading.Thread(target=run, daemon=True, name="apprise").start()
    return outcome


def _notify(url: str, title: str, body: str) -> str:
    """Why it was not sent; empty if it was."""
    import apprise

    service = apprise.Apprise()
    with _heard() as heard:
        if not service.add(url):
            return "apprise cannot read the address"
        if service.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
            return ""
    # What apprise logs may name the address, so no more of it is told than a status.
    status = next((found[1] for line in heard if (found := _STATUS.search(line))), "")
    return f"the service did not take it{f': HTTP {status}' if status else ''}"


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What apprise logs meanwhile, kept from the terminal."""
    heard: list[str] = []

    class _Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    logger, ear = logging.getLogger("apprise"), _Ear(logging.WARNING)
    propagated, logger.propagate = logger.propagate, False
    logger.addHandler(ear)
    try:
        yield heard
    finally:
        logger.removeHandler(ear)
        logger.propagate = propagated
