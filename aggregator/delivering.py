"""Sends what the outbox has: claims, delivers and records one delivery after another; can be killed anywhere and run again."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.archive import Archive
from aggregator.model import Delivery, DeliveryState
from aggregator.publish.deliver import Channels, Courier, write_file
from aggregator.publish.editions import index_page
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

    Folders that get an edition get their `index.html` anew; one that cannot be written counts as failed.
    What the pace of mails would make wait for longer than `patience_seconds` stays queued. While another process
    delivers from the archive, nothing is done: it will come to these, too.
    """
    watch = _Watch(channels, now, channels.clock())
    done: list[Delivery] = []
    with archive.only_sender() as alone:
        if not alone:
            return {}
        for left in archive.deliveries(DeliveryState.SENDING):
            archive.update_delivery(after_a_crash(left))
        async with Courier(channels) as courier:
            async for one in _delivered(archive, courier, watch, patience_seconds):
                done.append(one)
    counts = Counter(one.state for one in done)
    indexes = [write_index(archive, folder, watch.moment()) for folder in _changed_folders(done)]
    if unwritten := sum(index.state is not DeliveryState.SENT for index in indexes):
        counts[DeliveryState.FAILED] += unwritten
    return dict(counts)


async def _delivered(
    archive: Archive, courier: Courier, watch: _Watch, patience_seconds: float
) -> AsyncIterator[Delivery]:
    channels = watch.channels
    while ready := archive.ready_deliveries(watch.moment(), limit=_BATCH):
        for delivery in ready:
            if watch.passed() + channels.pause(delivery) > patience_seconds:
                return
            await channels.sleep(channels.pause(delivery))
            if done := await _deliver_one(archive, courier, delivery, watch):
                yield done


def _changed_folders(done: Iterable[Delivery]) -> list[Path]:
    """Where files of editions have been written."""
    written = (one for one in done if (one.kind, one.channel, one.state) == ("edition", "file", DeliveryState.SENT))
    return sorted({Path(one.target).parent for one in written})


def write_index(archive: Archive, folder: Path, now: datetime) -> Delivery:
    """Write the list of the editions whose files a folder holds into it, as `index.html`; returns how that went."""
    page = index_page(archive.edition_lines(), {path.name for path in folder.glob("*.html")})
    target = str(folder / "index.html")
    index = Delivery(
        key="index", kind="edition", channel="file", target=target, subject="", text="", html=page, created=now
    )
    return write_file(index)


async def _deliver_one(archive: Archive, courier: Courier, delivery: Delivery, watch: _Watch) -> Delivery | None:
    """Claim, deliver, record; None if somebody has dropped it meanwhile."""
    if not archive.claim_delivery(delivery):
        return None
    done = scheduled(await courier.deliver(delivery), watch.moment())
    archive.update_delivery(done)
    return done
