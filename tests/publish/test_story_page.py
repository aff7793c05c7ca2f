"""The page of a story: ladder, framing, reprints, silence, affair and edits, as the command tells them; hostile text inert."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.annotate.beat import load_beat
from aggregator.archive import Archive
from aggregator.archive.sqlite import read_archive
from aggregator.model import Episode, Placement
from aggregator.publish.telling import nearest
from aggregator.publish.view import FeedReport
from aggregator.publish.web.app import make_app
from aggregator.settings import Camp
from tests.builders import NOW, filled_archive, make_annotated, make_article, make_feed, make_harvest, make_state
from tests.publish.test_digest import ATTACKS
from tests.publish.test_web import Client, assert_inert, client_of, elements

WIRE = make_article(
    "Pipeline signed", outlet="Wire", camp=Camp.RU_STATE, text="Gas will flow.", url="https://w.example/1"
)
REPRINT = make_article("Pipeline signed!", outlet="Daily", camp=Camp.RU_STATE, published=NOW + timedelta(minutes=20))
CHINESE = make_article(
    "中俄签署管道协议", outlet="北京", camp=Camp.CN_STATE, language="zh", published=NOW + timedelta(hours=3)
)
LATER = make_article("Mongolia welcomes the pipeline", outlet="Steppe", published=NOW + timedelta(days=2))


def episode(story: int, *shares: str) -> Episode:
    return Episode(story=story, affair=1, date=NOW + timedelta(days=story), terms={}, shares=shares)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    articles = [make_annotated(article) for article in (WIRE, REPRINT, CHINESE, LATER)]
    with filled_archive(tmp_path / "a.db", *articles) as archive:
        archive.place([Placement(article=2, joins=1, copy_of=1), Placement(article=3, joins=1)])
        archive.save_episodes([episode(1), episode(4, "pipeline", "<i>Gas</i>")])
        edited = make_article(
            "Pipeline signed", outlet="Wire", camp=Camp.RU_STATE, text="Gas <b>may</b> flow.", url="https://w.example/1"
        )
        archive.save(make_harvest(make_annotated(edited)))
    return tmp_path / "a.db"


def texts(html: str, tag: str) -> list[str]:
    return ["".join(element.itertext()).strip() for element in elements(html) if element.tag == tag]


def table(html: str, name: str) -> list[list[str]]:
    (found,) = [e for e in elements(html) if e.tag == "table" and e.get("aria-labelledby") == name]
    return [["".join(cell.itertext()) for cell in row] for row in found.iter("tr")]


def test_ladder_framing_and_reprints_are_tables_with_headings(path: Path) -> None:
    html = client_of(path).get("/story/1").text
    assert [row[0] for row in table(html, "ladder")] == [
        *("First", "first", "language en", "camp Russian state", "language zh", "camp Chinese state")
    ]
    assert table(html, "ladder")[-1][3] == "+3 h"
    assert [row[:2] for row in table(html, "framing")[1:]] == [["Russian state", "2"], ["Chinese state", "1"]]
    assert table(html, "lineage")[1][::2] == ["Wire", "Daily"]
    assert "2 independent sources" in html
    assert_inert(html)


def test_an_affair_leads_to_its_other_stories(path: Path) -> None:
    html = client_of(path).get("/story/1").text
    assert "Earlier and later" in html
    assert 'href="/story/4"' in html
    assert "shares: pipeline, &lt;i&gt;Gas&lt;/i&gt;" in html
    assert 'href="/story/1"' not in html


def test_a_story_alone_has_neither_affair_nor_reprints_nor_edits(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db", make_annotated(WIRE)) as archive:
        archive.save_episodes([episode(1)])
    html = client_of(tmp_path / "a.db").get("/story/1").text
    assert not {"Earlier and later", "One text, one source"} & set(texts(html, "h2"))
    assert "Edited" not in html


def test_edits_stand_with_their_report_and_are_escaped(path: Path) -> None:
    html = client_of(path).get("/story/1").text
    assert "Edited once since" in html
    assert (texts(html, "del"), texts(html, "ins")) == (["will"], ["<b>may</b>"])
    assert_inert(html)


@pytest.mark.parametrize(("hours_after", "silent"), [(30, True), (20, False)])
def test_a_camp_whose_feeds_are_well_and_say_nothing_is_silent(path: Path, hours_after: int, silent: bool) -> None:
    def reports(archive: Archive) -> Sequence[FeedReport]:
        state = replace(make_state(), last_ok=NOW + timedelta(hours=hours_after))
        return [FeedReport(feed=make_feed(camp=Camp.WESTERN), state=state)]

    now = NOW + timedelta(hours=hours_after)
    app = make_app(lambda: read_archive(path), load_beat(), clock=lambda: now, feed_reports=reports)
    assert ("Nothing within 24 hours from: Western" in Client(app).get("/story/1").text) is silent


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_edits_and_affairs_do_nothing(tmp_path: Path, attack: str) -> None:
    old = make_article("Calm", url="https://example.com/p", text="Calm words.")
    new = make_article(attack, url="https://example.com/p", text=f"{attack} words.", outlet="Example")
    with filled_archive(tmp_path / "a.db", make_annotated(old), make_annotated(make_article("Other"))) as archive:
        archive.save(make_harvest(make_annotated(new)))
        archive.save_episodes([episode(1), episode(2, attack)])
    assert_inert(client_of(tmp_path / "a.db").get("/story/1").text)


def test_of_a_long_affair_the_nearest_stories_are_told() -> None:
    episodes = [episode(number) for number in range(1, 101)]
    assert [one.story for one in nearest(episodes, 50)] == list(range(38, 63))
    assert [one.story for one in nearest(episodes, 1)] == list(range(1, 14))
    assert nearest([], 1) == []
