"""Alerts: once per story and rule, and never again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from aggregator import pipeline
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import DeliveryState, Evidence, Placement
from aggregator.publish.alerts import alert_deliveries, find_notices
from aggregator.settings import AlertRule, Settings
from tests.builders import NOW, make_annotated, make_article, make_harvest, make_stored, place_alone

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


def test_a_story_gives_one_notice_however_many_of_its_articles_match() -> None:
    one = make_annotated(make_article("First"))
    other = make_annotated(make_article("Second"))
    matching = [make_stored(one, 1), make_stored(other, 2), make_stored(one, 3, story=2)]
    notices = find_notices(GAS, matching, now=NOW)
    assert [(n.story, n.headline) for n in notices] == [(1, "First"), (2, "First")]
    assert [n.key for n in notices] == ["alert/gas/1", "alert/gas/2"]


def test_articles_below_the_relevance_or_without_a_story_stay_quiet() -> None:
    at, below = make_annotated(score=0.7), make_annotated(make_article("Below"), score=0.699)
    unplaced = replace(make_stored(at, 4), story=None)
    notices = find_notices(TALKS, [make_stored(below, 1), unplaced, make_stored(at, 3)], now=NOW)
    assert [n.headline for n in notices] == [at.article.title]


def test_a_notice_says_why_and_where() -> None:
    evidence = (
        Evidence("Gazprom named", "title", 2.0),
        Evidence("round-up", "text", -1.0),
        Evidence("CNPC", "text", 1.0),
    )
    stored = make_stored(make_annotated(score=0.83, evidence=evidence), story=7)
    (notice,) = find_notices(GAS, [stored], now=NOW, address="http://127.0.0.1:8000")
    assert notice.why == "matches 'pipeline'; relevance 0.83: Gazprom named; CNPC"
    assert notice.url == "http://127.0.0.1:8000/story/7"
    (without_page,) = find_notices(GAS, [stored], now=NOW)
    assert without_page.url == stored.article.url


def test_each_recipient_of_a_notice_gets_a_mail_that_names_rule_headline_and_reason() -> None:
    notices = find_notices(GAS, [make_stored(make_annotated())], now=NOW)
    mails = alert_deliveries(notices)
    assert [mail.target for mail in mails] == list(GAS.recipients)
    assert {(mail.kind, mail.channel, mail.key) for mail in mails} == {("alert", "mail", "alert/gas/1")}
    assert mails[0].subject == "[gas] Putin meets Xi in Moscow"
    assert all(part in mails[0].text for part in (notices[0].url, notices[0].why, notices[0].headline))


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
    (notice,) = find_notices(GAS, archive.recent(NOW.replace(year=2000)), now=NOW)
    broken = replace(notice, rule="other", headline=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        archive.save_notices([notice, broken], alert_deliveries([notice]), mark=1)
    assert (archive.alert_mark(), archive.counts()["notices"], archive.counts()["deliveries"]) == (0, 0, 0)
    assert archive.save_notices([notice], alert_deliveries([notice]), mark=1) == 1
    assert archive.notices(9) == (notice,)
    assert archive.save_notices([notice], alert_deliveries([notice]), mark=1) == 0
    assert archive.counts()["deliveries"] == 2
