"""Pure: two judgements of the same articles compared: stories gained and lost, precision and recall, what counted otherwise."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aggregator.annotate.beat import Beat
from aggregator.evaluate import ABOUT, THRESHOLD
from aggregator.evaluate_stories import Counts, counts
from aggregator.model import Evidence, Relevance, StoredArticle
from aggregator.model.query import Everything, Query

#: Lines of evidence that are told of a story.
_EVIDENCE = 3
#: Points are kept with two digits, scores with four; what differs less is not told.
_SAME = 0.005
_ALL = Everything()


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What articles are judged by, and which of them count: those that are relevant enough and match."""

    beat: Beat
    query: Query = _ALL
    minimum_relevance: float = THRESHOLD


class EvidenceChange(NamedTuple):
    """What counted otherwise than before, in points of log-odds."""

    what: str
    where: str
    old: float
    new: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryChange:
    """A story that is gained or lost, by the article of it that speaks for it most."""

    story: int | None
    """None where the article has no story yet."""
    article: int
    title: str
    outlet: str
    language: str
    old: float
    new: float
    evidence: tuple[EvidenceChange, ...]
    """What changed most, the largest first; empty where only the rule decides."""


class Agreement(NamedTuple):
    """How well both judgements of relevance agree with readers; a rule's query plays no part."""

    items: int
    relevant: int
    before: Counts
    after: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What a change would do to the archive."""

    articles: int
    rejudged: int
    """Those that another version than `after`'s has judged."""
    moved: int
    """Those whose relevance changes."""
    stories_before: int
    stories_after: int
    gained: tuple[StoryChange, ...]
    """The most relevant first."""
    lost: tuple[StoryChange, ...]
    """The formerly most relevant first."""
    verdicts: Agreement | None
    """With the verdicts on the articles gone through; None if there are none."""


class Judged(NamedTuple):
    """Scores of one item before and after, and whether readers say that it is about the tie."""

    old: float
    new: float
    relevant: bool


def agreement(judged: Sequence[Judged], before: Criteria, after: Criteria) -> Agreement | None:
    """Precision and recall of both judgements; None of no items."""
    if not judged:
        return None
    return Agreement(
        items=len(judged),
        relevant=sum(one.relevant for one in judged),
        before=counts([(one.old >= before.minimum_relevance, one.relevant) for one in judged]),
        after=counts([(one.new >= after.minimum_relevance, one.relevant) for one in judged]),
    )


def evidence_change(old: Relevance, new: Relevance, *, bias: tuple[float, float] = (0.0, 0.0)) -> list[EvidenceChange]:
    """What counts otherwise, the largest difference first; `bias` is that of the old and the new weights."""
    found: dict[tuple[str, str], EvidenceChange] = {("bias", ""): EvidenceChange("bias", "", *bias)}
    for one in old.evidence:
        seen = found.get(_kind(one), EvidenceChange(one.what, one.where, 0.0, 0.0))
        found[_kind(one)] = seen._replace(old=round(seen.old + one.points, 2))
    for one in new.evidence:
        seen = found.get(_kind(one), EvidenceChange(one.what, one.where, 0.0, 0.0))
        found[_kind(one)] = seen._replace(what=one.what, new=round(seen.new + one.points, 2))
    changed = [one for one in found.values() if abs(one.new - one.old) >= _SAME]
    return sorted(changed, key=lambda one: -abs(one.new - one.old))


def _kind(evidence: Evidence) -> tuple[str, str]:
    """What was observed, without the names and numbers of the one case: «3 of 5 names …» and «4 of 5 names …» are one."""
    return re.sub(r"\d+", "#", evidence.what.partition(":")[0]), evidence.where


@dataclass(slots=True)
class _Story:
    """Whether a story counts before and after; of one that does both nothing else is kept, so memory stays small."""

    before: bool = False
    after: bool = False
    change: StoryChange | None = None


@dataclass(slots=True)
class Tally:
    """The articles seen so far, both ways; memory grows with the stories that count, not with the articles."""

    _before: Criteria
    _after: Criteria
    _labels: dict[int, int]
    _stories: dict[int, _Story] = field(default_factory=dict)
    _judged: list[Judged] = field(default_factory=list)
    _articles: int = 0
    _rejudged: int = 0
    _moved: int = 0

    def add(self, old: StoredArticle, new: StoredArticle, *, counted: bool, counts: bool) -> None:
        """Take an article as it was and as it would be, and whether it counted and would count."""
        was, is_now = old.annotated.relevance.score, new.annotated.relevance.score
        self._articles += 1
        self._rejudged += new is not old
        self._moved += abs(was - is_now) >= _SAME
        if old.id in self._labels:
            self._judged.append(Judged(was, is_now, self._labels[old.id] == ABOUT))
        if counted or counts:
            self._add_to_story(old, new, counted=counted, counts=counts)

    def _add_to_story(self, old: StoredArticle, new: StoredArticle, *, counted: bool, counts: bool) -> None:
        story = self._stories.setdefault(old.story or -old.id, _Story())
        story.before, story.after = story.before or counted, story.after or counts
        if story.before and story.after:
            story.change = None
            return
        change = self._change(old, new)
        if story.change is None or _weight(change) > _weight(story.change):
            story.change = change

    def _change(self, old: StoredArticle, new: StoredArticle) -> StoryChange:
        bias = self._before.beat.weights.bias, self._after.beat.weights.bias
        was, is_now = old.annotated.relevance, new.annotated.relevance
        return StoryChange(
            story=old.story,
            article=old.id,
            title=old.article.title,
            outlet=old.article.outlet,
            language=old.article.language,
            old=was.score,
            new=is_now.score,
            evidence=tuple(evidence_change(was, is_now, bias=bias)[:_EVIDENCE]),
        )

    def result(self) -> Backtest:
        """What it came to."""
        changes = [(story, story.change) for story in self._stories.values() if story.change]
        return Backtest(
            articles=self._articles,
            rejudged=self._rejudged,
            moved=self._moved,
            stories_before=sum(story.before for story in self._stories.values()),
            stories_after=sum(story.after for story in self._stories.values()),
            gained=_by_weight(change for story, change in changes if story.after),
            lost=_by_weight(change for story, change in changes if story.before),
            verdicts=agreement(self._judged, self._before, self._after),
        )


def _weight(change: StoryChange) -> float:
    return max(change.old, change.new)


def _by_weight(changes: Iterable[StoryChange]) -> tuple[StoryChange, ...]:
    return tuple(sorted(changes, key=lambda change: (-_weight(change), change.article)))
