"""What polls and pushes brought, on its way into the archive, and what it came to."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from aggregator.archive import Archive
from aggregator.model import Harvest, Saved

Progress = Callable[[Harvest, Saved], None]

#: Articles, or feeds, that are kept in one transaction: the index takes 2,000 at once at four fifths of the cost of 500.
_BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one feed's poll came to."""

    url: str
    outcome: Literal["ok", "unchanged", "failed"]
    reason: str
    fetched: int
    dropped: tuple[str, ...]
    saved: Saved


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What a round of polling came to."""

    results: tuple[Result, ...]

    def feeds(self, outcome: str) -> int:
        """How many feeds came out so."""
        return sum(result.outcome == outcome for result in self.results)

    @property
    def fetched(self) -> int:
        """Entries in the documents read; = stored + duplicate + dropped."""
        return sum(result.fetched for result in self.results)

    @property
    def stored(self) -> int:
        """Entries that became articles."""
        return sum(result.saved.new for result in self.results)

    @property
    def duplicate(self) -> int:
        """Entries that are publications which the archive has, edited or not."""
        return sum(result.saved.known + result.saved.revised for result in self.results)

    @property
    def dropped(self) -> Counter[str]:
        """Entries not taken, by reason."""
        return Counter(reason for result in self.results for reason in result.dropped)

    @property
    def failures(self) -> tuple[Result, ...]:
        """The feeds that failed."""
        return tuple(result for result in self.results if result.outcome == "failed")


class Keeper:
    """Commits harvests by the batch, so that a round waits for the disk a few times and not once a feed."""

    def __init__(self, archive: Archive, progress: Progress) -> None:
        self._archive = archive
        self._progress = progress
        self._waiting: list[Harvest] = []
        self._articles = 0
        self.results: list[Result] = []

    def keep(self, harvest: Harvest) -> None:
        """Take a harvest, and commit when enough have come together."""
        self._waiting.append(harvest)
        self._articles += len(harvest.records)
        if len(self._waiting) >= _BATCH or self._articles >= _BATCH:
            self.commit()

    def commit(self) -> None:
        """Store what is waiting, in one transaction."""
        harvests, self._waiting, self._articles = self._waiting, [], 0
        for harvest, saved in zip(harvests, self._archive.save_all(harvests), strict=True):
            self._progress(harvest, saved)
            self.results.append(
                Result(
                    url=harvest.feed.url,
                    outcome=harvest.outcome,
                    reason=harvest.state.reason,
                    fetched=harvest.fetched,
                    dropped=harvest.dropped,
                    saved=saved,
                )
            )
