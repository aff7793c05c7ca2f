"""Sends what the outbox has: claims, delivers and records one delivery after another; can be killed anywhere and run again."""

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.archive import Archive
from aggregator.model import Delivery, DeliveryState
from aggregator.publish.deliver import Channels, Courier
from aggregator.publish.outbox import after_a_crash, scheduled

#: Deliveries that are read at once: each holds the whole text of an edition.
_BATCH = 20


@dataclass(frozen=True, slots=True)
class _Watch:
    """The time of day while it passes, so that a long round does not count from its beginning."""

    channels: Channels
    now: datetime
    begun: float

    def passed(self) -> float:
        return self.channels.clock() - self.begun

    def moment(self) -> datetime:
        return self.now + timedelta(seconds=self.passed())


async def deliver(
    archive: Archive, channels: Channels, *, now: datetime, patience_seconds: float = math.inf
) -> dict[DeliveryState, int]:
    """Send what the outbox has ready, alerts first; one delivery that fails does not stop the others.

    What the pace of mails would make wait for longer than `patience_seconds` stays queued. While another process
    delivers from the archive, nothing is done: it will come to these, too.
    """
    watch = _Watch(channels, now, channels.clock())
    counts: Counter[DeliveryState] = Counter()
    with archive.only_sender() as alone:
        if not alone:
            return {}
        for left in archive.deliveries(DeliveryState.SENDING):
            archive.update_delivery(after_a_crash(left))
        async with Courier(channels) as courier:
            while ready := archive.ready_deliveries(watch.moment(), limit=_BATCH):
                for delivery in ready:
                    if watch.passed() + channels.pause(delivery) > patience_seconds:
                        return dict(counts)
                    await channels.sleep(channels.pause(delivery))
                    if done := await _deliver_one(archive, courier, delivery, watch):
                        counts[done.state] += 1
    return dict(counts)


async def _deliver_one(archive: Archive, courier: Courier, delivery: Delivery, watch: _Watch) -> Delivery | None:
    """Claim, deliver, record; None if somebody has dropped it meanwhile."""
    if not archive.claim_delivery(delivery):
        return None
    done = scheduled(await courier.deliver(delivery), watch.moment())
    archive.update_delivery(done)
    return done
