"""The query language: text → Query and back. Search, alerts, digest sections and feeds all speak it.

    words "a phrase" prefix* "some words"~5 AND OR NOT ( ) title:word topic:energy relevance>=0.7 since:7d

A word, or words side by side, that are a name of a concept find the concept under all its names in all languages;
quotes switch that off. `docs/query-language.md` is the page for users.
"""

from aggregator.query.printing import printed
from aggregator.query.reading import Vocabulary, fields_in, parse_query
from aggregator.query.values import parse_since

__all__ = ["Vocabulary", "fields_in", "parse_query", "parse_since", "printed"]
