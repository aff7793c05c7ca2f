"""The queries of feeds.yaml (of filters, digests, saved searches and alerts), and what is wrong with them."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from aggregator.annotate.beat import load_beat, topic_ids
from aggregator.errors import LexiconError, QueryError
from aggregator.matching import parse_filter
from aggregator.query import parse_query
from aggregator.settings import Settings

Place = tuple[str | int, ...]


class Configured(NamedTuple):
    """A query, and where it stands in the settings."""

    place: Place
    text: str
    filters: bool
    """Whether it is asked of articles before the archive has them."""


class _Topics(NamedTuple):
    """A vocabulary that knows no names: what is right without them is right with them, and they take a second to load."""

    topics: tuple[str, ...]

    def concept_named(self, name: str) -> str | None:
        return None


def configured_queries(settings: Settings) -> Iterator[Configured]:
    """The queries of the settings that are not empty."""
    filters: list[tuple[Place, str | None]] = [(("keep",), settings.keep), (("drop",), settings.drop)]
    for number, feed in enumerate(settings.feeds):
        filters += [(("feeds", number, "keep"), feed.keep), (("feeds", number, "drop"), feed.drop)]
    yield from (Configured(place, text, True) for place, text in filters if text)
    for number, digest in enumerate(settings.digests):
        if digest.query:
            yield Configured(("digests", number, "query"), digest.query, False)
    for number, search in enumerate(settings.searches):
        yield Configured(("searches", number, "query"), search.query, False)
    for number, rule in enumerate(settings.alerts):
        if not rule.query:
            continue
        yield Configured(("alerts", number, "query"), rule.query, False)


def query_problems(settings: Settings, now: datetime) -> Iterator[tuple[Place, str]]:
    """Where in the settings a query cannot be used, and why."""
    queries = list(configured_queries(settings))
    try:
        topics = _Topics(topic_ids(settings.beat)) if queries else _Topics(())
        problems = [(query.place, _problem(query, topics, settings.beat, now)) for query in queries]
    except LexiconError as error:
        yield ("beat",), str(error)
        return
    yield from ((place, problem) for place, problem in problems if problem)


def _problem(query: Configured, topics: _Topics, beat: str, now: datetime) -> str:
    read = parse_filter if query.filters else parse_query
    try:
        read(query.text, vocabulary=topics, now=now)
    except QueryError:
        # What is missing may be no more than a name: `actor:Putin`.
        try:
            read(query.text, vocabulary=load_beat(beat), now=now)
        except QueryError as error:
            return str(error)
    return ""
