"""Feeds with filters, polled by the real service: what they keep out is counted and never stored."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from aggregator.cli.output import report_json
from aggregator.cli.rounds import play_round
from aggregator.cli.service import open_service
from aggregator.keeping import PollReport
from aggregator.model.query import Everything
from aggregator.settings import Network, Settings
from tests.builders import NOW, make_feed
from tests.loopback import reply, serving

TIE = "Putin and Xi sign a gas pipeline agreement"
STARS = "Horoscope: what the stars say"
MORE = "China and Russia hold naval drills"
KEPT_OUT = "kept out by the feed's filter"


def rss(*titles: str) -> bytes:
    items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
    return f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


def test_what_a_filter_keeps_out_is_counted_and_never_stored(tmp_path: Path) -> None:
    async def walk() -> None:
        moment = NOW

        def clock() -> datetime:
            return moment

        async with serving(stars=reply(body=rss(TIE, STARS)), tie=reply(body=rss(TIE, STARS))) as server:
            network = Network(allow=(f"127.0.0.1:{server.port}",), workers=1, host_delay_seconds=0)
            dropping = replace(make_feed(server.url("/stars"), outlet="Stars"), drop="title:horoscopes")
            keeping = replace(make_feed(server.url("/tie"), outlet="Tie"), keep="actor:Путин")
            settings = Settings(
                feeds=(dropping, keeping), network=network, archive=tmp_path / "a.db", digests=(), alerts=()
            )
            async with open_service(settings, clock) as service:

                def stored() -> list[tuple[str, str]]:
                    page = service.archive.search(Everything(), order="oldest", limit=99, offset=0)
                    return sorted((one.article.outlet, one.article.title) for one in page.articles)

                first = (await play_round(service, progress=False)).report
                assert counts(first) == {"fetched": 4, "stored": 2, "duplicate": 0, "dropped": 2}
                assert first.dropped == {KEPT_OUT: 2}
                assert stored() == [("Stars", TIE), ("Tie", TIE)]
                remembered = service.archive.feed_states()[dropping.url].kept_out
                assert len(remembered.contents.split()) == 1

                # Unchanged: nothing is read, and what is remembered stays.
                moment += timedelta(hours=1)
                await play_round(service, progress=False)
                assert service.archive.feed_states()[dropping.url].kept_out == remembered

                # Changed: what is new is judged, what was kept out stays out and is counted.
                moment += timedelta(hours=1)
                server.answers["/stars"] = reply(body=rss(MORE, TIE, STARS))
                changed = (await play_round(service, progress=False)).report
                assert counts(changed) == {"fetched": 3, "stored": 1, "duplicate": 1, "dropped": 1}
                assert stored() == [("Stars", MORE), ("Stars", TIE), ("Tie", TIE)]
                assert service.archive.feed_states()[dropping.url].kept_out == remembered

    asyncio.run(walk())


def counts(report: PollReport) -> object:
    return report_json(report)["entries"]
