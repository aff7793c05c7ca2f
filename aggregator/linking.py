"""Gives stories their affairs: reads which are new or have new reports, decides, commits; can be killed anywhere."""

from datetime import datetime, timedelta

from aggregator.annotate.affairs import AFFAIR_MEMORY, AffairIndex
from aggregator.annotate.beat import load_beat
from aggregator.archive import Archive
from aggregator.settings import Settings

#: Stories that are decided in one transaction.
_BATCH = 500
#: An index that reaches further back than is needed is made anew, lest it grow for ever.
_STALE = timedelta(days=1)


class Linker:
    """Decides affairs; keeps their index from round to round, since making it takes 50 ms for a thousand stories."""

    def __init__(self, archive: Archive, settings: Settings) -> None:
        self._archive = archive
        self._settings = settings
        self._index: AffairIndex | None = None
        self._since: datetime | None = None
        self._known: tuple[int, int] | None = None

    def link(self) -> int:
        """Give each story that is new or has new reports its affair; returns how many were decided."""
        decided = 0
        while changed := self._archive.changed_stories(_BATCH):
            index = self._index_for(min(story.first.article.date for story in changed))
            self._archive.save_episodes(index.place_all(changed))
            self._known = self._archive.linked()
            decided += len(changed)
        return decided

    def _index_for(self, first: datetime) -> AffairIndex:
        since = first - AFFAIR_MEMORY
        reaches = self._since is not None and timedelta(0) <= since - self._since <= _STALE
        if self._index is None or not reaches or self._archive.linked() != self._known:
            self._index = AffairIndex.of(self._archive.episodes(since), load_beat(self._settings.beat))
            self._since = since
        return self._index
