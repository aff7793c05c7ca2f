"""Re-annotation: the archive's articles judged anew, where another version of the beat or the code has judged them.

Stories stay as they are. What is done is in the archive, so it can be killed anywhere and run again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat
from aggregator.archive import Archive
from aggregator.evaluate import THRESHOLD
from aggregator.model import Selection, StoredArticle

#: Articles that are read, judged and kept together: others who write wait for so many, 20 to 60 ms.
BATCH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Reannotated:
    """What came of a re-annotation, in articles."""

    version: str
    judged: int
    passed_over: int
    """Judged by this version before."""
    left: int
    """Revised meanwhile, or brought by a process that judges by another version."""
    gained: int
    """Relevant by the new judgement only."""
    lost: int
    """Relevant by the former judgement only."""


def reannotate(
    archive: Archive,
    beat: Beat,
    *,
    since: datetime | None = None,
    progress: Callable[[int], None] = lambda articles: None,
) -> Reannotated:
    """Judge each article that another version judged, a batch in one transaction; `progress` hears of each batch."""
    outdated = Selection(since=since, not_version=beat.version)
    waiting, everything = archive.count_selected(outdated), archive.count_selected(Selection(since=since))
    judged = gained = lost = 0
    for batch in batches(archive, outdated):
        anew = {stored.id: rejudged(stored, beat) for stored in batch}
        kept = archive.save_annotations([(stored, anew[stored.id].annotated) for stored in batch])
        changes = [(_is_relevant(old), _is_relevant(anew[old.id])) for old in batch if old.id in kept]
        judged, gained, lost = (
            judged + len(kept),
            gained + changes.count((False, True)),
            lost + changes.count((True, False)),
        )
        progress(len(batch))
    return Reannotated(
        version=beat.version,
        judged=judged,
        passed_over=everything - waiting,
        left=archive.count_selected(outdated),
        gained=gained,
        lost=lost,
    )


def batches(archive: Archive, selection: Selection) -> Iterator[tuple[StoredArticle, ...]]:
    """The articles of a selection in the order of ids, so many at once as memory should hold."""
    after = 0
    while batch := archive.selected(selection, after=after, limit=BATCH):
        yield batch
        after = batch[-1].id


def rejudged(stored: StoredArticle, beat: Beat) -> StoredArticle:
    """An article as a beat judges it now; as it is, where this version of the beat has judged it."""
    if stored.annotated.version == beat.version:
        return stored
    return replace(stored, annotated=annotate(stored.article, beat))


def _is_relevant(stored: StoredArticle) -> bool:
    return stored.annotated.relevance.score >= THRESHOLD
