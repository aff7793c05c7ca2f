"""EDGE: one delivery of the outbox → a file, a mail or another channel; the outcome is a value."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from aggregator.model import Delivery
from aggregator.publish.appriser import notify
from aggregator.publish.mailing import MailLink
from aggregator.publish.outbox import again, failed, sent
from aggregator.publish.webhook import post
from aggregator.settings import Channel, Mail
from aggregator.text.urls import is_web_url


class Pace:
    """When the next mail may be handed over: so many a minute, evenly spread."""

    def __init__(self) -> None:
        self._last = -math.inf

    def pause(self, per_minute: int | None, now: float) -> float:
        """Seconds to wait from now."""
        return max(0.0, self._last + 60 / per_minute - now) if per_minute else 0.0

    def mark(self, now: float) -> None:
        """Remember that a mail is handed over now."""
        self._last = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """What deliveries leave through; who keeps it from round to round keeps the pace, too."""

    mail: Mail | None
    others: tuple[Channel, ...] = ()
    timeout_seconds: float = 30.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    pace: Pace = field(default_factory=Pace)

    def pause(self, delivery: Delivery) -> float:
        """Seconds to wait before a delivery, since mails have their pace."""
        limit = self.mail.per_minute if self.mail and delivery.channel == "mail" else None
        return self.pace.pause(limit, self.clock())


class Courier:
    """Delivers one after another; mails over one connection, as long as it lasts."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._link = MailLink(channels.mail, channels.timeout_seconds, channels.clock) if channels.mail else None
        self._silent: set[str] = set()

    async def deliver(self, delivery: Delivery) -> Delivery:
        """Deliver, and say how it went: sent, queued again, uncertain, or failed with the reason."""
        if delivery.channel == "file":
            return write_file(delivery)
        if delivery.channel == "channel":
            return await self._notify(delivery)
        if self._link is None:
            return failed(delivery, "there is no mail section in the configuration")
        self._channels.pace.mark(self._channels.clock())
        return await self._link.send(delivery)

    async def _notify(self, delivery: Delivery) -> Delivery:
        channel = next((one for one in self._channels.others if one.name == delivery.target), None)
        if channel is None:
            return failed(delivery, f"feeds.yaml has no channel {delivery.target!r} any more")
        if channel.name in self._silent:
            # A notice each would hold back all that stands behind them for so many times the timeout.
            return again(delivery, "left for later: the channel has just let another notice wait in vain")
        try:
            async with asyncio.timeout(self._channels.timeout_seconds):
                return await _through(channel, delivery)
        except TimeoutError:
            self._silent.add(channel.name)
            return again(delivery, f"perhaps sent already: no answer within {self._channels.timeout_seconds:g} s")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._link:
            await self._link.close()


async def _through(channel: Channel, delivery: Delivery) -> Delivery:
    if is_web_url(channel.url):
        return await post(delivery, channel.url, channel.secret, moment=int(time.time()))
    return await notify(delivery, channel.url)


def write_file(delivery: Delivery) -> Delivery:
    """Write the file of a delivery, whole or not at all."""
    path = Path(delivery.target)
    part = path.with_suffix(path.suffix + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(delivery.html or delivery.text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        return again(delivery, f"{path}: {error}")
    return sent(delivery)
