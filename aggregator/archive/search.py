"""Query → FTS5 and SQL, with parameters only: nothing of a query's text becomes SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, product

from aggregator.archive.rows import concept_token, topic_token
from aggregator.model.query import And, AttributeIs, ConceptIs, Everything, Not, Or, Query, Term, TopicIs
from aggregator.text.fold import fold
from aggregator.text.words import alternatives, folded_words

_COLUMNS = {
    "outlet": "outlet",
    "camp": "camp",
    "country": "country",
    "lang": "language",
    "story": "story_id",
    "relevance": "relevance",
    "date": "date",
}
#: Attributes whose values are compared without regard to case.
_NAMES = {"outlet", "camp", "country", "lang"}
#: A phrase of Russian words may stand under several lemmas each; only so many combinations are asked for.
_PHRASES = 24


@dataclass(frozen=True, slots=True)
class Fts:
    """An expression for `article_words MATCH`."""

    match: str


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition on `articles` with its parameters."""

    where: str
    parameters: tuple[object, ...] = ()


def compile_query(query: Query) -> Sql:
    """The condition that the articles of a query meet."""
    return _as_sql(_compile(query))


def _compile(query: Query) -> Fts | Sql:
    match query:
        case Everything():
            return Sql("1")
        case Term():
            return _term(query)
        case ConceptIs(concept, text):
            return _any([Fts(f"concepts : {_quote(concept_token(concept))}"), _term(Term(text))])
        case TopicIs(topic):
            return Fts(f"concepts : {_quote(topic_token(topic))}")
        case AttributeIs(attribute, operator, value):
            column = _COLUMNS[attribute]
            if attribute in _NAMES:
                return Sql(f"{column} = ? COLLATE NOCASE", (value,))
            return Sql(f"{column} {operator} ?", (value,))
        case And(parts):
            return _all([_compile(part) for part in parts])
        case Or(parts):
            return _any([_compile(part) for part in parts])
        case Not(part):
            inner = _as_sql(_compile(part))
            return Sql(f"NOT ({inner.where})", inner.parameters)


def _term(term: Term) -> Fts | Sql:
    words = folded_words(term.text)
    if not words:
        return Sql("1") if not term.text.strip() else Sql("0")
    column = "" if term.scope == "any" else f"{term.scope} : "
    choices = [tuple(map(_quote, alternatives(word))) for word in words]
    if term.prefix:
        # The index holds stems and lemmas, of which a written form need not be the beginning: energy, energi.
        choices[-1] = (f"{_quote(words[-1])}*", *choices[-1])
    joined = " OR ".join(" + ".join(chosen) for chosen in islice(product(*choices), _PHRASES))
    return Fts(f"{column}({joined})" if column else f"({joined})")


def _quote(token: str) -> str:
    return '"' + fold(token).replace('"', '""').replace("\x00", "") + '"'


def _all(parts: Iterable[Fts | Sql]) -> Fts | Sql:
    return _join(list(parts), "AND")


def _any(parts: Iterable[Fts | Sql]) -> Fts | Sql:
    return _join(list(parts), "OR")


def _join(parts: list[Fts | Sql], operator: str) -> Fts | Sql:
    """Text conditions become one MATCH, which FTS5 intersects by itself; the rest is joined in SQL."""
    texts = [part for part in parts if isinstance(part, Fts)]
    others = [part for part in parts if isinstance(part, Sql)]
    merged = [Fts(f" {operator} ".join(f"({part.match})" for part in texts))] if texts else []
    if not others:
        return merged[0]
    mixed: list[Fts | Sql] = [*merged, *others]
    conditions = [_as_sql(part) for part in mixed]
    where = f" {operator} ".join(f"({condition.where})" for condition in conditions)
    return Sql(where, tuple(value for condition in conditions for value in condition.parameters))


def _as_sql(condition: Fts | Sql) -> Sql:
    if isinstance(condition, Sql):
        return condition
    return Sql("id IN (SELECT rowid FROM article_words WHERE article_words MATCH ?)", (condition.match,))
