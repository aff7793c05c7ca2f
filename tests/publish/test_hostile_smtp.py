"""Each fault of `tests/tools/hostile_smtp.py` between healthy recipients: each outcome is told, and nobody else is harmed."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from aggregator import pipeline
from aggregator.archive.sqlite import open_archive
from aggregator.model import Delivery, DeliveryState, Edition
from aggregator.publish.deliver import Channels
from tests.builders import NOW, make_delivery
from tests.publish.smtp import mail_at

SERVER = Path(__file__).parents[1] / "tools" / "hostile_smtp.py"
#: Of an edition with less patience than `slow` and `slow-dot` need; the server writes `size` of MAIL and means nothing by it.
EDITION = {
    "ok": "sent",
    "size": "sent",
    "tempfail3": "queued",
    "tempfail": "queued",
    "421": "queued",
    "silent": "queued",
    "slow": "queued",
    "permfail": "failed",
    "datafail": "failed",
    "drop-in-data": "uncertain",
    "drop-after-dot": "uncertain",
    "slow-dot": "uncertain",
}
FAULTS = tuple(EDITION)


@dataclass(frozen=True)
class Outcome:
    """What the outbox says after rounds of delivery, and what the server has recorded."""

    deliveries: dict[str, Delivery]
    recorded: Sequence[dict[str, Any]]

    def states(self) -> dict[str, str]:
        return {fault: self.deliveries[f"{fault}@example.org"].state.value for fault in FAULTS}

    def received(self, recipient: str) -> list[dict[str, Any]]:
        return [line for line in self.recorded if line["rcpt"] == [recipient]]


@contextmanager
def hostile_server(record: Path, slow: float) -> Iterator[int]:
    command = [sys.executable, str(SERVER), "--port", "0", "--record", str(record), "--slow", str(slow)]
    with subprocess.Popen([*command, "--max-seconds", "280"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield json.loads(process.stdout.readline())["port"]
        finally:
            process.kill()


def queued(kind: Literal["edition", "alert"], faults: Sequence[str]) -> list[Delivery]:
    """To each fault, and to somebody healthy before and after it."""
    key = "edition/daily/2026-03-05" if kind == "edition" else "alert/gas/1"
    recipients = ["healthy-0", *(one for n, fault in enumerate(faults) for one in (fault, f"healthy-{n + 1}"))]
    return [
        replace(make_delivery(f"{one}@example.org", key=key, kind=kind), created=NOW - timedelta(minutes=60 - n))
        for n, one in enumerate(recipients)
    ]


def delivered(
    folder: Path,
    kind: Literal["edition", "alert"],
    *,
    slow: float,
    patience: float,
    rounds: int = 1,
    faults: Sequence[str] = FAULTS,
) -> Outcome:
    """What comes of it in rounds of two hours."""
    archive = open_archive(folder / "archive.db")
    edition = Edition(digest="daily", date=date(2026, 3, 5), since=NOW, until=NOW, html="", text="", stories=())
    archive.save_edition(edition, queued(kind, faults))
    try:
        with hostile_server(folder / "sink.jsonl", slow) as port:
            channels = Channels(mail=mail_at(port), timeout_seconds=patience)
            for n in range(rounds):
                asyncio.run(pipeline.deliver(archive, channels, now=NOW + timedelta(hours=2 * n)))
        found = {one.target: one for one in archive.deliveries(*DeliveryState)}
    finally:
        archive.close()
    return Outcome(found, [json.loads(line) for line in (folder / "sink.jsonl").read_text().splitlines()])


def test_each_fault_has_its_outcome_and_harms_nobody_else(tmp_path: Path) -> None:
    outcome = delivered(tmp_path, "edition", slow=5, patience=0.5)
    assert outcome.states() == EDITION
    for n in range(len(FAULTS) + 1):
        healthy = f"healthy-{n}@example.org"
        assert (outcome.deliveries[healthy].state, len(outcome.received(healthy))) == (DeliveryState.SENT, 1)
    assert all(one.reason for one in outcome.deliveries.values() if one.state is not DeliveryState.SENT)
    assert all(line["key"] == "edition/daily/2026-03-05" and not line["defects"] for line in outcome.recorded)


def test_an_edition_is_recorded_once_however_often_it_is_tried(tmp_path: Path) -> None:
    outcome = delivered(tmp_path, "edition", slow=0.2, patience=0.6, rounds=6)
    settled = {"tempfail": "failed", "421": "failed", "silent": "failed", "tempfail3": "sent", "slow": "sent"}
    assert outcome.states() == EDITION | settled | {"slow-dot": "sent"}
    assert all(len(outcome.received(target)) <= 1 for target in outcome.deliveries)
    assert outcome.deliveries["tempfail3@example.org"].attempts == 4
    assert len(outcome.received("drop-after-dot@example.org")) == 1


@pytest.mark.parametrize("fault", ["drop-after-dot", "slow-dot"])
def test_an_alert_is_repeated_with_the_same_message_id(tmp_path: Path, fault: str) -> None:
    outcome = delivered(tmp_path, "alert", slow=2, patience=0.3, rounds=6, faults=[fault])
    received = outcome.received(f"{fault}@example.org")
    assert len(received) == 5
    assert len({line["message_id"] for line in received}) == 1
    assert outcome.deliveries[f"{fault}@example.org"].reason.startswith("perhaps sent already")
