"""Pure: whether an article that is not in the archive yet matches a query, and what its feed's filter asks of it.

`archive.conditions` puts the same queries to the index; `tests/archive/test_search_equals_matcher.py` holds the two
against each other. What differs: the index is asked for so many readings of a Russian phrase only, here all count.
"""

import operator
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

from aggregator.errors import QueryError
from aggregator.model import Annotated, Article
from aggregator.model.query import (
    And,
    Compare,
    ConceptIs,
    Everything,
    FirstIs,
    Measured,
    Named,
    NameIs,
    Near,
    Not,
    Operator,
    Or,
    Query,
    Scope,
    Term,
    TopicIs,
)
from aggregator.query import Vocabulary, fields_in, parse_query
from aggregator.settings import Feed
from aggregator.text.words import alternatives, folded_words

#: Fields that ask for an article's story, which it has only in the archive.
_OF_THE_STORY = {"story", "sources", "first"}
_OPERATORS: Mapping[Operator, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def parse_filter(text: str, *, vocabulary: Vocabulary, now: datetime) -> Query:
    """Read a query that can be asked of an article before the archive has it; `now` anchors `since:7d`.

    Raises:
        QueryError: it cannot be read, or only the archive knows the answer; names the column.
    """
    query = parse_query(text, vocabulary=vocabulary, now=now)
    for name, column in fields_in(text):
        if name in _OF_THE_STORY:
            raise QueryError(f"{name}: a filter looks at articles that have no story yet; leave it out", column=column)
    return query


def filter_of(feed: Feed, *, vocabulary: Vocabulary, now: datetime) -> Query:
    """What the articles of a feed must match: its `keep`, and not its `drop`.

    Raises:
        QueryError: as `parse_filter`; settings that were loaded have none such.
    """
    keep, drop = (parse_filter(text or "", vocabulary=vocabulary, now=now) for text in (feed.keep, feed.drop))
    # Nothing to drop must not drop everything.
    return keep if isinstance(drop, Everything) else And((keep, Not(drop)))


def matches(query: Query, annotated: Annotated) -> bool:
    """Whether the archive's search would find the article, were it there and not yet in a story."""
    match query:
        case Everything():
            return True
        case Term() | Near():
            return _stands_in(query, annotated)
        case ConceptIs(concept, text):
            return concept in annotated.concepts or _stands_in(Term(text), annotated)
        case TopicIs(topic):
            return topic in annotated.topics
        case NameIs(attribute, value):
            return _name(attribute, annotated.article).casefold() == value.casefold()
        case FirstIs():
            return False
        case Compare(attribute, compare, value):
            measured = _measure(attribute, annotated)
            return measured is not None and _OPERATORS[compare](measured, value)
        case And(parts):
            return all(matches(part, annotated) for part in parts)
        case Or(parts):
            return any(matches(part, annotated) for part in parts)
        case Not(part):
            return not matches(part, annotated)


def _name(attribute: Named, article: Article) -> str:
    match attribute:
        case "outlet":
            return article.outlet
        case "camp":
            return article.camp.value
        case "country":
            return article.country
        case "lang":
            return article.language


def _measure(attribute: Measured, annotated: Annotated) -> float | str | None:
    article = annotated.article
    match attribute:
        case "relevance":
            return annotated.relevance.score
        case "date":
            return _time(article.date)
        case "published":
            return _time(article.published) if article.published else None
        case "firstseen":
            return _time(article.first_seen)
        case "sources" | "story":
            return None


def _time(moment: datetime) -> str:
    """As queries have it; so written, times sort as they follow."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


# --- words -------------------------------------------------------------------------------------


def _stands_in(text: Term | Near, annotated: Annotated) -> bool:
    if isinstance(text, Near):
        phrases = [words for word in text.words if (words := tuple(folded_words(word)))]
        return bool(phrases) and any(
            _near(phrases, text.distance, column) for column in _columns(text.scope, annotated)
        )
    words = tuple(folded_words(text.text))
    if not words:
        # What is no word stands nowhere, as punctuation; nothing at all is asked by nothing.
        return not text.text.strip()
    pattern = _pattern(words, text.prefix)
    return any(pattern.search(column) for column in _columns(text.scope, annotated))


def _columns(scope: Scope, annotated: Annotated) -> Iterator[str]:
    """The analysed words of title and text, a space before and behind each."""
    if scope != "text":
        yield f" {annotated.title_words} "
    if scope != "title":
        yield f" {annotated.text_words} "


@lru_cache(maxsize=1_000)
def _pattern(words: tuple[str, ...], prefix: bool = False) -> re.Pattern[str]:
    """Finds words in a row under any of their index forms; it takes no room, so that phrases may overlap."""
    choices = [list(map(re.escape, alternatives(word))) for word in words]
    if prefix:
        choices[-1].append(re.escape(words[-1]) + "[^ ]*")
    return re.compile("(?=" + "".join(f" (?:{'|'.join(forms)})" for forms in choices) + " )")


def _near(phrases: list[tuple[str, ...]], distance: int, column: str) -> bool:
    """Whether each phrase ends at most so many words before the one that begins last."""
    starts = [_starts(words, column) for words in phrases]
    return any(
        all(
            _any_within(found, last - len(words) - distance, last) for found, words in zip(starts, phrases, strict=True)
        )
        for last in sorted({start for found in starts for start in found})
    )


def _starts(words: tuple[str, ...], column: str) -> list[int]:
    """Where the words stand in a row: how many words are before each place."""
    places = [found.start() for found in _pattern(words).finditer(column)]
    return list(accumulate(column.count(" ", since, until) for since, until in pairwise((0, *places))))


def _any_within(ordered: Sequence[int], first: int, last: int) -> bool:
    place = bisect_left(ordered, first)
    return place < len(ordered) and ordered[place] <= last
