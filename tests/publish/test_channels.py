"""Notices through other channels: a signed webhook that is answered in every way, and apprise; nothing lost, no secret told."""

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from aggregator import pipeline
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import SqliteArchive, open_archive, read_archive
from aggregator.model import Delivery, DeliveryState, Notice
from aggregator.publish.deliver import Channels, Courier
from aggregator.publish.notices import notice_deliveries, sample_deliveries
from aggregator.publish.web.app import make_app
from aggregator.publish.webhook import without_secrets
from aggregator.settings import AlertRule, Channel
from tests.builders import NOW
from tests.loopback import Answer, Server, reply, serving
from tests.publish.test_web import Client

RULE = AlertRule(name="gas", query="gas", channels=("hook",), severity="warning")
SECRET = "s3cret"


def notice(story: int = 7, **changes: object) -> Notice:
    made = Notice(
        rule="gas", story=story, headline=f"Газ {story} «flows»", why="matches", url="https://e.org", created=NOW
    )
    return replace(made, channels=("hook",), **changes)  # type: ignore[arg-type]


async def stalled(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def dripping(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(600):
        writer.write(b"X-%d: y\r\n" % number)
        await writer.drain()
        await asyncio.sleep(0.05)


async def closed(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 ")


async def delivered(answer: Answer, *deliveries: Delivery, patience: float = 5) -> tuple[list[Delivery], Server]:
    async with serving() as server:
        server.answers["/hook?token=t0ken"] = answer
        channel = Channel(name="hook", url=server.url("/hook?token=t0ken"), secret=SECRET)
        channels = Channels(mail=None, others=(channel,), timeout_seconds=patience)
        async with Courier(channels) as courier:
            return [await courier.deliver(delivery) for delivery in deliveries], server


def test_a_webhook_is_posted_signed_json_with_an_id_that_stays() -> None:
    (delivery,) = notice_deliveries(notice(details={"outlet": "Bee", "sources": 2}))
    done, server = asyncio.run(delivered(reply("204 No Content"), delivery, delivery))
    assert [one.state for one in done] == [DeliveryState.SENT] * 2
    (_, headers), (_, again) = server.requests
    body = server.bodies[0]
    signed = f"{headers['x-aggregator-timestamp']}.".encode() + body
    assert (
        headers["x-aggregator-signature"] == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    )
    assert headers["x-aggregator-id"] == again["x-aggregator-id"]
    assert server.bodies[1] == body
    assert json.loads(body) == {
        "id": "alert/gas/7",
        "kind": "alert",
        "subject": "[gas] Газ 7 «flows»",
        "text": delivery.text,
        "created": "2026-03-05T12:00:00+00:00",
        "notices": [
            {
                "rule": "gas",
                "story": 7,
                "number": 1,
                "severity": "info",
                "headline": "Газ 7 «flows»",
                "why": "matches",
                "url": "https://e.org",
                "outlet": "Bee",
                "sources": 2,
                "first": None,
                "camps": None,
            }
        ],
    }


@pytest.mark.parametrize(
    ("answer", "state", "reason"),
    [
        (reply("200 OK"), DeliveryState.SENT, ""),
        (reply("302 Found", "Location: http://127.0.0.1:9/"), DeliveryState.FAILED, "HTTP 302"),
        (reply("404 Not Found", body=b"no \x1b[31mway\n"), DeliveryState.FAILED, "HTTP 404: no [31mway"),
        (reply("429 Too Many Requests"), DeliveryState.QUEUED, "HTTP 429"),
        (reply("500 Internal Server Error", body=b"x" * 1_000_000), DeliveryState.QUEUED, f"HTTP 500: {'x' * 120}"),
        (reply("garbage"), DeliveryState.QUEUED, "no answer: RemoteProtocolError"),
        (closed, DeliveryState.QUEUED, "no answer: RemoteProtocolError"),
        (reply("404 No", body=b"no POST /hook?token=T0KEN"), DeliveryState.FAILED, "HTTP 404: no POST /…?token=…"),
        (reply("403 No", body=SECRET.encode() + b" t0ken"), DeliveryState.FAILED, "HTTP 403: … …"),
    ],
)
def test_each_answer_has_its_outcome(answer: Answer, state: DeliveryState, reason: str) -> None:
    (delivery,) = notice_deliveries(notice())
    (done,), server = asyncio.run(delivered(answer, delivery))
    assert (done.state, done.reason, done.attempts) == (state, reason, 1)
    assert len(server.requests) == 1


@pytest.mark.parametrize("hang", [stalled, dripping])
def test_a_webhook_that_hangs_is_tried_again_and_holds_nobody_for_longer_than_its_patience(hang: Answer) -> None:
    (delivery,) = notice_deliveries(notice())
    begun = time.monotonic()
    done, server = asyncio.run(delivered(hang, *[delivery] * 20, patience=0.3))
    assert time.monotonic() - begun < 20 * 0.3
    assert {one.state for one in done} == {DeliveryState.QUEUED}
    assert [one.reason.partition(":")[0] for one in done] == ["perhaps sent already", *["left for later"] * 19]
    assert len(server.requests) == 1


def test_a_channel_that_hangs_holds_back_no_other() -> None:
    async def walk() -> list[Delivery]:
        async with serving(hook=stalled, good=reply("200 OK")) as server:
            others = tuple(Channel(name=name, url=server.url(f"/{name}")) for name in ("hook", "good"))
            async with Courier(Channels(mail=None, others=others, timeout_seconds=0.2)) as courier:
                both = notice_deliveries(replace(notice(), channels=("hook", "good")))
                return [await courier.deliver(delivery) for delivery in both]

    assert [one.state for one in asyncio.run(walk())] == [DeliveryState.QUEUED, DeliveryState.SENT]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://user:passw0rd@e.org/services/T0001/xyzzy", "user passw0rd services T0001 xyzzy"),
        ("https://e.org/?key=a%2Fb%2Bc%3D&plain", "a%2Fb%2Bc%3D a/b+c= plain"),
    ],
)
def test_nothing_of_an_address_is_told(url: str, told: str) -> None:
    assert set(without_secrets(told, url, "").split()) == {"…"}


def test_what_is_no_secret_stays_told() -> None:
    assert without_secrets("no such path on e.org", "https://e.org/v1/?a=b", "") == "no such path on e.org"


def test_a_webhook_that_is_not_there_is_tried_again_and_its_address_is_not_told() -> None:
    async def walk() -> Delivery:
        channel = Channel(name="hook", url="http://127.0.0.1:9/hook?token=t0ken", secret=SECRET)
        async with Courier(Channels(mail=None, others=(channel,))) as courier:
            return await courier.deliver(notice_deliveries(notice())[0])

    done = asyncio.run(walk())
    assert (done.state, done.reason) == (DeliveryState.QUEUED, "no answer: ConnectError")


def test_a_channel_that_feeds_yaml_has_no_more_fails_the_delivery() -> None:
    async def walk() -> Delivery:
        async with Courier(Channels(mail=None)) as courier:
            return await courier.deliver(notice_deliveries(notice())[0])

    assert asyncio.run(walk()).reason == "feeds.yaml has no channel 'hook' any more"


def test_apprise_sends_what_a_notice_says() -> None:
    async def walk(answer: Answer) -> tuple[Delivery, Server]:
        async with serving(notify=answer) as server:
            channel = Channel(name="hook", url=f"json://user:{SECRET}@127.0.0.1:{server.port}/notify")
            async with Courier(Channels(mail=None, others=(channel,), timeout_seconds=10)) as courier:
                return await courier.deliver(notice_deliveries(notice())[0]), server

    done, server = asyncio.run(walk(reply("200 OK")))
    assert done.state is DeliveryState.SENT
    told = json.loads(server.bodies[0])
    assert (told["title"], told["message"].splitlines()[0]) == ("[gas] Газ 7 «flows»", "Газ 7 «flows»")
    refused, _ = asyncio.run(walk(reply("500 Internal Server Error")))
    assert refused.state is DeliveryState.QUEUED
    assert refused.reason == "the service did not take it: HTTP 500"


def test_a_service_of_apprise_that_hangs_does_not_hold_back_the_end_of_the_program() -> None:
    async def walk(port: int) -> Delivery:
        channel = Channel(name="hook", url=f"json://127.0.0.1:{port}/notify?rto=20")
        async with Courier(Channels(mail=None, others=(channel,), timeout_seconds=0.3)) as courier:
            return await courier.deliver(notice_deliveries(notice())[0])

    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        done = asyncio.run(walk(silent.getsockname()[1]))
    assert (done.state, done.reason) == (DeliveryState.QUEUED, "perhaps sent already: no answer within 0.3 s")
    assert time.monotonic() - begun < 10


def test_a_sample_goes_to_all_who_would_get_a_notice() -> None:
    made = sample_deliveries(replace(RULE, recipients=("a@example.org",)), NOW)
    assert [(one.channel, one.target) for one in made] == [("mail", "a@example.org"), ("channel", "hook")]
    assert {one.key for one in made} == {"test/gas/20260305T120000"}
    assert made[0].subject == "WARNING: [gas] A sample notice"


def test_each_rule_has_an_atom_feed(archive: SqliteArchive, tmp_path: Path) -> None:
    hostile = notice(8, headline="<script>alert(1)</script>\x00", url="javascript:alert(1)")
    archive.save_notices([notice(), hostile], [], mark=1)
    client = Client(make_app(lambda: read_archive(tmp_path / "a.db"), load_beat(), clock=lambda: NOW, alerts=(RULE,)))
    answer = client.get("/alerts/gas.atom")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/atom+xml")
    feed = etree.fromstring(answer.content)
    atom = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{atom}entry")
    assert [entry.findtext(f"{atom}title", "").strip() for entry in entries] == [
        "Газ 7 «flows»",
        "<script>alert(1)</script>",
    ]
    assert [entry.find(f"{atom}link") is not None for entry in entries] == [True, False]
    assert len({entry.findtext(f"{atom}id") for entry in entries}) == 2
    assert client.get("/alerts/oil.atom").status_code == 404


# --- through the outbox --------------------------------------------------------------------------


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    with closing(open_archive(tmp_path / "a.db")) as opened:
        yield opened


def test_notices_come_in_order_and_one_that_fails_stops_no_other(archive: SqliteArchive) -> None:
    made = [notice(n) for n in range(1, 5)]
    archive.save_notices(made, [one for each in made for one in notice_deliveries(each)], mark=1)
    answers = iter(["200 OK", "500 Oh", "200 OK", "404 No"])

    async def answer(writer: asyncio.StreamWriter) -> None:
        await reply(next(answers))(writer)

    async def walk() -> Server:
        async with serving(hook=answer) as server:
            channels = Channels(mail=None, others=(Channel(name="hook", url=server.url("/hook")),))
            await pipeline.deliver(archive, channels, now=NOW)
            return server

    server = asyncio.run(walk())
    assert [json.loads(body)["id"] for body in server.bodies] == [f"alert/gas/{n}" for n in range(1, 5)]
    assert "x-aggregator-signature" not in server.requests[0][1]
    states = {one.key: one.state for one in archive.deliveries(*DeliveryState)}
    assert list(states.values()) == [
        DeliveryState.SENT,
        DeliveryState.QUEUED,
        DeliveryState.SENT,
        DeliveryState.FAILED,
    ]


def test_a_process_that_died_while_sending_sends_a_notice_again(archive: SqliteArchive) -> None:
    made = notice()
    archive.save_notices([made], notice_deliveries(made), mark=1)
    (queued,) = archive.deliveries(DeliveryState.QUEUED)
    assert archive.claim_delivery(queued)

    async def walk() -> Server:
        async with serving(hook=reply("200 OK")) as server:
            channels = Channels(mail=None, others=(Channel(name="hook", url=server.url("/hook")),))
            await pipeline.deliver(archive, channels, now=NOW)
            return server

    assert [json.loads(body)["id"] for body in asyncio.run(walk()).bodies] == ["alert/gas/7"]
