"""What a query asks for: a tree of conditions on articles. `aggregator.query` reads it, the archive compiles it to SQL."""

from dataclasses import dataclass
from typing import Literal

Scope = Literal["any", "title", "text"]
#: Attributes with names for values, which are compared without regard to case.
Named = Literal["outlet", "camp", "country", "lang"]
#: Attributes that are compared by size: numbers, and times as ISO 8601 in UTC.
Measured = Literal["relevance", "sources", "story", "date", "published", "firstseen"]
Operator = Literal["=", ">=", "<=", ">", "<"]


@dataclass(frozen=True, slots=True)
class Term:
    """Words that stand together, as written; `prefix` if the last one may go on."""

    text: str
    scope: Scope = "any"
    prefix: bool = False
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Near:
    """Words in any order, with at most `distance` other words between the first and the last."""

    words: tuple[str, ...]
    distance: int
    scope: Scope = "any"


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
class NameIs:
    """An attribute of the article has this value."""

    attribute: Named
    value: str


@dataclass(frozen=True, slots=True)
class FirstIs:
    """The story of the article was reported first by this camp."""

    camp: str


@dataclass(frozen=True, slots=True)
class Compare:
    """An attribute of the article, or of its story (`sources`), compared with a value."""

    attribute: Measured
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


Query = Term | Near | ConceptIs | TopicIs | NameIs | FirstIs | Compare | And | Or | Not | Everything
