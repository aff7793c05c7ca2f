"""Stories in the archive: merging, old ids, people's verdicts, edited articles."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.archive.sqlite import SqliteArchive
from aggregator.model import Notice, Placement, Saved, StoryVerdict
from tests.builders import NOW, filled_archive, make_annotated, make_article, make_harvest


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    """Four articles, each a story of its own."""
    articles = [make_annotated(make_article(title)) for title in ("One", "Two", "Three", "Four")]
    with filled_archive(tmp_path / "a.db", *articles) as filled:
        yield filled


def members(archive: SqliteArchive, story_id: int) -> tuple[int, list[int]]:
    story = archive.story(story_id)
    assert story is not None
    return story.id, [stored.id for stored in story.articles]


def test_a_bridge_makes_stories_one_and_old_ids_lead_there(archive: SqliteArchive) -> None:
    archive.place([Placement(article=3, joins=1, merges=(2,))])
    assert members(archive, 1) == (1, [1, 2, 3])
    assert members(archive, 2) == (1, [1, 2, 3])
    archive.place([Placement(article=4, joins=4, merges=(1,))])
    assert [members(archive, old) for old in (1, 2, 4)] == [(4, [1, 2, 3, 4])] * 3


def test_a_story_is_not_told_again_when_it_becomes_part_of_another(archive: SqliteArchive) -> None:
    def notice(story: int) -> Notice:
        return Notice(rule="r", story=story, headline="h", why="w", url="u", created=NOW, recipients=())

    assert archive.save_notices([notice(2)], [], mark=0) == 1
    archive.place([Placement(article=3, joins=1, merges=(2,))])
    assert archive.save_notices([notice(1)], [], mark=0) == 0
    assert archive.save_notices([notice(4)], [], mark=0) == 1


def test_split_articles_have_a_story_of_their_own_and_the_verdict_is_kept(archive: SqliteArchive) -> None:
    archive.place([Placement(article=2, joins=1), Placement(article=3, joins=1)])
    founded = archive.split_story(1, [3], now=NOW)
    assert founded is not None
    assert members(archive, founded) == (founded, [3])
    assert members(archive, 1) == (1, [1, 2])
    assert archive.story_verdicts() == (StoryVerdict(1, 3, False), StoryVerdict(2, 3, False))


@pytest.mark.parametrize("articles", [[], [4], [1, 4], [1]])
def test_a_story_gives_only_some_of_its_own(articles: list[int], archive: SqliteArchive) -> None:
    assert archive.split_story(1, articles, now=NOW) is None
    assert archive.story_verdicts() == ()


def test_the_last_word_on_a_pair_counts(archive: SqliteArchive) -> None:
    archive.place([Placement(article=2, joins=1)])
    founded = archive.split_story(1, [2], now=NOW)
    assert founded is not None
    assert archive.merge_stories(1, founded, now=NOW)
    assert archive.story_verdicts() == (StoryVerdict(1, 2, True),)
    assert members(archive, founded) == (1, [1, 2])


def test_only_two_stories_can_be_merged(archive: SqliteArchive) -> None:
    assert not archive.merge_stories(1, 1, now=NOW)
    assert not archive.merge_stories(1, 99, now=NOW)


def test_an_edited_article_stays_one_and_keeps_its_story(archive: SqliteArchive) -> None:
    archive.place([Placement(article=2, joins=1)])
    edited = make_article("Two", text="with a paragraph more")
    assert archive.save(make_harvest(make_annotated(edited))) == Saved(revised=1)
    assert archive.unplaced(9) == ()
    assert members(archive, 1) == (1, [1, 2])
