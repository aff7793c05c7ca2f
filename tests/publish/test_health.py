"""How a feed is doing, in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aggregator.model import FailureKind, Health, Moved, Rhythm
from aggregator.publish.health import FeedHealth, feed_health, worst_first
from aggregator.publish.view import FeedReport
from aggregator.settings import Network
from tests.builders import NOW, make_feed, make_state

DAILY = Rhythm(articles=7, days=6.75, learnt=NOW, last_new=NOW)


def told(
    *,
    rhythm: Rhythm = DAILY,
    health: Health = Health.OK,
    failure: FailureKind | None = None,
    reason: str = "",
    moved: Moved = Moved(),  # noqa: B008 - frozen
) -> FeedHealth:
    state = replace(make_state(health=health, reason=reason), rhythm=rhythm, failure=failure, moved=moved)
    return feed_health(FeedReport(feed=make_feed(), state=state), Network(), NOW)


def test_a_feed_that_is_well() -> None:
    one = told()
    assert (one.state, one.reason, one.advice) == ("ok", "", "")
    assert one.rhythm == "2 a day, asked every 30 min"


def test_a_silent_feed_is_told_with_its_usual_rhythm() -> None:
    one = told(rhythm=replace(DAILY, articles=40, last_new=NOW - timedelta(days=4)))
    assert (one.state, one.silent_days) == ("silent", 4)
    assert "silent for 4 days; usually 7 a day" in one.reason
    assert "frozen" in one.advice


@pytest.mark.parametrize("kind", FailureKind)
def test_each_kind_of_failure_has_its_advice(kind: FailureKind) -> None:
    one = told(health=Health.GONE if kind is FailureKind.GONE else Health.FAILING, failure=kind, reason="why")
    assert one.reason == "why"
    assert len(one.advice) > 10


def test_a_feed_that_has_moved_says_where() -> None:
    one = told(moved=Moved(asked="https://new.example/rss"))
    assert one.state == "ok"
    assert "https://new.example/rss" in one.reason
    assert "feeds.yaml" in one.advice


def test_the_worst_come_first() -> None:
    gone = told(health=Health.GONE, failure=FailureKind.GONE)
    failing = told(health=Health.FAILING, failure=FailureKind.TIMEOUT)
    assert [one.state for one in worst_first([told(), failing, gone])] == ["gone", "failing", "ok"]
