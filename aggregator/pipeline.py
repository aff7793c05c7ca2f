"""The conductor: poll → read full texts → gather → alert → digest → deliver. Steps do not call one another.

Each step reads what is left to do from the archive, does it, and commits; it can be killed anywhere
and run again. Those that wait for the network, the first two and the last, have modules of their own.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from aggregator.alerting import alert
from aggregator.annotate.beat import load_beat
from aggregator.annotate.stories import MEMORY, StoryIndex
from aggregator.archive import Archive
from aggregator.delivering import deliver, write_index
from aggregator.editions import compose, feed_reports
from aggregator.embedding import load_embedder
from aggregator.fulltexts import read_full_texts
from aggregator.linking import Linker
from aggregator.model import Edition
from aggregator.polling import poll
from aggregator.publish.calendar import due_dates, edition_window, local_day, owed_since
from aggregator.publish.deliver import write_file
from aggregator.publish.digest import edition_deliveries
from aggregator.settings import DigestDefinition, Settings

__all__ = [
    "Gatherer",
    "alert",
    "deliver",
    "digest",
    "feed_reports",
    "gather",
    "poll",
    "read_full_texts",
    "write_edition_files",
    "write_index",
]

#: Articles that are placed in one transaction.
_BATCH = 500
#: An article that comes so late may belong to what the index has forgotten: it is made anew.
_LATE = timedelta(hours=12)


class Gatherer:
    """Gives articles their stories; keeps the index of recent ones from round to round, since making it takes 0.7 ms an article."""

    def __init__(self, archive: Archive, settings: Settings) -> None:
        self._archive = archive
        self._settings = settings
        self._linker = Linker(archive, settings)
        self._index: StoryIndex | None = None
        self._known: object = None
        self._reached: datetime | None = None

    def gather(self) -> int:
        """Give each article without a story the story that it reports, and stories their affairs; returns how many were placed."""
        placed = 0
        while waiting := self._archive.unplaced(_BATCH):
            # The earliest come first, so what is recent to these is recent to all that follow.
            index = self._index_for(waiting[0].article.date)
            placements = index.place_all(waiting)
            self._archive.place(placements)
            placed += len(placements)
            self._known = self._state()
            self._reached = max(self._reached or waiting[-1].article.date, waiting[-1].article.date)
        self._linker.link()
        return placed

    def _index_for(self, first: datetime) -> StoryIndex:
        late = self._reached is not None and self._reached - first > _LATE
        if self._index is None or late or self._state() != self._known:
            recent = self._archive.recent(first - MEMORY)
            model = self._settings.semantic_model
            self._index = StoryIndex.of(
                recent,
                load_beat(self._settings.beat),
                self._archive.story_verdicts(),
                embedder=load_embedder(model) if model else None,
            )
        return self._index

    def _state(self) -> object:
        """What changes when another process places articles, or a person splits or merges stories."""
        return self._archive.last_article_id(), self._archive.story_verdicts()


def gather(archive: Archive, settings: Settings) -> int:
    """Give each article without a story the story that it reports, once; returns how many were placed."""
    return Gatherer(archive, settings).gather()


def digest(
    archive: Archive, settings: Settings, *, now: datetime, day: date | None = None
) -> tuple[tuple[DigestDefinition, date, bool], ...]:
    """Make the editions that are due, or those of one local date; returns (digest, date, newly made)."""
    made, begun = [], _begun(archive)
    for definition in settings.digests:
        done = {edition_day for _, edition_day in archive.edition_days(definition.name)}
        since = owed_since(definition, now, done, begun=begun)
        days: Sequence[date] = [day] if day else due_dates(definition, now, done, begun=since)
        for edition_day in days:
            new = edition_day not in done
            if new:
                window = _window(archive, definition, edition_day, now, by_command=day is not None)
                edition = compose(archive, settings, definition, edition_day, window)
                deliveries = edition_deliveries(
                    edition, definition, settings.digest_folder, now, settings.template_folder
                )
                new = archive.save_edition(edition, deliveries)
            made.append((definition, edition_day, new))
    return tuple(made)


def _window(
    archive: Archive, definition: DigestDefinition, day: date, now: datetime, *, by_command: bool
) -> tuple[datetime, datetime]:
    """The calendar's window; if the edition before was made by command ahead of its hour, from where that one ended."""
    since, until = edition_window(definition, day, now, by_command=by_command)
    if definition.window_hours is None and (before := archive.edition(definition.name, local_day(definition, since))):
        since = min(since, before.until)
    return since, until


def _begun(archive: Archive) -> datetime | None:
    """When this archive began: there is nothing to catch up on before.

    Without an article the attempts to poll say it; they are of late, so what was missed with no article to tell is not owed.
    """
    attempts = [state.last_attempt for state in archive.feed_states().values()]
    return min((moment for moment in (archive.begun(), *attempts) if moment), default=None)


def write_edition_files(edition: Edition, definition: DigestDefinition, folder: Path, now: datetime) -> None:
    """Write an edition that the archive holds into a folder once more."""
    # Without mails, which editions of before contents were kept could not be made into.
    for delivery in edition_deliveries(edition, replace(definition, recipients=()), folder, now):
        write_file(delivery)
