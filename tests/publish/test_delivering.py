"""A round of deliveries: alerts first, at their pace, by one process, each claimed before it is sent."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.delivering import deliver
from aggregator.model import Delivery, DeliveryState, Edition
from aggregator.publish.deliver import Channels
from tests.builders import NOW, make_delivery
from tests.publish.smtp import Postbox, mail_at, postbox_server, talking

SENT, QUEUED, FAILED, UNCERTAIN = (
    DeliveryState.SENT,
    DeliveryState.QUEUED,
    DeliveryState.FAILED,
    DeliveryState.UNCERTAIN,
)
KEY = "edition/daily/2026-03-05"
EDITIONS = [make_delivery(f"{name}@example.org") for name in "abcd"]
ALERT = make_delivery("z@example.org", key="alert/gas/1", kind="alert")


@dataclass
class Time:
    """A clock that goes when somebody sleeps, and by a second when it is looked at if it is told so."""

    seconds: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if seconds:
            self.slept.append(seconds)
        self.seconds += seconds


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    opened = open_archive(tmp_path / "a.db")
    yield opened
    opened.close()


def queue(archive: SqliteArchive, deliveries: Sequence[Delivery]) -> None:
    edition = Edition(digest="daily", date=date(2026, 3, 5), since=NOW, until=NOW, html="", text="", stories=())
    assert archive.save_edition(edition, deliveries)


def states(archive: SqliteArchive) -> list[DeliveryState]:
    return [one.state for one in archive.deliveries(*DeliveryState)]


def rounds(
    archive: SqliteArchive, box: Postbox, *, per_minute: int | None = None, patience: float = 1e9, count: int = 1
) -> tuple[Time, list[dict[DeliveryState, int]]]:
    """Rounds of a service that keeps its channels."""
    clock = Time()

    async def work() -> list[dict[DeliveryState, int]]:
        async with postbox_server(box) as port:
            mail = replace(mail_at(port), per_minute=per_minute)
            channels = Channels(mail=mail, timeout_seconds=5, clock=clock.now, sleep=clock.sleep)
            return [await deliver(archive, channels, now=NOW, patience_seconds=patience) for _ in range(count)]

    return clock, asyncio.run(work())


def recipients(box: Postbox) -> str:
    return "".join(envelope.rcpt_tos[0][0] for envelope in box.received)


# --- pace --------------------------------------------------------------------------------------


def test_mails_keep_their_pace_and_alerts_come_first(archive: SqliteArchive) -> None:
    queue(archive, [*EDITIONS, ALERT])
    clock, counts = rounds(archive, box := Postbox(), per_minute=6)
    assert (recipients(box), counts) == ("zabcd", [{SENT: 5}])
    assert clock.slept == [10.0] * 4


def test_files_wait_for_nobody(archive: SqliteArchive, tmp_path: Path) -> None:
    queue(archive, [make_delivery(str(tmp_path / name), channel="file") for name in "ab"])
    clock, counts = rounds(archive, Postbox(), per_minute=1)
    assert (clock.slept, counts) == ([], [{SENT: 2}])


def test_a_round_that_would_wait_too_long_leaves_the_rest_to_the_next_at_the_same_pace(archive: SqliteArchive) -> None:
    queue(archive, EDITIONS)
    clock, counts = rounds(archive, box := Postbox(), per_minute=6, patience=15, count=2)
    assert counts == [{SENT: 2}, {SENT: 1}]
    assert (recipients(box), clock.slept) == ("abc", [10.0, 10.0])
    assert states(archive) == [SENT, SENT, SENT, QUEUED]


# --- one sender --------------------------------------------------------------------------------


def test_while_another_process_delivers_nothing_is_done(archive: SqliteArchive, tmp_path: Path) -> None:
    queue(archive, [EDITIONS[0], replace(EDITIONS[1], state=DeliveryState.SENDING)])
    other = open_archive(tmp_path / "a.db")
    with other.only_sender() as alone:
        assert alone
        assert rounds(archive, Postbox())[1] == [{}]
        assert states(archive) == [QUEUED, DeliveryState.SENDING]
    other.close()
    assert rounds(archive, box := Postbox())[1] == [{SENT: 1}]
    assert recipients(box) == "a"


def test_what_is_dropped_during_a_round_is_not_sent(archive: SqliteArchive) -> None:
    class Dropping(Postbox):
        async def handle_DATA(self, server: object, session: object, envelope: object) -> str:
            archive.drop(KEY, "c@example.org")
            return await super().handle_DATA(server, session, envelope)  # type: ignore[arg-type]

    queue(archive, EDITIONS)
    assert rounds(archive, box := Dropping())[1] == [{SENT: 3}]
    assert recipients(box) == "abd"


# --- again -------------------------------------------------------------------------------------


def test_a_retry_waits_for_its_minute_and_says_when(archive: SqliteArchive) -> None:
    queue(archive, EDITIONS[:1])
    _, counts = rounds(archive, Postbox(rcpt="451 greylisted"), count=2)
    assert counts == [{QUEUED: 1}, {}]
    (waiting,) = archive.latest_deliveries(QUEUED, limit=9)
    assert (waiting.next_attempt, waiting.attempts) == (NOW + timedelta(minutes=1), 1)
    assert not archive.ready_deliveries(NOW + timedelta(seconds=59), limit=9)
    assert archive.ready_deliveries(NOW + timedelta(minutes=1), limit=9)


def test_a_server_that_was_away_is_asked_again_after_a_minute_of_a_long_round(archive: SqliteArchive) -> None:
    calls: list[str] = []

    async def busy_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append("called")
        writer.write(b"220 hello\r\n" if len(calls) > 1 else b"421 later\r\n")
        while len(calls) > 1 and (line := await reader.readline()):
            writer.write(b"354 go on\r\n" if line == b"DATA\r\n" else b"250 fine\r\n")
            if line == b"DATA\r\n":
                await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 fine\r\n")
        writer.close()

    clock = Time()
    queue(archive, EDITIONS)

    async def work() -> dict[DeliveryState, int]:
        async with talking(busy_once) as port:
            mail = replace(mail_at(port), per_minute=2)
            channels = Channels(mail=mail, timeout_seconds=5, clock=clock.now, sleep=clock.sleep)
            return await deliver(archive, channels, now=NOW)

    assert asyncio.run(work()) == {QUEUED: 2, SENT: 4}
    assert len(calls) == 2


@pytest.mark.parametrize("state", [UNCERTAIN, FAILED])
def test_what_a_person_resends_is_sent_anew_with_all_its_attempts(archive: SqliteArchive, state: DeliveryState) -> None:
    queue(archive, [replace(one, state=state, attempts=5, reason="once") for one in EDITIONS[:2]])
    assert rounds(archive, Postbox())[1] == [{}]
    (was,) = archive.resend(KEY, "a@example.org")
    assert (was.state, was.attempts) == (state, 5)
    assert rounds(archive, box := Postbox())[1] == [{SENT: 1}]
    assert (recipients(box), states(archive)) == ("a", [SENT, state])


@pytest.mark.parametrize("state", [QUEUED, DeliveryState.SENDING, SENT])
def test_what_is_on_its_way_or_sent_is_not_resent(archive: SqliteArchive, state: DeliveryState) -> None:
    queue(archive, [replace(EDITIONS[0], state=state)])
    assert (archive.resend(KEY), states(archive)) == ((), [state])


def test_what_is_being_sent_or_was_is_not_dropped(archive: SqliteArchive) -> None:
    kept = [DeliveryState.SENDING, SENT]
    queue(archive, [replace(make_delivery(f"{state}@example.org"), state=state) for state in DeliveryState])
    assert {one.state for one in archive.drop(KEY)} == {QUEUED, UNCERTAIN, FAILED}
    assert (sorted(states(archive)), archive.delivery_counts()) == (kept, dict.fromkeys(kept, 1))
    assert archive.drop(KEY) == archive.drop("edition/none/2026-03-05") == ()
