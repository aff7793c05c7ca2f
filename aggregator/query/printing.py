"""Query → text that reads to the same query: what the program understood, for people to check."""

import re
from itertools import pairwise

from aggregator.model.query import (
    And,
    Compare,
    ConceptIs,
    Everything,
    FirstIs,
    NameIs,
    Near,
    Not,
    Or,
    Query,
    Scope,
    Term,
    TopicIs,
)


def printed(query: Query) -> str:
    """The query as text; `parse_query` reads it to an equal one."""
    match query:
        case Everything():
            return ""
        case Term(text, scope, prefix, quoted):
            return _scoped(scope, f'"{text}"' if quoted else f"{text}*" if prefix else text)
        case Near(words, distance, scope):
            return _scoped(scope, f'"{" ".join(words)}"~{distance}')
        case ConceptIs(_, text):
            return f'actor:"{text}"'
        case TopicIs(topic):
            return f"topic:{_value(topic)}"
        case NameIs(attribute, value):
            return f"{attribute}:{_value(value)}"
        case FirstIs(camp):
            return f"first:{_value(camp)}"
        case Compare(attribute, operator, value):
            return f"{attribute}{':' if operator == '=' else operator}{_measure(value)}"
        case Not(part):
            return f"NOT {_nested(part, And, Or)}"
        case And(parts):
            joints = [" AND " if _may_be_name(*two) else " " for two in pairwise(parts)]
            return "".join(_nested(part, Or) + joint for part, joint in zip(parts, [*joints, ""], strict=True))
        case Or(parts):
            return " OR ".join(printed(part) for part in parts)


def _may_be_name(before: Query, after: Query) -> bool:
    """Whether two conditions, side by side, could be read as words of one name."""
    while isinstance(before, Not):
        before = before.part
    return _is_word(before) and _is_word(after)


def _is_word(query: Query) -> bool:
    return isinstance(query, Term) and query.scope == "any" and not query.quoted


def _nested(query: Query, *looser: type) -> str:
    """In parentheses if it binds looser than what it stands in."""
    return f"({printed(query)})" if isinstance(query, looser) else printed(query)


def _scoped(scope: Scope, text: str) -> str:
    return text if scope == "any" else f"{scope}:{text}"


def _value(text: str) -> str:
    bare = re.fullmatch(r"[^\W_][\w-]*", text) and text not in ("AND", "OR", "NOT")
    return text if bare else f'"{text}"'


def _measure(value: str | float) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
