"""Every hostile answer of `tests/tools/hostile_server.py` beside fifty healthy feeds: each outcome met, nobody harmed.

The server lists its faults with the outcome that it expects; the canary is what no request may ever reach.
"""

import asyncio
import email
import json
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.policy import SMTP
from pathlib import Path
from typing import Any

import psutil
import pytest

from aggregator import pipeline
from aggregator.archive.sqlite import open_archive
from aggregator.cli.service import open_service
from aggregator.editions import compose
from aggregator.keeping import PollReport
from aggregator.model import Health
from aggregator.model.query import NameIs
from aggregator.publish.digest import edition_deliveries
from aggregator.publish.message import make_message
from aggregator.settings import Camp, DigestDefinition, Feed, Mail, Network, Settings
from tests.publish.inert import assert_inert, assert_inert_mail
from tests.publish.test_message import HEADERS

SERVER = Path(__file__).parents[1] / "tools" / "hostile_server.py"
#: Families of addresses that need a number, and the canary itself: not feeds by themselves.
NOT_FEEDS = {"/rolling/", "/bulk/", "/canary/"}
HEALTHY = 50


@dataclass(frozen=True)
class Walked:
    """What two rounds over all the faults came to; the report is that of the first."""

    settings: Settings
    faults: Sequence[Mapping[str, Any]]
    report: PollReport
    stored: Mapping[str, int]
    health: Mapping[str, Health]
    canary: Sequence[Mapping[str, Any]]
    seconds: float
    peak_megabytes: float


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port_file = tmp_path_factory.mktemp("server") / "ports.json"
    command = [sys.executable, str(SERVER), "--port", "0", "--max-seconds", "280", "--port-file", str(port_file)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            if port_file.is_file() and port_file.read_text():
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{json.loads(port_file.read_text())['port']}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def walked(base: str, tmp_path_factory: pytest.TempPathFactory) -> Walked:
    faults = [fault for fault in _get(base, "/")["faults"] if fault["path"] not in NOT_FEEDS]
    paths = [fault["path"] for fault in faults] + [f"/ok?key={n}" for n in range(HEALTHY)]
    settings = Settings(
        feeds=tuple(Feed(url=base + path, outlet=path, language="en", country="US", camp=Camp.OTHER) for path in paths),
        network=Network(allow=(base.removeprefix("http://"),), deadline_seconds=10, per_host=64, host_delay_seconds=0),
        archive=tmp_path_factory.mktemp("hostile") / "archive.db",
    )
    started = time.monotonic()
    with peak_memory() as peak:
        report, stored, health = asyncio.run(_round(settings))
    seconds = time.monotonic() - started
    return Walked(settings, faults, report, stored, health, _get(base, "/__canary"), seconds, max(peak) / 1e6)


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """Bytes that this process has grown by, with what its workers hold, ten times a second."""
    seen, ended = [0], threading.Event()
    begun = psutil.Process().memory_info().rss

    def watch() -> None:
        while not ended.wait(0.1):
            with suppress(psutil.NoSuchProcess):  # a worker that was killed in between
                workers = [
                    p for p in psutil.Process().children(recursive=True) if "multiprocessing" in "".join(p.cmdline())
                ]
                seen.append(psutil.Process().memory_info().rss - begun + sum(p.memory_info().rss for p in workers))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


async def _round(settings: Settings) -> tuple[PollReport, dict[str, int], dict[str, Health]]:
    async with open_service(settings) as service:
        report = await service.poll(progress=False)
        await service.poll(by_command=True, progress=False)
        states = service.archive.feed_states()
        stored = {
            feed.outlet: service.archive.search(NameIs("outlet", feed.outlet), order="newest", limit=1, offset=0).total
            for feed in settings.feeds
        }
        return report, stored, {feed.outlet: states[feed.url].health for feed in settings.feeds}


def _get(base: str, path: str) -> Any:
    with urllib.request.urlopen(base + path) as answer:
        return json.load(answer)


def test_every_fault_meets_its_outcome(walked: Walked) -> None:
    wrong = []
    for fault in walked.faults:
        path, outcome = fault["path"], fault["outcome"]
        ok = walked.health[path] is Health.OK
        if (outcome == "ok" and not ok) or (outcome in ("error", "gone") and ok):
            wrong.append(f"{path}: expected {outcome}, is {walked.health[path]}")
        if outcome in ("ok", "error") and fault["stories"] not in (None, walked.stored[path]):
            wrong.append(f"{path}: {walked.stored[path]} stored, {fault['stories']} expected")
    assert wrong == [], "\n".join(wrong)


def test_healthy_feeds_beside_them_are_all_stored(walked: Walked) -> None:
    assert [walked.stored[f"/ok?key={n}"] for n in range(HEALTHY)] == [5] * HEALTHY


def test_the_canary_is_never_touched(walked: Walked) -> None:
    assert walked.canary == []


def test_an_edition_of_all_that_was_fetched_is_inert_as_page_and_mail(walked: Walked) -> None:
    now = datetime.now(UTC)
    definition = DigestDefinition(
        minimum_relevance=0, maximum_stories=1000, also_noted=1000, subject="{top}", recipients=("reader@example.org",)
    )
    settings = replace(walked.settings, digests=(definition,))
    with closing(open_archive(settings.archive)) as archive:
        pipeline.gather(archive, settings)
        begin = datetime(1970, 1, 2, tzinfo=UTC)
        edition = compose(archive, settings, definition, now.date(), (begin, now + timedelta(days=1)))
    assert len(edition.stories) > 100
    assert "/xss-corpus</" in edition.html
    assert_inert(edition.html)
    *_, mail = edition_deliveries(edition, definition, settings.digest_folder, now)
    message = email.message_from_bytes(make_message(mail, Mail(host="x", sender="sender@example.org")), policy=SMTP)
    assert sorted(message.keys()) == sorted({*HEADERS} - {"Content-Transfer-Encoding"})  # its parts have one each
    html = message.get_body(("html",))
    assert html is not None
    assert_inert_mail(html.get_content())


def test_each_failure_has_its_reason_and_every_entry_is_accounted_for(walked: Walked) -> None:
    assert all(failure.reason for failure in walked.report.failures)
    assert all(len(failure.reason) < 400 for failure in walked.report.failures)
    report = walked.report
    assert report.fetched == report.stored + report.duplicate + sum(report.dropped.values())


def test_memory_stays_bounded(walked: Walked) -> None:
    """Beside a parent that has not begun, of 65 MB; the aim of 400 MB in all is missed (docs/speed.md)."""
    assert walked.peak_megabytes < 420


def test_two_rounds_end_in_time(walked: Walked) -> None:
    """The deadline of a fetch is 10 s and 64 run at once: the slowest faults may fill two turns a round."""
    assert walked.seconds < 120
