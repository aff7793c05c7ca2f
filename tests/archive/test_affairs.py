"""Affairs in the archive: what is to be decided, what is kept, and that affairs follow stories that become one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from aggregator.archive.affairs import TOLD
from aggregator.archive.sqlite import SqliteArchive
from aggregator.linking import Linker
from aggregator.model import Episode, Placement
from aggregator.settings import Settings
from tests.builders import NOW, filled_archive, make_annotated, make_article, make_harvest, place_alone


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    """Four articles, each a story of its own."""
    articles = [make_annotated(make_article(title)) for title in ("One", "Two", "Three", "Four")]
    with filled_archive(tmp_path / "a.db", *articles) as filled:
        yield filled


def episode(story: int, affair: int) -> Episode:
    return Episode(story=story, affair=affair, date=NOW, terms={"c:moscow": 1000}, shares=("Moscow",))


def changed(archive: SqliteArchive) -> list[int]:
    return [story.id for story in archive.changed_stories(99)]


def affair(archive: SqliteArchive, story: int) -> list[int]:
    return [one.story for one in archive.affair(story)]


def decide(archive: SqliteArchive, *affairs: int) -> None:
    archive.save_episodes([episode(number, affair) for number, affair in enumerate(affairs, 1)])


def test_each_new_story_is_decided_once(archive: SqliteArchive) -> None:
    assert changed(archive) == [1, 2, 3, 4]
    decide(archive, 1, 1, 3)
    assert changed(archive) == [4]
    assert archive.affair(2) == (episode(1, 1), episode(2, 1))
    assert archive.affair(4) == ()
    assert archive.episodes(NOW) == (episode(1, 1), episode(2, 1), episode(3, 3))


def test_a_story_with_new_reports_is_to_be_decided_again_until_it_is_large(archive: SqliteArchive) -> None:
    decide(archive, 1, 2, 3, 4)
    archive.place([Placement(article=2, joins=1)])
    assert 1 in changed(archive)
    archive.save(make_harvest(*(make_annotated(make_article(f"More {n}")) for n in range(TOLD))))
    archive.place([Placement(article=stored.id, joins=1) for stored in archive.unplaced(99)])
    (grown,) = [story for story in archive.changed_stories(99) if story.id == 1]
    assert len(grown.articles) == TOLD
    decide(archive, 1)
    archive.save(make_harvest(make_annotated(make_article("The last"))))
    archive.place([Placement(article=stored.id, joins=1) for stored in archive.unplaced(99)])
    assert 1 not in changed(archive)


def test_affairs_follow_stories_that_become_one(archive: SqliteArchive) -> None:
    decide(archive, 1, 1, 3, 3)
    archive.merge_stories(2, 3, now=NOW)
    assert affair(archive, 1) == affair(archive, 3) == [1, 2, 4]
    assert changed(archive) == [2]


def test_a_story_without_its_place_takes_that_of_the_one_that_becomes_part_of_it(archive: SqliteArchive) -> None:
    archive.save_episodes([episode(2, 2), episode(3, 2)])
    archive.merge_stories(1, 2, now=NOW)
    assert affair(archive, 1) == affair(archive, 2) == [1, 3]


def test_both_parts_of_a_split_story_are_to_be_decided(archive: SqliteArchive) -> None:
    archive.place([Placement(article=2, joins=1)])
    decide(archive, 1)
    founded = archive.split_story(1, [2], now=NOW)
    assert founded in changed(archive)
    assert 1 in changed(archive)


def test_linking_leaves_nothing_to_do_and_another_process_is_noticed(tmp_path: Path) -> None:
    titles = ["Xi Jinping in Moscow for talks with Putin", "Xi Jinping leaves Moscow after talks with Putin"]
    articles = [
        make_annotated(make_article(title), concepts=["xi-jinping", "vladimir-putin", "moscow"]) for title in titles
    ]
    with filled_archive(tmp_path / "a.db", articles[0]) as archive:
        mine = Linker(archive, Settings())
        assert (mine.link(), mine.link()) == (1, 0)
        archive.save(make_harvest(articles[1]))
        place_alone(archive)
        assert Linker(archive, Settings()).link() == 1
        assert affair(archive, 1) == [1, 2]
        archive.save(make_harvest(make_annotated(make_article("Panda born"))))
        place_alone(archive)
        assert mine.link() == 1
        assert [one.affair for one in archive.episodes(NOW)] == [1, 1, 3]
