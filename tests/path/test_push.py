"""WebSub from end to end, with a hub and the archive page's server on real sockets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from aggregator.acquire.fetch import make_client
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import SqliteArchive, open_archive, read_archive
from aggregator.cli.rounds import page_of, play_round
from aggregator.cli.service import Service, open_service
from aggregator.model import Offer, Subscription, SubscriptionState
from aggregator.pipeline import feed_reports
from aggregator.polling import due_now
from aggregator.publish.health import feed_health
from aggregator.publish.web.app import make_app
from aggregator.publish.web.server import address, bind
from aggregator.pushing import Pushes
from aggregator.settings import AlertRule, Camp, Feed, Network, Settings
from tests.builders import NOW, make_harvest, make_state
from tests.path.hub import Hub, served, serving_hub

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FIRST = "Putin and Xi sign a gas pipeline agreement in Moscow"
SECOND = "Russia and China agree on a joint lunar station"
THIRD = "China and Russia hold naval drills in the Sea of Japan"


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


def settings_for(hub: Hub, page: str, folder: Path, *, allow: bool = True) -> Settings:
    return Settings(
        feeds=(Feed(url=hub.feed_url, outlet="Paper", language="en", country="DE", camp=Camp.OTHER),),
        alerts=(AlertRule(name="moon", query="lunar", minimum_relevance=0),),
        network=Network(
            allow=(hub.base.removeprefix("http://"),) if allow else (),
            websub_callback=f"{page}/websub",
            deadline_seconds=5,
            host_delay_seconds=0,
            workers=1,
        ),
        archive=folder / "archive.db",
        digest_folder=folder / "digests",
        digests=(),
    )


# --- the whole service ---


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[tuple[Hub, Service, Clock]]:
    clock, listener = Clock(), bind(0)
    async with (
        serving_hub() as hub,
        open_service(settings_for(hub, address(listener), folder), clock) as service,
        served(page_of(service), listener),
    ):
        hub.body = hub.rss(FIRST)
        await play_round(service, progress=False)
        await service.subscribe()
        yield hub, service, clock


def only(archive: SqliteArchive) -> Subscription:
    (one,) = archive.subscriptions()
    return one


def test_what_a_hub_pushes_is_kept_as_if_it_were_polled(tmp_path: Path) -> None:
    async def walk() -> None:
        async with running(tmp_path) as (hub, service, clock):
            archive = service.archive
            assert hub.form["hub.topic"] == f"{hub.feed_url}?topic"
            assert hub.answers == [(200, "<b>challenge</b>")]
            assert only(archive).state is SubscriptionState.VERIFIED
            before = archive.feed_states()[hub.feed_url]
            assert archive.counts()["articles"] == 1

            clock.now = NOW + MINUTE  # what comes with a feed's first reading is no news
            assert (await hub.push(hub.rss(FIRST, SECOND), method="sha1")).status_code == 202
            done = await play_round(service, progress=False)
            assert (archive.counts()["articles"], done.placed, done.notices) == (2, 1, 1)
            assert (done.report.stored, done.report.duplicate) == (1, 1)
            after = archive.feed_states()[hub.feed_url]
            assert replace(after, rhythm=before.rhythm) == before
            assert after.rhythm.last_new is not None

            # The same once more, and a copy of it years later: nothing twice.
            for _ in range(2):
                assert (await hub.push(hub.rss(FIRST, SECOND))).status_code == 202
            again = await play_round(service, progress=False)
            assert (again.report.stored, again.report.duplicate, again.notices) == (0, 4, 0)

            # Forged pushes are accepted with a smile, counted and thrown away.
            for signature in ("", "sha256=" + "0" * 64, "md5=0", "sha256"):
                assert (await hub.push(hub.rss(THIRD), signature=signature)).status_code == 202
            assert only(archive).ignored == 4
            assert (await play_round(service, progress=False)).report.results == ()
            assert archive.counts()["articles"] == 2

            # Pushed feeds are polled seldom, and so is shown.
            clock.now = NOW + HOUR
            assert _due(service) == []
            (health,) = (
                feed_health(one, service.settings.network, clock.now) for one in feed_reports(archive, service.settings)
            )
            assert "push, asked every 120 min" in health.rhythm
            assert health.push == "verified"
            clock.now = NOW + 3 * HOUR
            assert _due(service) == [hub.feed_url]

            # The poll finds what the hub has not pushed: polling is as usual until it pushes again.
            hub.body = hub.rss(FIRST, SECOND, THIRD)
            assert (await play_round(service, progress=False)).report.stored == 1
            clock.now += HOUR
            assert _due(service) == [hub.feed_url]
            await hub.push(hub.rss(THIRD))
            await service.pushes.read(service.workers)
            assert _due(service) == []

            # A hub that gives the subscription up: polling is as usual.
            assert (await hub.ask(mode="denied", reason="quota")).status_code == 200
            assert only(archive).state is SubscriptionState.DENIED
            assert _due(service) == [hub.feed_url]
            assert (await hub.push(hub.rss(THIRD))).status_code == 410

    asyncio.run(walk())


def _due(service: Service) -> list[str]:
    states = service.archive.feed_states()
    return [feed.url for feed in due_now(service.archive, service.settings, states, service.clock())]


def test_a_push_that_is_no_feed_harms_neither_feed_nor_service(tmp_path: Path) -> None:
    async def walk() -> None:
        async with running(tmp_path) as (hub, service, _):
            before = service.archive.feed_states()
            for _ in range(2):
                assert (await hub.push(b"<html>log in</html>")).status_code == 202
            assert (await play_round(service, progress=False)).report.results == ()
            assert service.archive.feed_states() == before
            one = only(service.archive)
            assert (one.state, one.next_request) == (SubscriptionState.FAILED, NOW + DAY)
            assert "web page" in one.reason

    asyncio.run(walk())


# --- without reading: the subscriber, its callback and a hub ---


@dataclass
class Scene:
    hub: Hub
    pushes: Pushes
    archive: SqliteArchive
    client: httpx.AsyncClient
    clock: Clock
    page: str

    async def subscribe(self) -> Subscription:
        await self.pushes.subscribe(self.client)
        return only(self.archive)


def played(
    folder: Path, play: Callable[[Scene], Awaitable[None]], *, hub_path: str = "/hub", allow: bool = True
) -> None:
    async def run() -> None:
        clock, listener = Clock(), bind(0)
        archive = open_archive(folder / "archive.db")
        async with serving_hub() as hub:
            settings = settings_for(hub, address(listener), folder, allow=allow)
            offer = Offer(hub=hub.base + hub_path, topic=hub.feed_url)
            archive.save(make_harvest(feed=settings.feeds[0], state=replace(make_state(hub.feed_url), offer=offer)))
            pushes = Pushes(archive, settings, clock)
            app = make_app(lambda: read_archive(settings.archive), load_beat(), callback=("/websub", pushes))
            async with served(app, listener), make_client(settings.network, "1") as client:
                await play(Scene(hub, pushes, archive, client, clock, address(listener)))
        archive.close()

    asyncio.run(run())


def test_each_subscription_has_secrets_of_its_own(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        one = await scene.subscribe()
        assert len(one.token) == len(one.secret) == 43
        assert one.token != one.secret
        assert scene.hub.form["hub.callback"] == f"{scene.page}/websub/{one.token}"

    played(tmp_path, play)


def test_a_hub_that_is_down_is_asked_again_later_and_polling_goes_on(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.hub.status = 503
        one = await scene.subscribe()
        assert (one.state, one.attempts) == (SubscriptionState.FAILED, 1)
        assert "503" in one.reason
        await scene.subscribe()
        assert len(scene.hub.forms) == 1
        scene.clock.now += timedelta(minutes=10)
        scene.hub.status = 202
        assert (await scene.subscribe()).state is SubscriptionState.VERIFIED
        assert scene.hub.forms[0] == scene.hub.forms[1]

    played(tmp_path, play)


def test_a_lease_is_renewed_before_it_ends_and_lapses_when_the_hub_is_away(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        assert (await scene.subscribe()).lease_until == NOW + 10 * DAY
        scene.clock.now = NOW + 8 * DAY - HOUR
        await scene.subscribe()
        assert len(scene.hub.forms) == 1
        scene.clock.now = NOW + 8 * DAY
        assert (await scene.subscribe()).lease_until == NOW + 18 * DAY
        scene.hub.status = 500
        scene.clock.now = NOW + 17 * DAY
        assert (await scene.subscribe()).state is SubscriptionState.VERIFIED
        scene.archive.save_subscriptions([replace(only(scene.archive), next_request=NOW + 99 * DAY)])
        scene.clock.now = NOW + 18 * DAY
        assert (await scene.subscribe()).state is SubscriptionState.EXPIRED

    played(tmp_path, play)


def test_a_hub_that_asks_back_wrongly_gets_404_and_nothing_is_verified(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.hub.verifies = False
        await scene.subscribe()
        for changes in (
            {"topic": "https://other.example/"},
            {"mode": "unsubscribe"},
            {"mode": "publish"},
            {"challenge": ""},
            {"challenge": "c" * 5000},
        ):
            answer = await scene.hub.ask(**changes)
            assert answer.status_code == 404
            assert "<b>challenge" not in answer.text
        assert only(scene.archive).state is SubscriptionState.PENDING
        answer = await scene.hub.ask()
        assert (answer.status_code, answer.text) == (200, "<b>challenge</b>")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]

    played(tmp_path, play)


def test_an_unknown_token_is_told_apart_by_nothing_but_its_status(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        one = await scene.subscribe()
        for token in ("x", one.token[:-1], one.token + "x", "%00", "%F0%9F%98%80", one.token.swapcase()):
            scene.hub.forms.append({**scene.hub.forms[0], "hub.callback": f"{scene.page}/websub/{token}"})
            assert (await scene.hub.ask()).status_code == 404
            assert (await scene.hub.push(b"<rss/>")).status_code == 410
        assert only(scene.archive) == one

    played(tmp_path, play)


def test_a_push_is_bounded_and_so_is_what_waits(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        await scene.subscribe()
        assert (await scene.hub.push(b" " * (10 * 2**20 + 1))).status_code == 413
        statuses = [(await scene.hub.push(b"<rss/>")).status_code for _ in range(9)]
        assert statuses == [202] * 8 + [503]

    played(tmp_path, play)


def test_large_pushes_fill_the_waiting_room_sooner(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        await scene.subscribe()
        statuses = [(await scene.hub.push(b" " * 9 * 2**20)).status_code for _ in range(4)]
        assert statuses == [202, 202, 202, 503]

    played(tmp_path, play)


@pytest.mark.parametrize("cut", [b"", b"Content-Length: 1000\r\n\r\nab"])
def test_a_push_that_is_cut_off_leaves_the_callback_free(tmp_path: Path, cut: bytes) -> None:
    async def play(scene: Scene) -> None:
        one = await scene.subscribe()
        host, _, port = scene.page.removeprefix("http://").partition(":")
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"POST /websub/{one.token} HTTP/1.1\r\nHost: public.example\r\n".encode() + cut)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.1)
        assert (await scene.hub.push(b"<rss/>")).status_code == 202

    played(tmp_path, play)


def test_only_the_callback_answers_to_a_public_name(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.hub.verifies = False
        one = await scene.subscribe()
        question = {"hub.mode": "subscribe", "hub.topic": one.offer.topic, "hub.challenge": "c"}
        async with httpx.AsyncClient(trust_env=False, headers={"Host": "public.example"}) as client:
            for path in ("/", "/search?q=a", "/feeds", "/healthz", "/nowhere", "/websub", "/websub/a/b"):
                assert (await client.get(scene.page + path)).status_code == 400
            assert (await client.get(f"{scene.page}/websub/{one.token}", params=question)).text == "c"
            assert (await client.put(f"{scene.page}/websub/{one.token}")).status_code == 400

    played(tmp_path, play)


def test_without_a_service_there_is_no_callback(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        one = await scene.subscribe()
        alone, listener = make_app(lambda: read_archive(tmp_path / "archive.db"), load_beat()), bind(0)
        async with served(alone, listener):
            answer = await scene.hub.push(b"<rss/>", callback=f"{address(listener)}/websub/{one.token}")
            assert answer.status_code == 404

    played(tmp_path, play)


def test_a_hub_at_a_private_address_is_refused(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        one = await scene.subscribe()
        assert (one.state, scene.hub.forms) == (SubscriptionState.FAILED, [])
        assert "not public" in one.reason

    played(tmp_path, play, allow=False)


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/hub", ""),
        ("/moved", "redirects"),
        ("http://127.0.0.1:1/", "not public"),
        ("http://169.254.169.254/", "not public"),
        ("file:///etc/passwd", "not an http(s) address"),
        ("http://[", "Invalid"),
    ],
)
def test_a_hub_may_have_moved_but_not_anywhere(tmp_path: Path, location: str, said: str) -> None:
    async def play(scene: Scene) -> None:
        scene.hub.location = location
        one = await scene.subscribe()
        assert said in one.reason
        assert one.state is (SubscriptionState.FAILED if said else SubscriptionState.VERIFIED)
        assert len(scene.hub.forms) == (0 if said else 1)

    played(tmp_path, play, hub_path="/moved")


def test_a_hub_that_is_no_longer_named_is_answered_no_more(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        await scene.subscribe()
        feed = settings_for(scene.hub, scene.page, tmp_path).feeds[0]
        scene.archive.save(make_harvest(feed=feed, state=make_state(feed.url)))
        assert (await scene.subscribe()).state is SubscriptionState.FAILED
        assert (await scene.hub.push(b"<rss/>")).status_code == 410
        assert (await scene.hub.ask()).status_code == 404

    played(tmp_path, play)


def test_a_feed_that_is_no_longer_ours_has_no_subscription(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        one = await scene.subscribe()
        paused = settings_for(scene.hub, scene.page, tmp_path)
        later = Pushes(scene.archive, replace(paused, feeds=(replace(paused.feeds[0], paused=True),)), scene.clock)
        assert not later.expects(one.token)
        assert later.confirm(one.token, {"hub.mode": "subscribe", "hub.topic": one.offer.topic}) is None

    played(tmp_path, play)
