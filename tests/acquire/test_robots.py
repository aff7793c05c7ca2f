"""robots.txt as RFC 9309 has it: what it allows, what its absence means, how often it is asked for."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest

from aggregator.acquire.fetch import make_client
from aggregator.acquire.robots import CRAWL_DELAY_LIMIT, SIZE_LIMIT, Robots, Rules, rules_of
from aggregator.model import Document, FailureKind, FetchFailure
from aggregator.settings import Network
from tests.builders import NOW
from tests.loopback import Answer, Server, reply, serving

PAGE = "https://example.org/news/1.html"


def rules(text: str | bytes) -> Rules:
    body = text if isinstance(text, bytes) else text.encode()
    return rules_of(Document(url="https://example.org/robots.txt", body=body, headers=(), fetched=NOW))


def allowed(text: str | bytes, url: str = PAGE) -> bool:
    return rules(text).refusal(url, NOW) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User-agent: *\nDisallow: /", False),
        ("User-agent: *\nDisallow: /news/", False),
        ("User-agent: *\nDisallow: /sport/", True),
        ("User-agent: *\nDisallow:", True),
        ("User-agent: *\nDisallow: /\nAllow: /news/", True),
        ("User-agent: *\nDisallow: /*.html$", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: aggregator\nAllow: /", True),
        ("User-agent: *\nAllow: /\n\nUser-agent: Aggregator/1.0\nDisallow: /", False),
        ("user-agent:aggregator # that is us\ndisallow:/news", False),
        ("User-agent: other\nUser-agent: aggregator\nDisallow: /", False),
        ("User-agent: other\nDisallow: /", True),
        ("User-agent: aggr\nDisallow: /", True),
        ("User-agent: aggregator-images\nDisallow: /", True),
        ("User-agent: other\nDisallow: /x\n\nUser-agent: third\nDisallow: /", True),
        ("\ufeffUser-agent: *\r\nDisallow: /\r\n", False),
        ("<!doctype html><p>Not found</p>", True),
        ("", True),
    ],
)
def test_the_group_for_us_decides_else_that_for_all(text: str, expected: bool) -> None:
    assert allowed(text) is expected


def test_what_is_not_allowed_is_refused_for_good() -> None:
    refusal = rules("User-agent: *\nDisallow: /").refusal(PAGE, NOW)
    assert refusal is not None
    assert refusal.kind is FailureKind.REFUSED
    assert "robots.txt" in refusal.reason


@pytest.mark.parametrize(
    ("asked", "kept"), [("2.5", 2.5), ("86400", CRAWL_DELAY_LIMIT), ("-1", 0), ("nan", 0), ("soon", 0)]
)
def test_a_distance_is_kept_up_to_half_a_minute(asked: str, kept: float) -> None:
    assert rules(f"User-agent: *\nCrawl-delay: {asked}").crawl_delay == kept
    assert rules(f"User-agent: other\nCrawl-delay: {asked}").crawl_delay == 0


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FailureKind.CLIENT_ERROR, None),
        (FailureKind.GONE, None),
        (FailureKind.SERVER_ERROR, FailureKind.SERVER_ERROR),
        (FailureKind.TIMEOUT, FailureKind.SERVER_ERROR),
        (FailureKind.RATE_LIMITED, FailureKind.SERVER_ERROR),
        (FailureKind.BROKEN, FailureKind.SERVER_ERROR),
        (FailureKind.REFUSED, FailureKind.REFUSED),
    ],
)
def test_absent_means_yes_and_out_of_reach_means_not_now(kind: FailureKind, expected: FailureKind | None) -> None:
    failure = FetchFailure(url="https://example.org/robots.txt", kind=kind, reason="why", fetched=NOW)
    refusal = rules_of(failure).refusal(PAGE, NOW)
    assert (refusal.kind if refusal else None) is expected
    assert refusal is None or refusal.reason == "robots.txt: why"


def test_no_more_than_500_kib_are_read() -> None:
    filler = "User-agent: *\nAllow: /sport\n" + "# filler\n" * (SIZE_LIMIT // 9)
    assert allowed(filler + "\nUser-agent: *\nDisallow: /")
    assert not allowed("User-agent: *\nDisallow: /news\n" + filler)


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"User-agent: r{n}\n" for n in range(15_000)) + "Disallow: /x\n" * 15_000,
        "User-agent: *\n" + "Disallow: /*a*a*a*a*a*a*a*b\n" * 17_000,
        "User-agent: *\n" + "".join(f"Disallow: /{n}\n" for n in range(30_000)),
        "User-agent: " * 40_000,
        "*" * SIZE_LIMIT,
    ],
)
def test_a_hostile_file_does_not_hold_up_the_program(text: str) -> None:
    started = time.perf_counter()
    allowed(text, "https://example.org/" + "a" * 2_000)
    assert time.perf_counter() - started < 2


# --- asked over the network ---------------------------------------------------------------------


def asked(answer: Answer, *paths: str, pause: timedelta = timedelta(0)) -> tuple[list[FetchFailure | None], Server]:
    """What a site's robots.txt says of the paths, with a pause before each but the first."""

    async def run() -> tuple[list[FetchFailure | None], Server]:
        now = NOW

        def clock() -> datetime:
            return now

        async with serving() as server:
            server.answers["/robots.txt"] = answer
            async with make_client(Network(allow=(f"127.0.0.1:{server.port}",)), "1") as client:
                robots = Robots(client, deadline=5, clock=clock)
                said = []
                for path in paths:
                    said.append(await robots.refusal(server.url(path)))
                    now += pause
            return said, server

    return asyncio.run(run())


DISALLOW = reply(body=b"User-agent: *\nDisallow: /private")


def test_a_site_is_asked_once_a_day() -> None:
    said, server = asked(DISALLOW, "/a", "/private", "/b")
    assert [refusal is None for refusal in said] == [True, False, True]
    assert [path for path, _ in server.requests] == ["/robots.txt"]
    _, server = asked(DISALLOW, "/a", "/b", "/c", pause=timedelta(hours=13))
    assert len(server.requests) == 2


def test_a_site_out_of_order_is_asked_again_soon() -> None:
    said, server = asked(reply("500 Internal Server Error"), "/a", "/b", "/c", pause=timedelta(minutes=6))
    assert all(refusal and refusal.kind is FailureKind.SERVER_ERROR for refusal in said)
    assert len(server.requests) == 2


def test_no_robots_txt_means_that_all_is_allowed() -> None:
    said, _ = asked(reply("404 Not Found"), "/private")
    assert said == [None]


def test_redirects_are_followed_but_not_to_private_addresses() -> None:
    async def moved(path: str) -> bool:
        async with serving(there=DISALLOW) as server:
            server.answers["/robots.txt"] = reply("301 Moved Permanently", f"Location: {path}")
            async with make_client(Network(allow=(f"127.0.0.1:{server.port}",)), "1") as client:
                return await Robots(client, deadline=5, clock=lambda: NOW).refusal(server.url("/private")) is None

    assert not asyncio.run(moved("/there"))
    assert not asyncio.run(moved("http://127.0.0.2:9/")), "out of reach means no"
    assert asyncio.run(moved("/nowhere"))


@pytest.mark.parametrize("url", ["http://a.example:99999/x", "http://[", "file:///x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    async def run() -> FetchFailure | None:
        async with make_client(Network(), "1") as client:
            return await Robots(client, deadline=5, clock=lambda: NOW).refusal(url)

    refusal = asyncio.run(run())
    assert refusal is not None
    assert refusal.kind is FailureKind.REFUSED
