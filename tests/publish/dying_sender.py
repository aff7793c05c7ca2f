"""A sender of editions and alerts that is killed again and again.

    python -m tests.publish.dying_sender ARCHIVE PORT RECORD HOOK [--random 100] [--at-points 10] [--seed 7]

Each sender is a process of its own, forked from this one, which has loaded everything already; it delivers what the
outbox has, and is killed by SIGKILL at random, or at a named point. The last one is left alone. Prints how many died where.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from aggregator.archive.sqlite import SqliteArchive
from aggregator.delivering import deliver
from aggregator.model import Delivery, DeliveryState, Edition, Notice
from aggregator.publish.deliver import Channels
from aggregator.settings import Channel, Mail
from tests.builders import NOW, make_delivery

Point = Literal["before SENDING is stored", "after SENDING is stored", "after the answer", "nowhere"]
AFTER_DATA = "after the text"
POINTS: Sequence[Point] = ("before SENDING is stored", "after SENDING is stored", "after the answer")
_RECIPIENTS, _ALERTS = 6, 2
#: Seconds after which it ends itself: a sender that misbehaves may never come to the point where it is to be killed.
_LONGEST = 200


class DyingArchive(SqliteArchive):
    """An archive that kills its process when the third delivery reaches a point."""

    def __init__(self, path: Path, point: Point) -> None:
        super().__init__(path)
        self._point, self._passed = point, 0

    def claim_delivery(self, delivery: Delivery) -> bool:
        self._die("before SENDING is stored")
        claimed = super().claim_delivery(delivery)
        self._die("after SENDING is stored")
        return claimed

    def update_delivery(self, delivery: Delivery) -> None:
        if delivery.state is DeliveryState.SENT:
            self._die("after the answer")
        super().update_delivery(delivery)

    def _die(self, here: Point) -> None:
        self._passed += here == self._point
        if self._passed == 3:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Killer:
    """Starts senders and ends them."""

    path: Path
    port: int
    record: Path
    hook: str
    """Address of a webhook."""
    chance: random.Random
    rounds: int = 0

    def queue(self, recipients: Sequence[str]) -> None:
        """One more edition and its alerts."""
        self.rounds += 1
        archive = SqliteArchive(self.path)
        day = date(2026, 3, 5) + timedelta(days=self.rounds)
        edition = Edition(digest="daily", date=day, since=NOW, until=NOW, html="", text="", stories=())
        archive.save_edition(edition, [make_delivery(one, key=edition.key, text="Text " * 99) for one in recipients])
        notice = Notice(rule="gas", story=self.rounds, headline="", why="", url="", created=NOW)
        readers = [f"reader-{n}@example.org" for n in range(_ALERTS)]
        alerts = [replace(make_delivery(one, key=notice.key), kind="alert") for one in readers]
        hooked = replace(make_delivery("hook", key=notice.key), kind="alert", channel="channel")
        archive.save_notices([notice], [*alerts, hooked], mark=0)
        archive.close()

    def start(self, point: Point = "nowhere") -> int:
        """The process of a new sender."""
        if child := os.fork():
            return child
        archive = DyingArchive(self.path, point)
        mail = Mail(host="127.0.0.1", port=self.port, sender="digest@monitor.example", security="plain")
        channels = Channels(mail=mail, others=(Channel(name="hook", url=self.hook),))
        asyncio.run(deliver(archive, channels, now=NOW + timedelta(days=self.rounds)))
        os._exit(0)

    def is_killed_at(self, point: Point) -> bool:
        self.queue(self._readers())
        return _ended_by_kill(self.start(point))

    def is_killed_within(self, seconds: float) -> bool:
        """Whether a sender that is killed at random was still at work."""
        self.queue(self._readers())
        child = self.start()
        time.sleep(self.chance.uniform(0, seconds))
        os.kill(child, signal.SIGKILL)
        return _ended_by_kill(child)

    def is_killed_after_the_text(self) -> bool:
        """One that has handed its text to a server which has recorded it and does not answer."""
        self.queue([f"slow-dot@{self.rounds}.example"])
        child = self.start()
        while f"slow-dot@{self.rounds - 1}.example" not in self.record.read_text():
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
        return _ended_by_kill(child)

    def seconds_undisturbed(self) -> float:
        self.queue(self._readers())
        begun = time.monotonic()
        _ended_by_kill(self.start())
        return time.monotonic() - begun

    @staticmethod
    def _readers() -> list[str]:
        return [f"reader-{n}@example.org" for n in range(_RECIPIENTS)]


def _ended_by_kill(child: int) -> bool:
    return os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("record", type=Path)
    parser.add_argument("hook")
    parser.add_argument("--random", type=int, default=100)
    parser.add_argument("--at-points", type=int, default=10)
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    signal.alarm(_LONGEST)
    killer = Killer(wanted.archive, wanted.port, wanted.record, wanted.hook, random.Random(wanted.seed))
    killed: Counter[str] = Counter()
    longest = 2 * killer.seconds_undisturbed()
    while killed["at random"] < wanted.random:
        killed["at random"] += killer.is_killed_within(longest)
    for _ in range(wanted.at_points):
        killed.update(point for point in POINTS if killer.is_killed_at(point))
        killed[AFTER_DATA] += killer.is_killed_after_the_text()
    killer.seconds_undisturbed()
    print(json.dumps(killed))


if __name__ == "__main__":
    main()
