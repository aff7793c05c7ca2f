"""The step that reads full texts, whole: a site on the loopback, real workers, the archive."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.acquire.fetch import make_client
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.fulltexts import open_library, read_full_texts
from aggregator.model import Annotated, FullText, FullTextState, StoredArticle
from aggregator.pipeline import gather
from aggregator.settings import Access, Feed, Network, Settings
from aggregator.workers import Workers
from tests.builders import NOW, make_annotated, make_article, make_feed, make_harvest
from tests.loopback import Answer, Server, reply, serving

PAGE = (Path(__file__).parents[1] / "fixtures" / "article.html").read_bytes()
HTML = "Content-Type: text/html; charset=utf-8"
TITLE = "Ministers agree on new border crossing"
GOOD = reply(headers=HTML, body=PAGE)
CONSENT = b"""<html><body><article><p>We value your privacy and store cookies.</p>
<p>Our partners would like to process data about your device, your habits and your whereabouts, and ask you to agree.</p>
<p>You may change your mind later, in the settings of your account, at any time that you like.</p></article></body></html>"""


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with Workers(processes=1, beat="china-russia") as pool:
        yield pool


@dataclass
class Monitor:
    """An archive with articles of one feed whose pages are on a server; rounds can be played on it."""

    archive: SqliteArchive
    workers: Workers
    server: Server
    feed: Feed
    network: Network

    def keep(self, *paths: str, score: float = 0.6, summary: str = "A crossing.") -> None:
        articles = [
            make_article(f"{TITLE} {path}", summary=summary, url=path if "//" in path else self.server.url(path), feed_url=self.feed.url)
            for path in paths
        ]  # fmt: skip
        self.archive.save(make_harvest(*(make_annotated(one, score=score) for one in articles), feed=self.feed))

    async def round(self, after: timedelta = timedelta(0), *, seconds: float = 20) -> dict[FullTextState, int]:
        settings = Settings(feeds=(self.feed,), network=self.network)
        async with make_client(self.network, "1") as client:
            library = open_library(client, self.network, lambda: NOW + after)
            return await read_full_texts(self.archive, settings, library=library, workers=self.workers, seconds=seconds)

    def stored(self, path: str) -> StoredArticle:
        for article_id in range(1, self.archive.counts()["articles"] + 1):
            found = self.archive.article(article_id)
            if found and found.article.title == f"{TITLE} {path}":
                return found
        raise KeyError(path)

    def outcome(self, path: str) -> FullText | None:
        return self.archive.full_text(self.stored(path).id)

    def paths(self) -> list[str]:
        return [path for path, _ in self.server.requests]


Play = Callable[[Monitor], Awaitable[None]]


def play(
    tmp_path: Path,
    workers: Workers,
    story: Play,
    *,
    network: Network | None = None,
    feed: Feed | None = None,
    answers: Mapping[str, Answer] | None = None,
    **more: Answer,
) -> None:
    async def run() -> None:
        async with serving(**{**(answers or {}), **more}) as server:
            chosen = network or Network(host_delay_seconds=0, deadline_seconds=5)
            allowed = replace(chosen, allow=(*chosen.allow, f"127.0.0.1:{server.port}"))
            source = replace(feed or make_feed(full_text=True), url=server.url("/rss"))
            with closing(open_archive(tmp_path / "a.db")) as archive:
                await story(Monitor(archive, workers, server, source, allowed))

    asyncio.run(run())


def test_a_page_is_read_kept_judged_and_not_asked_again(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.keep("/a", score=0.1)
        assert await monitor.round() == {FullTextState.READ: 1}
        stored = monitor.stored("/a")
        assert "steel will come from Harbin" in stored.article.full_text
        assert stored.article.summary == "A crossing."
        assert any("China + Russia" in evidence.what for evidence in stored.annotated.relevance.evidence)
        assert "china" in stored.annotated.concepts
        assert await monitor.round() == {}
        assert monitor.paths() == ["/robots.txt", "/a"]
        gather(monitor.archive, Settings())
        assert monitor.stored("/a").story is not None

    play(tmp_path, workers, story, a=GOOD)


def test_a_feed_that_does_not_ask_for_it_costs_no_request(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.keep("/a")
        assert await monitor.round() == {}
        assert monitor.paths() == []

    play(tmp_path, workers, story, feed=make_feed(), a=GOOD)
    play(tmp_path / "paused", workers, story, feed=replace(make_feed(full_text=True), paused=True), a=GOOD)


def test_when_relevant_reads_what_may_be_about_the_tie_only(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.keep("/a", score=0.05)
        monitor.keep("/b", score=0.04)
        assert await monitor.round() == {FullTextState.READ: 1}
        assert "/b" not in monitor.paths()

    play(tmp_path, workers, story, feed=make_feed(full_text="when_relevant"), a=GOOD, b=GOOD)


def slow(writer: asyncio.StreamWriter) -> Awaitable[None]:
    return asyncio.sleep(30)


BAD: dict[str, tuple[Answer, str, str]] = {
    "pdf": (reply(headers="Content-Type: application/pdf", body=b"%PDF-1.7"), "given-up", "no HTML but 'application/pdf'"),
    "empty": (reply(headers=HTML), "given-up", "empty"),
    "no_text": (reply(headers=HTML, body=b"<html><body><div id=app></div>"), "given-up", "no article"),
    "consent": (reply(headers=HTML, body=CONSENT), "given-up", "hardly a word of the title"),
    "huge": (reply(headers=HTML, body=b"<p>" + b"x" * (11 * 2**20)), "waiting", "larger than 10 MiB"),
    "slow": (slow, "waiting", "within 1 s"),
    "missing": (reply("404 Not Found"), "waiting", "HTTP 404"),
    "gone": (reply("410 Gone"), "given-up", "HTTP 410"),
    "broken": (reply("500 Internal Server Error"), "waiting", "HTTP 500"),
    "private": (reply("302 Found", "Location: http://127.0.0.2:9/"), "given-up", "not public"),
    "file": (reply("302 Found", "Location: file:///etc/passwd"), "given-up", "not an http(s) address"),
    "loop": (reply("302 Found", "Location: /loop"), "waiting", "redirects"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_page_leaves_its_reason_and_stops_no_other(tmp_path: Path, workers: Workers, name: str) -> None:
    answer, state, reason = BAD[name]

    async def story(monitor: Monitor) -> None:
        monitor.keep("/good", f"/{name}")
        for minutes in (0, 11):
            await monitor.round(timedelta(minutes=minutes))
        bad, good = monitor.outcome(f"/{name}"), monitor.outcome("/good")
        assert bad is not None
        assert reason in bad.reason
        assert (bad.state, bad.attempts, bad.text) == (state, 1, "")
        assert good is not None
        assert good.state is FullTextState.READ
        assert monitor.stored(f"/{name}").article.body == "A crossing."

    play(
        tmp_path,
        workers,
        story,
        network=Network(host_delay_seconds=0, deadline_seconds=1),
        answers={"good": GOOD, name: answer},
    )


def test_a_page_that_takes_too_long_to_read_is_given_up(tmp_path: Path, workers: Workers) -> None:
    # libxml2 takes the square of the number of attributes.
    attributes = b" ".join(b"a%d=1" % n for n in range(150_000))

    async def story(monitor: Monitor) -> None:
        monitor.keep("/bomb", "/good")
        assert await monitor.round(seconds=60) == {FullTextState.READ: 1, FullTextState.GIVEN_UP: 1}
        bomb = monitor.outcome("/bomb")
        assert bomb is not None
        assert "more than 10 s of CPU" in bomb.reason

    body = b"<html><body><p " + attributes + b">x</p>"
    play(tmp_path, workers, story, bomb=reply(headers=HTML, body=body), good=GOOD)


def test_a_page_that_fails_three_times_is_given_up(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.keep("/a")
        for minutes in (0, 10, 31, 60, 31 + 241, 600, 900):
            await monitor.round(timedelta(minutes=minutes))
        outcome = monitor.outcome("/a")
        assert outcome is not None
        assert (outcome.state, outcome.attempts) == (FullTextState.GIVEN_UP, 3)
        assert monitor.paths().count("/a") == 3

    play(tmp_path, workers, story, a=reply("503 Service Unavailable"))


def test_a_host_that_is_unwell_is_left_alone(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.keep("/a", "/b", "/c")
        await monitor.round()
        assert monitor.paths().count("/a") + monitor.paths().count("/b") + monitor.paths().count("/c") == 1

    limited = reply("429 Too Many Requests", "Retry-After: 60")
    play(tmp_path, workers, story, a=limited, b=limited, c=limited)


# --- robots.txt and pace ------------------------------------------------------------------------


def test_what_robots_txt_does_not_allow_is_not_asked(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.server.answers["/robots.txt"] = reply(body=b"User-agent: aggregator\nDisallow: /closed")
        monitor.keep("/closed", "/open", "/way")
        await monitor.round()
        assert sorted(monitor.paths()) == ["/open", "/robots.txt", "/way"]
        for path in ("/closed", "/way"):
            outcome = monitor.outcome(path)
            assert outcome is not None
            assert outcome.state is FullTextState.GIVEN_UP
            assert "robots.txt" in outcome.reason

    play(tmp_path, workers, story, open=GOOD, closed=GOOD, way=reply("302 Found", "Location: /closed"))


def test_a_site_whose_robots_txt_is_out_of_order_is_not_asked_for_now(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.server.answers["/robots.txt"] = reply("500 Internal Server Error")
        monitor.keep("/a")
        await monitor.round()
        outcome = monitor.outcome("/a")
        assert outcome is not None
        assert (outcome.state, outcome.reason) == (
            FullTextState.WAITING,
            "robots.txt: HTTP 500 Internal Server Error",
        )
        assert "/a" not in monitor.paths()
        del monitor.server.answers["/robots.txt"]
        assert await monitor.round(timedelta(minutes=31)) == {FullTextState.READ: 1}

    play(tmp_path, workers, story, a=GOOD)


def test_a_crawl_delay_is_kept_and_holds_no_round_up(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        loop = asyncio.get_running_loop()
        monitor.server.answers["/robots.txt"] = reply(body=b"User-agent: *\nCrawl-delay: 0.4")
        monitor.keep("/a", "/b", "/c")
        started = loop.time()
        assert await monitor.round() == {FullTextState.READ: 3}
        assert loop.time() - started >= 0.8
        monitor.server.answers["/robots.txt"] = reply(body=b"User-agent: *\nCrawl-delay: 25")
        monitor.keep("/d", "/e")
        started = loop.time()
        assert await monitor.round(seconds=5) == {FullTextState.READ: 1}
        assert loop.time() - started < 5

    play(tmp_path, workers, story, a=GOOD, b=GOOD, c=GOOD, d=GOOD, e=GOOD)


def test_one_page_at_a_time_from_a_host(tmp_path: Path, workers: Workers) -> None:
    busy = most = 0

    async def answer(writer: asyncio.StreamWriter) -> None:
        nonlocal busy, most
        busy += 1
        most = max(most, busy)
        await asyncio.sleep(0.05)
        await GOOD(writer)
        busy -= 1

    async def story(monitor: Monitor) -> None:
        monitor.keep("/a", "/b", "/c")
        assert await monitor.round() == {FullTextState.READ: 3}
        assert most == 1

    play(tmp_path, workers, story, a=answer, b=answer, c=answer)


# --- secrets ------------------------------------------------------------------------------------


def test_secrets_reach_the_feeds_own_origin_and_no_other(tmp_path: Path, workers: Workers) -> None:
    access = Access(bearer="t0ken", headers={"X-Key": "k3y"}, cookies={"s": "c00kie"})

    async def story(monitor: Monitor) -> None:
        async with serving(b=GOOD, c=GOOD) as other:
            monitor.network = replace(monitor.network, allow=(*monitor.network.allow, f"127.0.0.1:{other.port}"))
            monitor.server.answers["/away"] = reply("302 Found", f"Location: {other.url('/c')}")
            monitor.keep("/a", other.url("/b"), "/away")
            assert await monitor.round() == {FullTextState.READ: 3}
            own = dict(monitor.server.requests)
            assert own["/a"]["authorization"] == "Bearer t0ken"
            assert own["/a"]["accept"].startswith("text/html")
            assert sorted(path for path, _ in other.requests) == ["/b", "/c", "/robots.txt"]
            for headers in (own["/robots.txt"], *(headers for _, headers in other.requests)):
                assert not {"authorization", "x-key", "cookie"} & headers.keys()

    play(tmp_path, workers, story, feed=replace(make_feed(full_text=True), access=access), a=GOOD)


# --- revisions and kills ------------------------------------------------------------------------


def test_a_revised_entry_is_judged_by_the_kept_text_without_a_request(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.keep("/a")
        await monitor.round()
        before = monitor.stored("/a").annotated.relevance.score
        monitor.keep("/a", summary="Quite other words.", score=0.02)
        assert monitor.stored("/a").annotated.relevance.score == 0.02
        assert await monitor.round() == {FullTextState.READ: 1}
        after = monitor.stored("/a")
        assert after.annotated.relevance.score == before
        assert (after.article.summary, bool(after.article.full_text)) == ("Quite other words.", True)
        assert monitor.paths().count("/a") == 1

    play(tmp_path, workers, story, a=GOOD)


_READER = """
import asyncio, sys
from datetime import timedelta
from pathlib import Path
from aggregator import fulltexts
from aggregator.acquire.fetch import make_client
from aggregator.archive.sqlite import open_archive
from aggregator.settings import Network, Settings
from aggregator.workers import Workers
from tests.builders import NOW, make_feed
from dataclasses import replace

