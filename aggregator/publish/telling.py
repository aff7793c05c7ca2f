"""Reads all that is told of one story from the archive: for the command, and for the page."""

from collections.abc import Sequence

from aggregator.archive import Archive
from aggregator.model import Episode
from aggregator.publish.account import Account, account_of, chapter_of

#: So many edits of a story are told, the latest: a feed that changes at every look has no end of them.
EDITS = 20
#: So many stories of its affair are told before a story, and so many after it: the nearest in time.
_BESIDE = 12


def read_account(archive: Archive, story_id: int) -> Account | None:
    """The account of a story with its edits and its affair; None if there is no such story."""
    story = archive.story(story_id)
    if story is None:
        return None
    revisions = archive.revisions([stored.id for stored in story.articles], EDITS)
    near = nearest(archive.affair(story.id), story.id)
    told = [(episode, archive.story(episode.story)) for episode in near]
    chapters = tuple(chapter_of(episode, other) for episode, other in told if other)
    return account_of(story, revisions, chapters if len(chapters) > 1 else ())


def nearest(episodes: Sequence[Episode], story_id: int) -> Sequence[Episode]:
    """The episodes of an affair that stand around a story's own, the earliest first."""
    place = next((place for place, episode in enumerate(episodes) if episode.story == story_id), 0)
    return episodes[max(place - _BESIDE, 0) : place + _BESIDE + 1]
