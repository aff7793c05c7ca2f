"""Pure: how an outlet has changed its articles after publishing them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from aggregator.model import Revision, StoredArticle
from aggregator.text.diff import Piece, shortened, word_diff

#: Characters of what stayed that are shown beside a change of the text.
_AROUND = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One change of an article, as far as readers can see it."""

    article: StoredArticle
    seen: datetime
    """When a poll first met the new wording."""
    title_before: str
    title_after: str
    title: tuple[Piece, ...]
    """Empty if the title stayed."""
    text: tuple[Piece, ...]
    """The changed places of the text that is shown, with what stands beside them; empty if it stayed."""


def edits_of(articles: Iterable[StoredArticle], revisions: Iterable[Revision]) -> tuple[Edit, ...]:
    """The edits of articles, earliest first; `revisions` are their former wordings, the earliest first."""
    former: dict[int, list[Revision]] = defaultdict(list)
    for revision in revisions:
        former[revision.article].append(revision)
    found = [edit for stored in articles for edit in _edits(stored, former[stored.id])]
    return tuple(sorted(found, key=lambda edit: (edit.seen, edit.article.id)))


def _edits(stored: StoredArticle, former: Sequence[Revision]) -> Iterator[Edit]:
    now = (stored.article.title, stored.article.feed_body)
    wordings = [*((one.title, one.text or one.summary) for one in former), now]
    for revision, before, after in zip(former, wordings, wordings[1:], strict=False):
        if before != after:
            yield Edit(
                article=stored,
                seen=revision.replaced,
                title_before=before[0],
                title_after=after[0],
                title=word_diff(before[0], after[0]) if before[0] != after[0] else (),
                text=shortened(word_diff(before[1], after[1]), _AROUND) if before[1] != after[1] else (),
            )
