"""What a query asks for: a tree of conditions on articles. `aggregator.query` reads it, the archive compiles it to SQL."""

from dataclasses import dataclass
from typing import Literal

Scope = Literal["any", "title", "text"]
Attribute = Literal["outlet", "camp", "country", "lang", "story", "relevance", "date"]
Operator = Literal["=", ">=", "<=", ">", "<"]


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand together, as written; `prefix` if the last one may go on."""

    text: str
    scope: Scope = "any"
    prefix: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class ConceptIs:
    """The article mentions a concept, under whatever name; `text` is how the query named it."""

    concept: str
    text: str


@dataclass(frozen=True, slots=True)
class TopicIs:
    """The article is about a topic."""

    topic: str


@dataclass(frozen=True, slots=True)
class AttributeIs:
    """A column of the article compared with a value."""

    attribute: Attribute
    operator: Operator
    value: str | float


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Query", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Query"


@dataclass(frozen=True, slots=True)
class Everything:
    """The empty query."""


Query = Term | ConceptIs | TopicIs | AttributeIs | And | Or | Not | Everything
