"""Backtest: which stories of the archive a changed beat, weights or rule would gain and lose. Nothing is written.

Before is what the archive says; after is the same articles as the changed beat judges them. Stories stay as they are: the
articles of one are asked whether any of them counts.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from aggregator.archive import Archive
from aggregator.archive.trial import Trial
from aggregator.comparison import Backtest, Criteria, Judged, Tally
from aggregator.evaluate import JudgedItem, scored
from aggregator.model import Selection, StoredArticle
from aggregator.model.query import Everything
from aggregator.reannotation import batches, rejudged


def backtest(
    archive: Archive,
    before: Criteria,
    after: Criteria,
    *,
    since: datetime | None = None,
    progress: Callable[[int], None] = lambda articles: None,
) -> Backtest:
    """Go through the archive's articles since then, a batch at a time; `progress` hears of each batch."""
    labels = {stored.id: label for stored, label in archive.verdicts()}
    tally, trial = Tally(before, after, labels), Trial()
    for batch in batches(archive, Selection(since=since)):
        anew = [rejudged(stored, after.beat) for stored in batch]
        counted = _counted(archive, before, batch), _counted_anew(archive, trial, after, batch, anew)
        for old, new in zip(batch, anew, strict=True):
            tally.add(old, new, counted=old.id in counted[0], counts=new.id in counted[1])
        progress(len(batch))
    return tally.result()


def judged_twice(items: Iterable[JudgedItem], before: Criteria, after: Criteria) -> list[Judged]:
    """Items that readers have judged, as both beats score them."""
    return [
        Judged(scored(item, before.beat)[0].score, scored(item, after.beat)[0].score, item.relevant) for item in items
    ]


def _counted(archive: Archive, criteria: Criteria, articles: Iterable[StoredArticle]) -> frozenset[int]:
    """Ids of the articles that count as the archive holds them."""
    ids = [one.id for one in _relevant(criteria, articles)]
    return frozenset(ids) if _takes_all(criteria) else archive.matching(criteria.query, ids)


def _counted_anew(
    archive: Archive, trial: Trial, criteria: Criteria, batch: Sequence[StoredArticle], anew: Sequence[StoredArticle]
) -> frozenset[int]:
    """Ids of the articles that count as they are judged anew; the archive answers for those that are as it holds them."""
    as_held = [new for old, new in zip(batch, anew, strict=True) if new is old]
    changed = _relevant(criteria, [new for old, new in zip(batch, anew, strict=True) if new is not old])
    matching = {one.id for one in changed} if _takes_all(criteria) else trial.matching(criteria.query, changed)
    return _counted(archive, criteria, as_held) | matching


def _relevant(criteria: Criteria, articles: Iterable[StoredArticle]) -> list[StoredArticle]:
    return [one for one in articles if one.annotated.relevance.score >= criteria.minimum_relevance]


def _takes_all(criteria: Criteria) -> bool:
    return isinstance(criteria.query, Everything)
