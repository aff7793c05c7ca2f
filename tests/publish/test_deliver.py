"""Deliveries: files whole or not at all, mail once, and what happens when a server or we ourselves break off."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from aggregator import pipeline
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import Delivery, DeliveryState, Edition
from aggregator.publish.deliver import Channels, write_file
from aggregator.settings import Mail
from tests.builders import NOW, make_delivery
from tests.publish.smtp import Postbox, deliver_all, mail_at, postbox_server, talking

SENT, QUEUED, FAILED = DeliveryState.SENT, DeliveryState.QUEUED, DeliveryState.FAILED
SENDING, UNCERTAIN = DeliveryState.SENDING, DeliveryState.UNCERTAIN


# --- servers -----------------------------------------------------------------------------------


@asynccontextmanager
async def rude_server(greeting: bytes, after_data: bytes) -> AsyncIterator[int]:
    """A server that hangs up after the greeting if that is empty, and else after it has read the message."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        in_data = not greeting
        while not in_data and (line := await reader.readline()):
            in_data = line.upper().startswith(b"DATA")
            writer.write(b"354 go on\r\n" if in_data else b"250 fine\r\n")
        while greeting and (line := await reader.readline()) and line != b".\r\n":
            pass
        writer.write(after_data)
        writer.close()

    async with talking(talk) as port:
        yield port


async def delivered(delivery: Delivery, mail: Mail | None) -> Delivery:
    (done,) = await deliver_all(Channels(mail=mail, timeout_seconds=5), delivery)
    return done


def sent_to(box: Postbox, delivery: Delivery) -> Delivery:
    async def work() -> Delivery:
        async with postbox_server(box) as port:
            return await delivered(delivery, mail_at(port))

    return asyncio.run(work())


def sent_to_rude(delivery: Delivery, greeting: bytes = b"220 hello\r\n", after_data: bytes = b"") -> Delivery:
    async def work() -> Delivery:
        async with rude_server(greeting, after_data) as port:
            return await delivered(delivery, mail_at(port))

    return asyncio.run(work())


# --- files -------------------------------------------------------------------------------------


def to_file(path: Path, **texts: str) -> Delivery:
    return make_delivery(str(path), channel="file", **texts)  # type: ignore[arg-type]


def test_a_file_is_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "daily.html"
    done = write_file(to_file(path, html="<p>Привет 你好</p>", text=""))
    assert (done.state, done.attempts, done.reason) == (SENT, 1, "")
    assert path.read_text(encoding="utf-8") == "<p>Привет 你好</p>"
    assert [file.name for file in path.parent.iterdir()] == ["daily.html"]


def test_a_file_is_replaced_whole_and_readers_never_see_half_of_it(tmp_path: Path) -> None:
    path = tmp_path / "daily.txt"
    write_file(to_file(path, text="old"))
    with path.open(encoding="utf-8") as reader:
        write_file(to_file(path, text="new"))
        assert reader.read() == "old"
    assert path.read_text(encoding="utf-8") == "new"


def test_a_write_that_fails_leaves_the_old_file_and_is_queued_again(tmp_path: Path) -> None:
    path = tmp_path / "daily.txt"
    path.write_text("old")
    (tmp_path / "daily.txt.part").mkdir()
    done = write_file(to_file(path, text="new"))
    assert (done.state, done.attempts) == (QUEUED, 1)
    assert "daily.txt" in done.reason
    assert path.read_text() == "old"


def test_a_file_that_can_never_be_written_fails_after_five_attempts(tmp_path: Path) -> None:
    (tmp_path / "blocked").touch()
    delivery = to_file(tmp_path / "blocked" / "daily.txt", text="x")
    states = []
    for _ in range(5):
        delivery = write_file(delivery)
        states.append(delivery.state)
    assert states == [QUEUED] * 4 + [FAILED]


# --- mail --------------------------------------------------------------------------------------


def test_a_mail_arrives_with_both_texts(tmp_path: Path) -> None:
    box = Postbox()
    long = "Длинная строка. " * 200
    done = sent_to(box, make_delivery(subject="Сводка 2026-03-05", text=f"Текст\n.\n{long}", html=f"<p>{long}</p>"))
    assert (done.state, done.attempts, done.reason) == (SENT, 1, "")
    (envelope,), (message,) = box.received, box.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("digest@monitor.example", ["reader@example.org"])
    assert message["Subject"] == "Сводка 2026-03-05"
    assert message["To"] == "reader@example.org"
    assert message["Date"].datetime == NOW
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().split() == f"Текст\n.\n{long}".split()
    assert f"<p>{long}</p>" in html.get_content()
    assert isinstance(envelope.content, bytes)
    assert max(map(len, envelope.content.split(b"\r\n"))) <= 998


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_the_user_name_and_password_are_given_to_the_server() -> None:
    async def work(password: str) -> tuple[Delivery, int]:
        box = Postbox()
        async with postbox_server(box, password="secret") as port:
            mail = replace(mail_at(port), user="reader", password=password)
            return await delivered(make_delivery(), mail), len(box.received)

    done, received = asyncio.run(work("secret"))
    assert (done.state, received) == (SENT, 1)
    done, received = asyncio.run(work("wrong"))
    assert (done.state, received) == (FAILED, 0)
    assert done.reason.startswith("535")


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_passing_refusal_is_tried_again_up_to_five_times(step: str) -> None:
    box = Postbox(**{step: "451 try again later"})
    delivery, states = make_delivery(), []
    for _ in range(5):
        delivery = sent_to(box, delivery)
        states.append(delivery.state)
    assert states == [QUEUED] * 4 + [FAILED]
    assert delivery.attempts == 5
    assert delivery.reason == "451 try again later"


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_final_refusal_fails_at_once_and_says_why(step: str) -> None:
    done = sent_to(Postbox(**{step: "550 no such user"}), make_delivery())
    assert (done.state, done.attempts, done.reason) == (FAILED, 1, "550 no such user")


