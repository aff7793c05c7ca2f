"""Alerts: once per story and rule, again when the rule says so, and quiet when it should be."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from aggregator import pipeline
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.editions import compose
from aggregator.model import Annotated, DeliveryState, Evidence, Health, Notice, Placement
from aggregator.publish.alerts import Asked, Matched, is_quiet, notice_of
from aggregator.publish.notices import notice_deliveries
from aggregator.query import parse_query
from aggregator.settings import AlertRule, Camp, DigestDefinition, Escalation, Settings
from tests.builders import (
    NOTHING,
    NOW,
    make_annotated,
    make_article,
    make_feed,
    make_harvest,
    make_state,
    make_story,
    place_alone,
)

GAS = AlertRule(name="gas", query="pipeline", recipients=("one@example.org", "two@example.org"))
TALKS = AlertRule(name="talks", query="negotiations", minimum_relevance=0.7)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    opened = open_archive(tmp_path / "a.db")
    yield opened
    opened.close()


def add(archive: SqliteArchive, title: str, *, score: float = 0.9, joins: int | None = None) -> None:
    archive.save(make_harvest(make_annotated(make_article(title), score=score)))
    archive.place(Placement(article=stored.id, joins=joins) for stored in archive.unplaced(9))


def alert(archive: SqliteArchive, *rules: AlertRule) -> int:
    return pipeline.alert(archive, Settings(alerts=rules or (GAS, TALKS)), now=NOW, address="http://127.0.0.1:1")


def notice(rule: AlertRule, *articles: Annotated, last: Notice | None = None, address: str = "") -> Notice | None:
    """What a rule tells of a story of these articles, of which the last is new."""
    story = make_story(*articles, story_id=7)
    asked = Asked(rule=rule, query=parse_query(rule.query, vocabulary=NOTHING, now=NOW))
    matched = Matched(story=story, article=story.articles[-1])
    return notice_of(asked, matched, last, beat=load_beat(), now=NOW, address=address)


def test_articles_below_the_relevance_stay_quiet_and_a_story_gives_one_notice(archive: SqliteArchive) -> None:
    add(archive, "Negotiations one", score=0.699)
    add(archive, "Negotiations two", score=0.7)
    add(archive, "Negotiations three", score=0.9, joins=2)
    add(archive, "Negotiations four", score=0.2, joins=2)
    assert alert(archive, TALKS) == 1
    assert [(n.story, n.headline) for n in archive.notices(9)] == [(2, "Negotiations three")]


def test_a_notice_says_why_and_where() -> None:
    evidence = (
        Evidence("Gazprom named", "title", 2.0),
        Evidence("round-up", "text", -1.0),
        Evidence("CNPC", "text", 1.0),
    )
    annotated = make_annotated(score=0.83, evidence=evidence)
    made = notice(GAS, annotated, address="http://127.0.0.1:8000")
    assert made is not None
    assert made.why == "matches 'pipeline'; relevance 0.83: Gazprom named; CNPC"
    assert made.url == "http://127.0.0.1:8000/story/7"
    without_page = notice(GAS, annotated)
    assert without_page is not None
    assert without_page.url == annotated.article.url


def test_each_recipient_of_a_notice_gets_a_mail_that_names_rule_headline_reason_and_how_to_stop_it() -> None:
    made = notice(GAS, make_annotated(make_article("Pipeline <b>signed", text="The pipeline deal. " * 20)))
    assert made is not None
    mails = [delivery for delivery in notice_deliveries(made) if delivery.channel == "mail"]
    assert [mail.target for mail in mails] == list(GAS.recipients)
    assert {(mail.kind, mail.key) for mail in mails} == {("alert", "alert/gas/7")}
    assert mails[0].subject == "[gas] Pipeline <b>signed"
    lines = mails[0].text.split("\n")
    assert lines[0] == "«Pipeline» <b>signed"
    assert "«pipeline» deal" in lines[1]
    assert lines[2:4] == [f"Why: {made.why}", "First: Example (Other), 05 Mar 12:00 UTC; 1 independent source(s)"]
    assert lines[4:] == [f"Read: {made.url}", "Quiet: aggregator alerts mute gas --story 7"]
    urgent = notice_deliveries(replace(made, severity="urgent", number=2))
    assert urgent[0].subject == "URGENT: [gas] (again, 2) Pipeline <b>signed"
    of_no_story = notice_deliveries(replace(made, story=0, number=2))
    assert of_no_story[0].subject == "[gas] Pipeline <b>signed", "a second spike or feed is not the first once more"


# --- again, and when not -----------------------------------------------------------------------


def told(
    outlet: str, title: str = "Pipeline signed", camp: Camp = Camp.WIRE, concepts: tuple[str, ...] = ()
) -> Annotated:
    return make_annotated(make_article(title, outlet=outlet, camp=camp, text=outlet), concepts=concepts, score=0.9)


@pytest.mark.parametrize(
    ("escalate", "more", "why"),
    [
        (Escalation(), (told("B"), told("C")), None),
        (Escalation(sources=2), (told("B"),), None),
        (Escalation(sources=2), (told("B"), told("C")), "3 independent sources now, 1 before"),
        (Escalation(camps=True), (told("B"),), None),
        (Escalation(camps=True), (told("B", camp=Camp.CN_STATE),), "told by Chinese state too"),
        (Escalation(news=True), (told("B", "Pipeline: signed"),), None),
        (Escalation(news=True), (told("B", "Pipeline signed for 5 billion"),), "new in it: n:5e+09"),
        (Escalation(news=True), (told("B", concepts=("vladimir-putin",)),), "new in it: Vladimir Putin"),
        (
            Escalation(sources=1, camps=True),
            (told("B", camp=Camp.CN_STATE),),
            "2 independent sources now, 1 before; told by Chinese state too",
        ),
    ],
)
def test_a_story_is_told_again_when_the_rule_says_so(
    escalate: Escalation, more: tuple[Annotated, ...], why: str | None
) -> None:
    rule = replace(GAS, escalate=escalate)
    first = notice(rule, told("A"))
    again = notice(rule, told("A"), *more, last=first)
    assert first is not None
    assert (again and again.why) == why
    if again:
        assert (again.number, again.key) == (2, "alert/gas/7-2")
        assert notice(rule, told("A"), *more, last=again) is None


def test_an_escalation_is_sent_once_and_beside_the_first(archive: SqliteArchive) -> None:
    rule = replace(GAS, escalate=Escalation(camps=True))
    for n, camp in enumerate((Camp.WIRE, Camp.WIRE, Camp.CN_STATE, Camp.CN_STATE)):
        article = make_article(f"Pipeline {n}", outlet=f"O{n}", camp=camp)
        archive.save(make_harvest(make_annotated(article, score=0.9)))
        archive.place([Placement(article=n + 1, joins=1 if n else None)])
        alert(archive, rule)
    assert [(n.number, n.headline) for n in sorted(archive.notices(9), key=lambda n: n.number)] == [
        (1, "Pipeline 0"),
        (2, "Pipeline 2"),
    ]
    assert len(archive.deliveries(DeliveryState.QUEUED)) == 4


@pytest.mark.parametrize(
    ("quiet", "days", "zone", "moment", "is_so"),
    [
        ("", "daily", "UTC", "2026-03-05T03:00", False),
        ("22:00-07:00", "daily", "UTC", "2026-03-05T03:00", True),
        ("22:00-07:00", "daily", "UTC", "2026-03-05T22:00", True),
        ("22:00-07:00", "daily", "UTC", "2026-03-05T07:00", False),
        ("22:00-07:00", "daily", "Asia/Shanghai", "2026-03-05T15:00", True),
        ("12:00-13:00", "daily", "UTC", "2026-03-05T12:59", True),
        ("12:00-13:00", "daily", "UTC", "2026-03-05T13:00", False),
        ("", "weekdays", "UTC", "2026-03-07T12:00", True),
        ("", ("sat",), "UTC", "2026-03-07T12:00", False),
        ("", ("sat",), "UTC", "2026-03-08T12:00", True),
    ],
)
def test_quiet_hours_are_those_of_the_rules_zone(quiet: str, days: Any, zone: str, moment: str, is_so: bool) -> None:
    rule = replace(GAS, quiet=quiet, days=days, zone=zone)
    assert is_quiet(rule, datetime.fromisoformat(moment).replace(tzinfo=UTC)) is is_so


def test_in_quiet_hours_nothing_is_sent_but_what_is_urgent_and_the_digest_tells_the_rest(
    archive: SqliteArchive,
) -> None:
    add(archive, "Pipeline signed")
    quiet = replace(GAS, quiet="11:00-13:00")
    assert alert(archive, quiet, replace(quiet, name="urgent", severity="urgent")) == 2
    assert {one.key for one in archive.deliveries(DeliveryState.QUEUED)} == {"alert/urgent/1"}
    assert {(n.rule, n.held, n.is_kept_only) for n in archive.notices(9)} == {
        ("gas", "quiet hours", True),
        ("urgent", "", False),
    }
    definition = DigestDefinition()
    window = (NOW - timedelta(days=1), NOW + timedelta(hours=1))
    edition = compose(archive, Settings(), definition, NOW.date(), window)
    assert "Alerts held back" in edition.html
    assert edition.html.count("gas: matches") == 1


def later(archive: SqliteArchive, minutes: int, *rules: AlertRule) -> int:
    return pipeline.alert(archive, Settings(alerts=rules), now=NOW + timedelta(minutes=minutes))


def test_what_comes_in_the_cooldown_comes_together_after_it(archive: SqliteArchive) -> None:
    rule = replace(GAS, cooldown_minutes=60, recipients=("one@example.org",))
    for n, minutes in enumerate((0, 10, 20)):
        add(archive, f"Pipeline {n}")
        later(archive, minutes, rule)
    assert [one.key for one in archive.deliveries(DeliveryState.QUEUED)] == ["alert/gas/1"]
    later(archive, 59, rule)
    assert len(archive.deliveries(DeliveryState.QUEUED)) == 1
    later(archive, 60, rule)
    later(archive, 61, rule)
    _, together = archive.deliveries(DeliveryState.QUEUED)
    assert together.subject == "[gas] 2 more stories"
    assert together.text.index("«Pipeline» 1") < together.text.index("«Pipeline» 2")
    assert {n.held for n in archive.notices(9)} == {"", "told with others"}
    assert not any(n.is_kept_only for n in archive.notices(9))


def test_more_notices_than_an_hour_lets_through_come_together(archive: SqliteArchive) -> None:
    rule = replace(GAS, per_hour=3, recipients=("one@example.org",))
    for n in range(8):
        add(archive, f"Pipeline {n}")
    assert later(archive, 0, rule) == 8
    assert len(archive.deliveries(DeliveryState.QUEUED)) == 3
    later(archive, 61, rule)
    assert archive.deliveries(DeliveryState.QUEUED)[-1].subject == "[gas] 5 more stories"


# --- what is no news ---------------------------------------------------------------------------


def test_old_articles_and_the_backlog_of_a_new_feed_are_stored_and_do_not_alert(archive: SqliteArchive) -> None:
    backlog = [
        make_article("Pipeline, long ago", published=NOW - timedelta(days=3)),
        make_article("Pipeline, dateless in a new feed", published=None, feed_url="https://new.example/rss"),
    ]
    archive.save(make_harvest(*map(make_annotated, backlog)))
    place_alone(archive)
    assert alert(archive, GAS) == 0
    news = make_article(
        "Pipeline, dateless later",
        published=None,
        feed_url="https://new.example/rss",
        first_seen=NOW + timedelta(hours=1),
    )
    archive.save(make_harvest(make_annotated(news)))
    place_alone(archive)
    assert later(archive, 61, GAS) == 1


# --- other kinds -------------------------------------------------------------------------------


def test_first_tells_what_a_camp_reports_first(archive: SqliteArchive) -> None:
    rule = replace(GAS, kind="first", camp=Camp.CN_STATE)
    for n, camp in enumerate((Camp.CN_STATE, Camp.WIRE, Camp.WIRE)):
        archive.save(make_harvest(make_annotated(make_article(f"Pipeline {n}", outlet=f"O{n}", camp=camp), score=0.9)))
    archive.place([Placement(article=1), Placement(article=2, joins=1), Placement(article=3)])
    assert alert(archive, rule) == 1
    assert archive.notices(9)[0].story == 1


def test_silence_tells_what_a_camp_has_not_reported_though_its_feeds_were_read(archive: SqliteArchive) -> None:
    began = NOW - timedelta(hours=30)
    for n, camp in enumerate((Camp.WIRE, Camp.WIRE, Camp.CN_STATE)):
        article = make_article(f"Pipeline {n}", outlet=f"O{n}", camp=camp, published=began, first_seen=began)
        archive.save(make_harvest(make_annotated(article, score=0.9)))
    archive.place([Placement(article=1), Placement(article=2), Placement(article=3, joins=2)])
    feed = make_feed("https://cn.example/rss", camp=Camp.CN_STATE)
    archive.save(replace(make_harvest(), feed=feed, state=make_state(feed.url)))
    rule = replace(GAS, kind="silence", camp=Camp.CN_STATE, hours=24)
    settings = Settings(alerts=(rule,), feeds=(feed,))
    assert pipeline.alert(archive, settings, now=NOW) == 1
    (made,) = archive.notices(9)
    assert (made.story, made.why) == (1, "Chinese state has not reported it in 24 hours, and all its feeds were read")
    assert pipeline.alert(archive, settings, now=NOW + timedelta(minutes=1)) == 0
    assert pipeline.alert(archive, settings, now=NOW + timedelta(hours=2)) == 0
    unread = Settings(
        alerts=(replace(rule, name="other"),), feeds=(feed, make_feed("https://x.example", camp=Camp.CN_STATE))
    )
    assert pipeline.alert(archive, unread, now=NOW + timedelta(hours=3)) == 0


def test_feeds_in_trouble_are_told_once_in_each_trouble_and_an_outage_as_one(archive: SqliteArchive) -> None:
    feeds = [make_feed(f"https://f{n}.example/rss", outlet=f"F{n}") for n in range(6)]
    rule = replace(GAS, name="sources", query="", kind="feeds", hours=12)
    settings = Settings(alerts=(rule,), feeds=tuple(feeds))

    def told(hours: int, *failing: int) -> list[str]:
        now = NOW + timedelta(hours=hours)
        for n, feed in enumerate(feeds):
            health = Health.FAILING if n in failing else Health.OK
            state = make_state(feed.url, health=health, failures=3, reason="HTTP 503")
            known = archive.feed_states().get(feed.url)
            state = replace(state, last_ok=known.last_ok if known and n in failing else now)
            archive.save(replace(make_harvest(), feed=feed, state=state))
        before = {notice.key for notice in archive.notices(99)}
        pipeline.alert(archive, settings, now=now)
        return sorted(notice.headline for notice in archive.notices(99) if notice.key not in before)

    assert told(0) == []
    assert told(6, 1) == []
    assert told(12, 1) == ["F1 could not be read since 2026-03-05 12:00 UTC"]
    assert told(13, 1, 2) == []
    assert told(24, 1, 2) == ["F2 could not be read since 2026-03-06 00:00 UTC"]
    assert told(25) == []
    assert told(26, 1, 2, 3, 4, 5) == []
    assert told(38, 1, 2, 3, 4, 5) == ["5 of 6 feeds could not be read since 2026-03-06 13:00 UTC"]
    assert told(50, 1, 2, 3, 4, 5) == []


def test_a_spike_is_told_once(archive: SqliteArchive) -> None:
    """Two articles on the same hours of eight weeks, then twelve."""
    moments = [NOW - timedelta(weeks=week, minutes=30 + n) for week in range(1, 9) for n in range(2)]
    moments += [NOW - timedelta(minutes=20 + n) for n in range(12)]
    for n, moment in enumerate(moments):
        article = make_article(f"Pipeline {n}", published=moment, first_seen=moment)
        archive.save(make_harvest(make_annotated(article, score=0.9)))
    place_alone(archive)
    rule = replace(GAS, kind="spike", hours=6)
    assert alert(archive, rule) == 1
    (made,) = archive.notices(9)
    assert (made.headline, made.story) == ("12 articles in 6 hours, 2 usually", 0)
    assert made.url == "http://127.0.0.1:1/search?q=pipeline"
    assert later(archive, 30, rule) == 0


def test_a_second_run_gives_nothing_twice(archive: SqliteArchive) -> None:
    add(archive, "Pipeline signed")
    add(archive, "Negotiations go on")
    add(archive, "Harvest")
    assert alert(archive) == 2
    assert alert(archive) == 0
    assert archive.counts()["notices"] == 2
    assert [d.target for d in archive.deliveries(DeliveryState.QUEUED)] == list(GAS.recipients)


def test_a_story_that_grows_gives_no_second_notice_for_the_rule_but_one_for_another(archive: SqliteArchive) -> None:
    add(archive, "Pipeline signed")
    assert alert(archive) == 1
    add(archive, "Pipeline signed, say others", joins=1)
    assert alert(archive) == 0
    add(archive, "Pipeline negotiations", joins=1)
    assert alert(archive) == 1
    assert {(n.rule, n.story) for n in archive.notices(9)} == {("gas", 1), ("talks", 1)}


def test_a_story_is_told_once_a_relevant_report_joins_it(archive: SqliteArchive) -> None:
    add(archive, "Pipeline rumour", score=0.3)
    assert alert(archive) == 0
    add(archive, "Pipeline confirmed", score=0.8, joins=1)
    assert alert(archive) == 1


def test_the_mark_moves_to_the_last_placed_article_even_without_a_match(archive: SqliteArchive) -> None:
    add(archive, "Harvest")
    archive.save(make_harvest(make_annotated(make_article("Pipeline not placed yet"))))
    assert archive.alert_mark() == 0
    assert alert(archive) == 0
    assert archive.alert_mark() == 1
    place_alone(archive)
    assert alert(archive) == 1
    assert archive.alert_mark() == 2


def test_a_rule_added_later_does_not_tell_of_old_stories(archive: SqliteArchive) -> None:
    add(archive, "Pipeline signed")
    assert alert(archive, TALKS) == 0
    assert alert(archive, TALKS, GAS) == 0


def test_notices_and_mark_are_kept_together_or_not_at_all(archive: SqliteArchive) -> None:
    add(archive, "Pipeline signed")
    made = notice(GAS, make_annotated(make_article("Pipeline signed")))
    assert made is not None
    made = replace(made, story=1)
    broken = replace(made, rule="other", headline=None)  # type: ignore[arg-type]
    mails = [one for one in notice_deliveries(made) if one.channel == "mail"]
    with pytest.raises(Exception, match="NOT NULL"):
        archive.save_notices([made, broken], mails, mark=1)
    assert (archive.alert_mark(), archive.counts()["notices"], archive.counts()["deliveries"]) == (0, 0, 0)
    assert archive.save_notices([made], mails, mark=1) == 1
    assert archive.notices(9) == (made,)
    assert archive.save_notices([made], mails, mark=1) == 0
    assert archive.counts()["deliveries"] == 2