async def main():
    path, port = Path(sys.argv[1]), sys.argv[2]
    network = Network(allow=(f"127.0.0.1:{port}",), host_delay_seconds=0.05)
    feed = replace(make_feed(full_text=True), url=f"http://127.0.0.1:{port}/rss")
    fulltexts._BATCH = 2
    with Workers(processes=1, beat="china-russia") as workers:
        async with make_client(network, "1") as client:
            library = fulltexts.open_library(client, network, lambda: NOW)
            settings = Settings(feeds=(feed,), network=network)
            print("begin", flush=True)
            await fulltexts.read_full_texts(open_archive(path), settings, library=library, workers=workers)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_killed_round_is_gone_on_with(tmp_path: Path, workers: Workers) -> None:
    script = tmp_path / "reader.py"
    script.write_text(_READER)
    names = [f"p{n}" for n in range(12)]

    async def story(monitor: Monitor) -> None:
        monitor.keep(*(f"/{name}" for name in names))
        root = Path(__file__).parents[2]
        command = [sys.executable, str(script), str(tmp_path / "a.db"), str(monitor.server.port)]
        child = await asyncio.create_subprocess_exec(
            *command, cwd=root, env={"PYTHONPATH": str(root), "PATH": ""}, stdout=subprocess.PIPE
        )
        while len(monitor.paths()) < 7:
            await asyncio.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL
        kept = [name for name in names if monitor.outcome(f"/{name}")]
        assert 0 < len(kept) < len(names)
        counts = await monitor.round()
        assert counts == {FullTextState.READ: len(names) - len(kept)}
        assert all(monitor.stored(f"/{name}").article.full_text for name in names)
        assert all(monitor.paths().count(f"/{name}") == 1 for name in kept)

    play(tmp_path, workers, story, answers=dict.fromkeys(names, GOOD))


def test_annotations_are_those_of_the_page(tmp_path: Path, workers: Workers) -> None:
    async def story(monitor: Monitor) -> None:
        monitor.keep("/a")
        await monitor.round()
        annotated: Annotated = monitor.stored("/a").annotated
        body = annotated.article.body
        places = [body[m.start : m.end] for m in annotated.mentions if m.field == "text" and m.concept == "russia"]
        assert places
        assert set(places) <= {"Russia", "Moscow"}

    play(tmp_path, workers, story, a=GOOD)
