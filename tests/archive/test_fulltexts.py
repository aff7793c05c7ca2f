"""Full texts in the archive: which are wanted, and what becomes of the article that gets one."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import Annotated, Article, FullText, FullTextState, Placement, StoredArticle
from aggregator.query import parse_query
from tests.builders import NOTHING, NOW, make_annotated, make_article, make_feed, make_harvest

FEED, OTHER = "https://example.com/rss", "https://other.example/rss"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    with closing(open_archive(tmp_path / "a.db")) as opened:
        yield opened


def keep(archive: SqliteArchive, *annotated: Annotated) -> list[StoredArticle]:
    archive.save(make_harvest(*annotated, feed=make_feed(annotated[0].article.feed_url)))
    found = archive.unplaced(1000)
    return [next(one for one in found if one.article.title == wanted.article.title) for wanted in annotated]


def wanted(
    archive: SqliteArchive,
    always: tuple[str, ...] = (FEED,),
    when_relevant: tuple[str, ...] = (),
    *,
    after: timedelta = timedelta(0),
    limit: int = 100,
) -> list[str]:
    found = archive.full_texts_wanted(
        always,
        when_relevant,
        relevance=0.5,
        since=NOW + after - timedelta(days=3),
        now=NOW + after,
        limit=limit,
    )
    return [one.stored.article.title for one in found]


def outcome(stored: StoredArticle, state: FullTextState, *, text: str = "", minutes: int = 30) -> FullText:
    next_try = NOW + timedelta(minutes=minutes) if state is FullTextState.WAITING else None
    return FullText(
        article=stored.id, url=stored.article.url, state=state, asked=NOW, reason="why", next_try=next_try, text=text
    )


def judged(stored: StoredArticle, text: str) -> Annotated:
    return make_annotated(
        replace(stored.article, full_text=text), concepts=["argun"], topics=["transport"], score=0.9, evidence=()
    )


def titles(archive: SqliteArchive, query: str) -> list[str]:
    parsed = parse_query(query, vocabulary=NOTHING, now=NOW)
    page = archive.search(parsed, order="newest", limit=10, offset=0)
    return [hit.article.title for hit in page.articles]


def test_recent_articles_of_the_named_feeds_are_wanted_latest_first(archive: SqliteArchive) -> None:
    keep(
        archive,
        make_annotated(make_article("Yesterday", published=NOW - timedelta(days=1))),
        make_annotated(make_article("Today")),
        make_annotated(make_article("Old", published=NOW - timedelta(days=4))),
        make_annotated(make_article("Without a page", url="")),
    )
    keep(archive, make_annotated(make_article("Of another feed", feed_url=OTHER)))
    assert wanted(archive) == ["Today", "Yesterday"]
    assert wanted(archive, limit=1) == ["Today"]
    assert wanted(archive, ()) == []


def test_feeds_take_turns(archive: SqliteArchive) -> None:
    keep(archive, *(make_annotated(make_article(f"Many {n}")) for n in range(5)))
    keep(archive, make_annotated(make_article("Few", feed_url=OTHER, published=NOW - timedelta(days=2))))
    assert "Few" in wanted(archive, (FEED, OTHER), limit=2)


def test_only_the_relevant_ones_where_that_is_asked(archive: SqliteArchive) -> None:
    keep(
        archive,
        make_annotated(make_article("About the tie"), score=0.5),
        make_annotated(make_article("About cooking"), score=0.49),
    )
    assert wanted(archive, (), (FEED,)) == ["About the tie"]
    assert len(wanted(archive, (FEED,), (OTHER,))) == 2


def test_what_failed_waits_and_what_is_read_or_given_up_is_not_wanted(archive: SqliteArchive) -> None:
    waiting, read, given_up = keep(
        archive, *(make_annotated(make_article(name)) for name in ("Waiting", "Read", "Given up"))
    )
    archive.save_full_texts(
        [
            (outcome(waiting, FullTextState.WAITING), None),
            (outcome(read, FullTextState.READ, text="Text"), judged(read, "Text")),
            (outcome(given_up, FullTextState.GIVEN_UP), None),
        ]
    )
    assert wanted(archive) == []
    assert wanted(archive, after=timedelta(minutes=31)) == ["Waiting"]
    kept = archive.full_text(given_up.id)
    assert kept == outcome(given_up, FullTextState.GIVEN_UP)
    assert archive.full_text(999) is None


def test_the_article_is_judged_and_found_by_its_full_text_and_keeps_its_feeds_words(archive: SqliteArchive) -> None:
    article = make_article("Bridge", summary="A bridge is built.")
    (stored,) = keep(archive, make_annotated(article, score=0.2))
    assert titles(archive, "harbin") == []
    archive.save_full_texts(
        [
            (
                outcome(stored, FullTextState.READ, text="Steel from Harbin, at length."),
                judged(stored, "Steel from Harbin, at length."),
            )
        ]
    )
    after = archive.article(stored.id)
    assert after is not None
    assert after.article.summary == "A bridge is built."
    assert (after.article.full_text, after.article.body) == ("Steel from Harbin, at length.",) * 2
    assert (after.annotated.relevance.score, after.annotated.concepts, after.annotated.topics) == (
        0.9,
        ("argun",),
        ("transport",),
    )
    assert titles(archive, "harbin") == titles(archive, "topic:transport") == ["Bridge"]


def test_a_story_once_given_stays(archive: SqliteArchive) -> None:
    (stored,) = keep(archive, make_annotated(make_article("Bridge")))
    archive.place([Placement(article=stored.id)])
    before = archive.article(stored.id)
    archive.save_full_texts([(outcome(stored, FullTextState.READ, text="Text"), judged(stored, "Text"))])
    after = archive.article(stored.id)
    assert before is not None
    assert after is not None
    assert before.story == after.story is not None


def test_a_revision_keeps_the_text_and_wants_a_new_judgement(archive: SqliteArchive) -> None:
    (stored,) = keep(archive, make_annotated(make_article("Bridge", summary="Old words.", guid="1")))
    archive.save_full_texts([(outcome(stored, FullTextState.READ, text="Harbin."), judged(stored, "Harbin."))])
    revised: Article = make_article("Bridge", summary="New words, quite other ones.", guid="1")
    archive.save(make_harvest(make_annotated(revised, score=0.1)))
    between = archive.article(stored.id)
    assert between is not None
    assert (between.article.full_text, between.annotated.relevance.score) == ("", 0.1), (
        "mentions stand in the feed's words"
    )
    (again,) = archive.full_texts_revised(10)
    assert again.before is not None
    assert again.before.text == "Harbin."
    assert again.stored.article.summary == "New words, quite other ones."
    assert wanted(archive) == [], "the page is not asked again"
    archive.save_full_texts([(replace(again.before, state=FullTextState.READ), judged(again.stored, "Harbin."))])
    after = archive.article(stored.id)
    assert after is not None
    assert (after.article.full_text, after.annotated.relevance.score) == ("Harbin.", 0.9)
    assert archive.full_texts_revised(10) == ()
