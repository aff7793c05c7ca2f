"""Text → Query, by recursive descent: or → and → not → atom."""

import re
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
from typing import Protocol

from aggregator.errors import QueryError
from aggregator.model.query import And, ConceptIs, Everything, Near, Not, Or, Query, Scope, Term
from aggregator.query.fields import FIELDS, field_condition, no_such_field
from aggregator.query.tokens import Token, tokens

_LONGEST = 2_000
#: SQLite reads no condition with more than 1,000 parts in a row.
_MOST = 400
#: SQLite reads conditions with a stack of 100 places; a level takes up to eight.
_DEEPEST = 8
#: So many words side by side may be one name of a concept: longer ones are official titles, which few people type.
_LONGEST_NAME = 6


class Vocabulary(Protocol):
    """What a query may name; a beat is one."""

    def concept_named(self, name: str) -> str | None:
        """Id of the concept that a name in any language stands for."""

    @property
    def topics(self) -> Collection[str]:
        """Ids of the topics."""


def parse_query(text: str, *, vocabulary: Vocabulary, now: datetime) -> Query:
    """Read a query; `now` anchors `since:7d`.

    Raises:
        QueryError: names the column at which reading stopped, and what may stand there.
    """
    if len(text) > _LONGEST:
        raise QueryError(f"the query is longer than {_LONGEST} characters")
    if broken := re.search("[\ud800-\udfff]", text):
        raise QueryError("half a character, which cannot be read", column=broken.start() + 1)
    return _Reader(text, vocabulary, now).read()


def fields_in(text: str) -> Iterator[tuple[str, int]]:
    """The fields that a query names, each with its column.

    Raises:
        QueryError: as `parse_query`, of what is no token.
    """
    return ((token.text.partition(" ")[0], token.column) for token in tokens(text) if token.kind == "field")


class _Reader:
    def __init__(self, text: str, vocabulary: Vocabulary, now: datetime) -> None:
        self._tokens = list(tokens(text))
        if len(self._tokens) > _MOST:
            raise QueryError(f"the query has more than {_MOST} words and signs")
        self._position = 0
        self._depth = 0
        self._vocabulary = vocabulary
        self._now = now

    def read(self) -> Query:
        if not self._tokens:
            return Everything()
        query = self._or()
        if token := self._peek():
            raise QueryError(f"{token.text!r} is not expected here", column=token.column)
        return query

    def _peek(self) -> Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, *kinds: str) -> Token | None:
        token = self._peek()
        if token and token.kind in kinds:
            self._position += 1
            return token
        return None

    def _or(self) -> Query:
        parts = [self._and()]
        while self._take("OR"):
            parts.append(self._and())
        return _joined(Or, parts)

    def _and(self) -> Query:
        parts = [self._not()]
        while (token := self._peek()) and token.kind not in ("OR", "close"):
            self._take("AND")
            parts.append(self._not())
        return _joined(And, parts)

    def _not(self) -> Query:
        if self._take("NOT", "not"):
            return Not(self._nested(self._not))
        return self._atom()

    def _nested(self, read: Callable[[], Query]) -> Query:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"more than {_DEEPEST} levels of parentheses or NOT")
        query = read()
        self._depth -= 1
        return query

    def _atom(self) -> Query:
        if token := self._take("open"):
            query = self._nested(self._or)
            if not self._take("close"):
                raise QueryError("this parenthesis is not closed", column=token.column)
            return query
        if token := self._take("field"):
            return self._field(token)
        if token := self._take("phrase"):
            return _phrase(token)
        if token := self._take("word"):
            return self._name(token) or _word(token)
        wrong = self._peek()
        if wrong is None:
            raise QueryError("the query ends where a word is expected")
        raise QueryError(f"a word is expected before {wrong.text!r}", column=wrong.column)

    def _name(self, first: Token) -> Query | None:
        """The concept whose name begins with this word, the longest name that the words side by side are."""
        following = self._tokens[self._position : self._position + _LONGEST_NAME - 1]
        run = [first]
        for token in following:
            if token.kind != "word":
                break
            run.append(token)
        for count in range(len(run), 0, -1):
            text = " ".join(token.text for token in run[:count])
            if concept := self._vocabulary.concept_named(text):
                self._position += count - 1
                return ConceptIs(concept, text)
        return None

    def _field(self, token: Token) -> Query:
        name, _, operator = token.text.partition(" ")
        if name not in FIELDS:
            raise no_such_field(name, token.column)
        value = self._take("phrase", "word")
        if value is None:
            raise QueryError(f"{name}: needs a value", column=token.column)
        if name in ("title", "text"):
            if operator.strip(":"):
                raise QueryError(f"{name} takes ':' only", column=token.column)
            scope: Scope = "title" if name == "title" else "text"
            return _phrase(value, scope) if value.kind == "phrase" else _word(value, scope)
        condition = field_condition(name, operator.lstrip(":"), value, self._vocabulary.topics, self._now)
        return condition or self._concept(name, value)

    def _concept(self, name: str, value: Token) -> Query:
        concept = self._vocabulary.concept_named(value.text)
        if concept is None:
            raise QueryError(f"no {name} is known as {value.text!r}; search for the word itself", column=value.column)
        return ConceptIs(concept, value.text)


def _joined(kind: type[And] | type[Or], parts: list[Query]) -> Query:
    """One condition of several; what is of the same kind already is taken apart."""
    if len(parts) == 1:
        return parts[0]
    flat: list[Query] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, And | Or) and type(part) is kind else [part])
    return kind(tuple(flat))


def _word(token: Token, scope: Scope = "any") -> Query:
    stem = token.text.rstrip("*")
    return Term(stem, scope, prefix=True) if stem and stem != token.text else Term(token.text, scope)


def _phrase(token: Token, scope: Scope = "any") -> Query:
    apart = token.text.split()
    if token.distance is None or len(apart) < 2:
        return Term(token.text, scope, quoted=True)
    return Near(tuple(apart), token.distance, scope)
