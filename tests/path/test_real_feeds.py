"""Real feed documents, served on loopback, through the whole path without a crash."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from aggregator.cli.rounds import play_round
from aggregator.cli.service import open_service
from aggregator.demo import RECORDED_UNTIL, sample_server
from aggregator.settings import Camp, Feed, Network, Settings
from tests.shared_data import SHARED, needs_shared_data


@needs_shared_data
def test_real_documents_go_through_the_whole_path(tmp_path: Path) -> None:
    folder = SHARED / "feeds_real"
    names = sorted(file.name for file in folder.iterdir())
    with sample_server(now=RECORDED_UNTIL, folder=folder) as port:
        feeds = tuple(
            Feed(url=f"http://127.0.0.1:{port}/{name}", outlet=name, language="en", country="US", camp=Camp.OTHER)
            for name in names
        )
        network = Network(allow=(f"127.0.0.1:{port}",), host_delay_seconds=0)
        settings = Settings(
            feeds=feeds, network=network, archive=tmp_path / "archive.db", digest_folder=tmp_path / "digests"
        )

        async def walk() -> None:
            async with open_service(settings, clock=lambda: datetime(2026, 3, 5, tzinfo=UTC)) as service:
                done = await play_round(service, progress=False)
                report = done.report
                print(Counter(failure.reason for failure in report.failures), report.dropped)
                print(f"{report.fetched} fetched, {report.stored} stored, {report.duplicate} duplicate")
                assert report.fetched == report.stored + report.duplicate + sum(report.dropped.values())
                assert report.feeds("ok") >= 0.93 * len(names)
                assert report.stored >= 1500
                assert service.archive.counts()["articles"] == report.stored == done.placed

        asyncio.run(walk())