def test_a_server_that_is_away_is_tried_again() -> None:
    done = asyncio.run(delivered(make_delivery(), mail_at(1)))
    assert (done.state, done.attempts) == (QUEUED, 1)
    assert done.reason


def test_a_server_that_hangs_up_before_the_message_is_tried_again() -> None:
    assert sent_to_rude(make_delivery(), greeting=b"").state is QUEUED


@pytest.mark.parametrize("answer", [b"", b"what?\r\n"])
def test_an_edition_whose_answer_is_lost_after_the_message_is_uncertain_and_not_sent_twice(answer: bytes) -> None:
    done = sent_to_rude(make_delivery(kind="edition"), after_data=answer)
    assert (done.state, done.attempts) == (UNCERTAIN, 1)
    assert done.reason


def test_an_alert_whose_answer_is_lost_after_the_message_is_sent_again() -> None:
    done = sent_to_rude(make_delivery(kind="alert", key="alert/gas/1"))
    assert (done.state, done.attempts) == (QUEUED, 1)
    assert done.reason.startswith("perhaps sent already")


def test_mail_without_a_server_in_the_configuration_fails() -> None:
    done = asyncio.run(delivered(make_delivery(), None))
    assert done.state is FAILED
    assert "mail" in done.reason


# --- the outbox --------------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    opened = open_archive(tmp_path / "a.db")
    yield opened
    opened.close()


def queue(archive: SqliteArchive, *deliveries: Delivery) -> None:
    edition = Edition(
        digest="daily", date=date(2026, 3, 5), since=NOW, until=NOW, html="", text="", stories=(), manifest={}
    )
    assert archive.save_edition(edition, deliveries)


def states(archive: SqliteArchive) -> dict[str, DeliveryState]:
    return {delivery.target: delivery.state for delivery in archive.deliveries(*DeliveryState)}


def test_the_outbox_is_emptied_and_one_failure_does_not_stop_the_rest(archive: SqliteArchive, tmp_path: Path) -> None:
    (tmp_path / "blocked").touch()
    blocked, good = str(tmp_path / "blocked" / "x"), str(tmp_path / "x.txt")
    queue(
        archive,
        make_delivery(blocked, channel="file"),
        make_delivery(good, channel="file"),
        make_delivery("a@example.org"),
        make_delivery("not an address\r\nRCPT TO:<thief@example.org>"),
        make_delivery("z@example.org"),
    )
    box = Postbox()

    async def work() -> dict[DeliveryState, int]:
        async with postbox_server(box) as port:
            return await pipeline.deliver(archive, Channels(mail=mail_at(port), timeout_seconds=5), now=NOW)

    counts = asyncio.run(work())
    assert counts[SENT] == 3
    assert sum(counts.values()) == 5
    after = states(archive)
    assert (after[blocked], after[good], after["a@example.org"], after["z@example.org"]) == (QUEUED, SENT, SENT, SENT)
    assert SENDING not in after.values()
    assert [envelope.rcpt_tos for envelope in box.received] == [["a@example.org"], ["z@example.org"]]
    assert asyncio.run(work()).get(SENT, 0) == 0, "nothing is sent twice"


def test_what_was_under_way_when_the_process_died_is_settled_by_its_kind(
    archive: SqliteArchive, tmp_path: Path
) -> None:
    file = str(tmp_path / "x.txt")
    queue(
        archive,
        make_delivery(file, channel="file", state=SENDING),
        make_delivery("edition@example.org", state=SENDING),
        make_delivery("alert@example.org", kind="alert", key="alert/gas/1", state=SENDING),
        make_delivery("sent@example.org", state=SENT),
        make_delivery("failed@example.org", state=FAILED),
        make_delivery("uncertain@example.org", state=UNCERTAIN),
    )
    box = Postbox()

    async def work() -> None:
        async with postbox_server(box) as port:
            await pipeline.deliver(archive, Channels(mail=mail_at(port), timeout_seconds=5), now=NOW)

    asyncio.run(work())
    assert states(archive) == {
        file: SENT,
        "edition@example.org": UNCERTAIN,
        "alert@example.org": SENT,
        "sent@example.org": SENT,
        "failed@example.org": FAILED,
        "uncertain@example.org": UNCERTAIN,
    }
    assert [envelope.rcpt_tos for envelope in box.received] == [["alert@example.org"]]


def test_a_second_edition_for_the_date_queues_nothing(archive: SqliteArchive) -> None:
    queue(archive, make_delivery())
    edition = archive.edition("daily", date(2026, 3, 5))
    assert edition is not None
    assert not archive.save_edition(edition, [make_delivery("other@example.org")])
    assert states(archive) == {"reader@example.org": QUEUED}
