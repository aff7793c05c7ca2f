"""The fields of the query language, apart from `title:` and `text:`, and what each may be compared with."""

import difflib
from collections.abc import Collection, Iterable
from datetime import datetime

from aggregator.errors import QueryError
from aggregator.model.query import And, Compare, FirstIs, Measured, Named, NameIs, Operator, Query, TopicIs
from aggregator.query.tokens import Token
from aggregator.query.values import parse_number, parse_period, parse_since
from aggregator.settings import Camp

_NAMED: dict[str, Named] = {
    "outlet": "outlet",
    "source": "outlet",  # an older word of the trade
    "camp": "camp",
    "country": "country",
    "lang": "lang",
}
_NUMBERS: dict[str, Measured] = {"relevance": "relevance", "sources": "sources", "story": "story"}
_TIMES: dict[str, Measured] = {"date": "date", "published": "published", "firstseen": "firstseen"}
#: Fields whose values can be compared with < and >.
_ORDERED = {"relevance", "sources", *_TIMES}
_OPERATORS: dict[str, Operator] = {"": "=", ">=": ">=", "<=": "<=", ">": ">", "<": "<"}
FIELDS = {
    *("title", "text", "topic", "actor", "place", "first", "since"),
    *_NAMED,
    *_NUMBERS,
    *_TIMES,
}
_CAMPS = {camp.value for camp in Camp}


def no_such_field(name: str, column: int) -> QueryError:
    """What to tell of an unknown field."""
    hint = _suggestion(name, FIELDS, "field")
    return QueryError(f"there is no field {name!r}; {hint}, or put it in quotes to look for it as text", column=column)


def field_condition(name: str, operator: str, value: Token, topics: Collection[str], now: datetime) -> Query | None:
    """The condition that a field, its operator and its value make; None for the fields that name a concept.

    Raises:
        QueryError: the value or the operator does not suit the field; names the column.
    """
    if operator and name not in _ORDERED:
        raise QueryError(f"{name} takes ':' only", column=value.column)
    if name in _NAMED:
        return NameIs(_NAMED[name], _camp(value) if name == "camp" else value.text)
    if name == "first":
        return FirstIs(_camp(value))
    if name == "topic":
        return TopicIs(_known(value, topics, "topic"))
    if name == "since":
        return Compare("date", ">=", parse_since(value.text, now=now, column=value.column).isoformat())
    if name in _NUMBERS:
        compare = ">=" if name == "relevance" and not operator else _OPERATORS[operator]
        return Compare(_NUMBERS[name], compare, parse_number(value.text, value.column))
    if name in _TIMES:
        return _time(_TIMES[name], operator, value)
    return None


def _camp(value: Token) -> str:
    return _known(value, _CAMPS, "camp")


def _known(value: Token, names: Collection[str], what: str) -> str:
    name = value.text.lower()
    if names and name not in names:
        raise QueryError(f"there is no {what} {value.text!r}; {_suggestion(name, names, what)}", column=value.column)
    return name


def _suggestion(name: str, names: Iterable[str], what: str) -> str:
    close = difflib.get_close_matches(name, names, 1)
    return f"did you mean {close[0]}?" if close else f"{what}s are {', '.join(sorted(names))}"


def _time(attribute: Measured, operator: str, value: Token) -> Query:
    first, after = (moment.isoformat() for moment in parse_period(value.text, value.column))
    match operator:
        case ">" | ">=":
            return Compare(attribute, ">=", first if operator == ">=" else after)
        case "<" | "<=":
            return Compare(attribute, "<", first if operator == "<" else after)
    return And((Compare(attribute, ">=", first), Compare(attribute, "<", after)))
