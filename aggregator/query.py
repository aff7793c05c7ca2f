"""The query language: text → Query. Search, alerts and digest sections all speak it.

    words "a phrase" prefix* AND OR NOT ( ) title:word topic:energy relevance>=0.7 since:7d

A word that is a name of a concept finds the concept under all its names in all languages;
quotes switch that off. `docs/query-language.md` is the page for users.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from aggregator.errors import QueryError
from aggregator.model.query import (
    And,
    Attribute,
    AttributeIs,
    ConceptIs,
    Everything,
    Not,
    Operator,
    Or,
    Query,
    Scope,
    Term,
    TopicIs,
)

ConceptNamed = Callable[[str], str | None]

#: Field names as users write them; `source` is an older word of the trade for the outlet.
_FIELDS = {
    *("title", "text", "outlet", "source", "camp", "country", "lang"),
    *("topic", "actor", "place", "story", "relevance", "date", "since"),
}
#: Fields whose values can be compared with < and >.
_ORDERED = {"relevance", "date"}
_AGO = {"h": "hours", "d": "days", "w": "weeks"}
_LONGEST = 2_000
#: SQLite reads no condition with more than 1,000 parts in a row.
_MOST = 400
#: SQLite reads conditions with a stack of 100 places; a level takes up to eight.
_DEEPEST = 8


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\()|(?P<close>\))
    | (?P<phrase>"(?:[^"]*)"?)
    | (?P<field>[A-Za-z]+)(?P<operator>>=|<=|>|<|:(?:>=|<=|>|<)?)(?=[^\s)])
    | (?P<not>-(?=[\w"(]))
    | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)


def parse_query(text: str, *, concept_named: ConceptNamed, now: datetime) -> Query:
    """Read a query; `now` anchors `since:7d`.

    Raises:
        QueryError: names the column at which reading stopped, and what may stand there.
    """
    if len(text) > _LONGEST:
        raise QueryError(f"the query is longer than {_LONGEST} characters")
    if broken := re.search("[\ud800-\udfff]", text):
        raise QueryError("half a character, which cannot be read", column=broken.start() + 1)
    return _Reader(text, concept_named, now).read()


class _Reader:
    """Recursive descent: or → and → not → atom."""

    def __init__(self, text: str, concept_named: ConceptNamed, now: datetime) -> None:
        self._tokens = list(_tokens(text))
        if len(self._tokens) > _MOST:
            raise QueryError(f"the query has more than {_MOST} words and signs")
        self._position = 0
        self._depth = 0
        self._concept_named = concept_named
        self._now = now

    def read(self) -> Query:
        if not self._tokens:
            return Everything()
        query = self._or()
        if token := self._peek():
            raise QueryError(f"{token.text!r} is not expected here", column=token.column)
        return query

    def _peek(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _take(self, *kinds: str) -> _Token | None:
        token = self._peek()
        if token and token.kind in kinds:
            self._position += 1
            return token
        return None

    def _or(self) -> Query:
        parts = [self._and()]
        while self._take("OR"):
            parts.append(self._and())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _and(self) -> Query:
        parts = [self._not()]
        while (token := self._peek()) and token.kind not in ("OR", "close"):
            self._take("AND")
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _not(self) -> Query:
        if self._take("NOT", "not"):
            return Not(self._not_nested())
        return self._atom()

    def _not_nested(self) -> Query:
        self._deeper()
        query = self._not()
        self._depth -= 1
        return query

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise QueryError(f"more than {_DEEPEST} levels of parentheses or NOT")

    def _atom(self) -> Query:
        if token := self._take("open"):
            self._deeper()
            query = self._or()
            self._depth -= 1
            if not self._take("close"):
                raise QueryError("this parenthesis is not closed", column=token.column)
            return query
        if token := self._take("field"):
            return self._field(token)
        if token := self._take("phrase"):
            return Term(_unquote(token), quoted=True)
        if token := self._take("word"):
            return self._word(token)
        wrong = self._peek()
        if wrong is None:
            raise QueryError("the query ends where a word is expected")
        raise QueryError(f"a word is expected before {wrong.text!r}", column=wrong.column)

    def _word(self, token: _Token, scope: Scope = "any") -> Query:
        if token.text.endswith("*") and len(token.text) > 1:
            return Term(token.text.rstrip("*"), scope, prefix=True)
        concept = self._concept_named(token.text) if scope == "any" else None
        return ConceptIs(concept, token.text) if concept else Term(token.text, scope)

    def _field(self, token: _Token) -> Query:
        name, _, operator = token.text.partition(" ")
        if name not in _FIELDS:
            close = difflib.get_close_matches(name, _FIELDS, 1)
            hint = f"did you mean {close[0]}:?" if close else f"fields are {', '.join(sorted(_FIELDS))}"
            raise QueryError(f"there is no field {name!r}; {hint}", column=token.column)
        if operator.strip(":") and name not in _ORDERED:
            raise QueryError(f"{name} takes ':' only", column=token.column)
        value = self._take("phrase", "word")
        if value is None:
            raise QueryError(f"{name}: needs a value", column=token.column)
        if name in ("title", "text"):
            scope: Scope = "title" if name == "title" else "text"
            return Term(_unquote(value), scope, quoted=True) if value.kind == "phrase" else self._word(value, scope)
        return self._attribute(name, operator.lstrip(":"), _unquote(value), value.column)

    def _attribute(self, name: str, operator: str, value: str, column: int) -> Query:
        if name == "topic":
            return TopicIs(value.lower())
        if name in ("actor", "place"):
            concept = self._concept_named(value)
            if concept is None:
                raise QueryError(f"no {name} is known as {value!r}; search for the word itself", column=column)
            return ConceptIs(concept, value)
        compare = _operator(operator)
        if name == "relevance":
            return AttributeIs("relevance", compare if operator else ">=", _number(value, column))
        if name in ("date", "since"):
            return self._date(name, compare, value, column)
        if name == "story":
            return AttributeIs("story", "=", _number(value, column))
        column_of: dict[str, Attribute] = {"source": "outlet", "outlet": "outlet", "camp": "camp", "country": "country"}
        return AttributeIs(column_of.get(name, "lang"), "=", value)

    def _date(self, name: str, operator: Operator, value: str, column: int) -> Query:
        if name == "since":
            return AttributeIs("date", ">=", parse_since(value, now=self._now, column=column).isoformat())
        first, after = _period(value, column)
        match operator:
            case ">" | ">=":
                return AttributeIs("date", ">=", (first if operator == ">=" else after).isoformat())
            case "<" | "<=":
                return AttributeIs("date", "<", (first if operator == "<" else after).isoformat())
        return And((AttributeIs("date", ">=", first.isoformat()), AttributeIs("date", "<", after.isoformat())))


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"{text[position:].strip()[0]!r} cannot be read", column=position + 1)
        kind = match.lastgroup or ""
        if kind == "operator":
            yield _Token("field", f"{match['field'].lower()} {match['operator']}", match.start("field") + 1)
        else:
            word = match[kind]
            yield _Token(word if word in ("AND", "OR", "NOT") else kind, word, match.start(kind) + 1)
        position = match.end()


def _unquote(token: _Token) -> str:
    return token.text.strip('"') if token.kind == "phrase" else token.text


def _operator(written: str) -> Operator:
    operators: dict[str, Operator] = {">=": ">=", "<=": "<=", ">": ">", "<": "<"}
    return operators.get(written, "=")


def _number(value: str, column: int) -> float:
    try:
        number = float(value)
    except ValueError:
        number = float("nan")
    if not abs(number) < 2**53:
        raise QueryError(f"{value!r} is not a number", column=column)
    return number


def parse_since(value: str, *, now: datetime, column: int = 0) -> datetime:
    """The moment that `7d`, `12h`, `2w` or a date means.

    Raises:
        QueryError: it is none of these; names the column.
    """
    if match := re.fullmatch(r"(\d{1,4})([hdw])", value):
        return now - timedelta(**{_AGO[match[2]]: int(match[1])})
    return _period(value, column)[0]


def _period(value: str, column: int) -> tuple[datetime, datetime]:
    """First moment and the moment after a day, month or year, in UTC."""
    match = re.fullmatch(r"(\d{4})(?:-(\d{1,2}))?(?:-(\d{1,2}))?", value)
    if match is None:
        raise QueryError(f"{value!r} is not a date; write 2026-03-05, 2026-03 or 2026", column=column)
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    try:
        first = date(year, month, day)
        if match[3]:
            after = first + timedelta(days=1)
        else:
            after = date(year + (month == 12), month % 12 + 1, 1) if match[2] else date(year + 1, 1, 1)
    except (ValueError, OverflowError) as error:
        raise QueryError(f"{value!r} is not a date", column=column) from error
    return tuple(datetime(d.year, d.month, d.day, tzinfo=UTC) for d in (first, after))  # type: ignore[return-value]
