"""What an article is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from aggregator.model.acquire import Article

Side = Literal["first", "second", "pair", "third"]
Field = Literal["title", "text"]


#: The end of what has not ended.
STILL = "9999"


class Tenure(NamedTuple):
    """Who held an office, and when: from the first day on, before the last; ISO dates, which sort as they follow."""

    person: str
    since: str
    until: str = STILL


@dataclass(frozen=True, slots=True, kw_only=True)
class Concept:
    """A person, office, body, place, project, document or theme; its id does not depend on a language."""

    id: str
    kind: str
    side: Side
    weight: float
    topics: tuple[str, ...]
    names: Mapping[str, tuple[str, ...]]
    exact: tuple[str, ...] = ()
    holders: tuple[Tenure, ...] = ()
    """Of an office."""

    @property
    def holder(self) -> str | None:
        """Id of the person who holds the office still; None where nobody is known to."""
        return next((held.person for held in self.holders if held.until == STILL), None)

    def name(self, language: str = "en") -> str:
        """The name that readers of that language expect; one in another where that has none."""
        return next(names[0] for names in (self.names.get(language, ()), *self.names.values()) if names)


class Mention(NamedTuple):
    """Where a concept stands: `text[start:end]` of the article's title or body."""

    concept: str
    field: Field
    start: int
    end: int


class Evidence(NamedTuple):
    """One thing that counted, where, and how many points of log-odds it added or took."""

    what: str
    where: str
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Relevance:
    """How probable it is that the article is about the tie of the pair, 0..1, and why."""

    score: float
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotated:
    """An article and what it is about."""

    article: Article
    mentions: tuple[Mention, ...]
    topics: tuple[str, ...]
    relevance: Relevance
    title_words: str = ""
    text_words: str = ""
    """The analysed words of title and body, on their way into the index; not read back."""
    version: str = ""
    """Of the beat and code that it was made by; empty: not known."""

    @property
    def concepts(self) -> tuple[str, ...]:
        """Ids of the concepts that it mentions, each once, in order of appearance."""
        return tuple(dict.fromkeys(mention.concept for mention in self.mentions))
