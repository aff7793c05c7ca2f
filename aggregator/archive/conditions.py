"""Query → FTS5 and SQL, with parameters only: nothing of a query's text becomes SQL."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from aggregator.archive.tokens import (
    EVERY,
    RELEVANCE_STEPS,
    concept_token,
    name_token,
    relevance_token,
    steps_reached,
    topic_token,
)
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
    Term,
    TopicIs,
)
from aggregator.text.fold import fold
from aggregator.text.words import alternatives, folded_words

_COLUMNS = {
    "relevance": "relevance",
    "date": "date",
    "published": "published",
    "firstseen": "first_seen",
    # A look-up for each article that the rest of the query has found: a list of all such stories would be made first.
    "sources": "(SELECT sources FROM stories WHERE stories.id = story_id)",
}
_FIRST = "(SELECT first_camp FROM stories WHERE stories.id = story_id)"
#: A phrase of Russian words may stand under several lemmas each; only so many combinations are asked for.
_PHRASES = 24
#: So many words with one beginning are asked for by themselves; of more FTS5 gathers and sorts the articles first.
MOST_WORDS = 1000

#: The words of the index that begin so: so many as `MOST_WORDS`, or one more if there are more.
WordsBeginning = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Fts:
    """An expression for `article_words MATCH`; `negated` if all but what it finds is meant."""

    match: str
    negated: bool = False

    @property
    def positive(self) -> str:
        """An expression that finds what is meant."""
        return f'"{EVERY}" NOT ({self.match})' if self.negated else self.match


@dataclass(frozen=True, slots=True)
class Sql:
    """A condition on `articles` with its parameters."""

    where: str
    parameters: tuple[object, ...] = ()


Condition = Fts | Sql
_ALL = Fts(f'"{EVERY}"')


class Compiler:
    """Queries → conditions, with a look at the words that the index holds."""

    def __init__(self, words_beginning: WordsBeginning) -> None:
        self._words_beginning = words_beginning

    def condition(self, query: Query) -> Condition:
        """What the index can answer as one expression, the rest as SQL."""
        match query:
            case Everything():
                return _ALL
            case Term() | Near():
                return self._text(query)
            case ConceptIs(concept, text):
                return join([Fts(_quote(concept_token(concept))), self._text(Term(text))], "OR")
            case TopicIs(topic):
                return Fts(_quote(topic_token(topic)))
            case NameIs(attribute, value):
                return Fts(_quote(name_token(attribute, value)))
            case FirstIs(camp):
                return Sql(f"ifnull({_FIRST}, '') = ?", (camp,))
            case Compare():
                return _comparison(query)
            case And(parts):
                return join([self.condition(part) for part in parts], "AND")
            case Or(parts):
                return join([self.condition(part) for part in parts], "OR")
            case Not(part):
                return _negated(self.condition(part))

    def _text(self, text: Term | Near) -> Condition:
        asked = _near(text) if isinstance(text, Near) else self._phrase(text)
        if asked is None:
            return replace(_ALL, negated=isinstance(text, Near) or bool(text.text.strip()))
        if text.scope != "any":
            return Fts(f"{text.scope} : ({asked})")
        # Only what goes on could be the beginning of a token that no text has.
        return Fts(f"{{title text}} : ({asked})" if isinstance(text, Term) and text.prefix else f"({asked})")

    def _phrase(self, term: Term) -> str | None:
        words = folded_words(term.text)
        if not words:
            return None
        choices = _choices(words)
        if not term.prefix:
            return _phrases(choices)
        # The index holds stems and lemmas, of which a written form need not be the beginning: energy, energi.
        if len(words) == 1 and len(known := self._words_beginning(words[-1])) <= MOST_WORDS:
            return " OR ".join(dict.fromkeys((*map(_quote, known), *choices[-1])))
        return _phrases([*choices[:-1], (f"{_quote(words[-1])}*", *choices[-1])])


def _comparison(query: Compare) -> Condition:
    attribute, operator, value = query.attribute, query.operator, query.value
    if attribute == "story":
        # An article without a story has story NULL, which is neither equal nor unequal to any.
        resolved = "ifnull((SELECT story FROM merged_stories WHERE old = ?), ?)"
        return Sql(f"ifnull(story_id = {resolved}, 0)", (value, value))
    if attribute == "relevance" and operator in (">=", "<") and value in RELEVANCE_STEPS:
        return Fts(_quote(relevance_token(steps_reached(float(value)))), negated=operator == "<")
    return Sql(f"ifnull({_COLUMNS[attribute]} {operator} ?, 0)", (value,))


def as_sql(condition: Condition) -> Sql:
    """A condition as SQL, whichever it is."""
    if isinstance(condition, Sql):
        return condition
    among = "NOT IN" if condition.negated else "IN"
    return Sql(f"position {among} (SELECT rowid FROM article_words WHERE article_words MATCH ?)", (condition.match,))


def join(parts: Sequence[Condition], operator: str) -> Condition:
    """Text conditions become one expression, which FTS5 intersects by itself; the rest is joined in SQL."""
    texts = [part for part in parts if isinstance(part, Fts)]
    merged: list[Condition] = [_join_texts(texts, operator)] if texts else []
    mixed = [*merged, *(part for part in parts if isinstance(part, Sql))]
    if len(mixed) == 1:
        return mixed[0]
    conditions = [as_sql(part) for part in mixed]
    where = f" {operator} ".join(f"({condition.where})" for condition in conditions)
    return Sql(where, tuple(value for condition in conditions for value in condition.parameters))


def _join_texts(parts: Sequence[Fts], operator: str) -> Fts:
    if len(parts) == 1:
        return parts[0]
    if operator == "OR":
        return Fts(_chain((part.positive for part in parts), "OR"))
    found = [part.match for part in parts if not part.negated]
    barred = [part.match for part in parts if part.negated]
    if not found:
        return Fts(_chain(barred, "OR"), negated=True)
    both = _chain(found, "AND")
    return Fts(f"({both}) NOT ({_chain(barred, 'OR')})" if barred else both)


def _chain(matches: Iterable[str], operator: str) -> str:
    return f" {operator} ".join(f"({match})" for match in matches)


def _negated(condition: Condition) -> Condition:
    if isinstance(condition, Fts):
        return Fts(condition.match, negated=not condition.negated)
    return Sql(f"NOT ({condition.where})", condition.parameters)


def _phrases(choices: Sequence[Sequence[str]]) -> str:
    return " OR ".join(" + ".join(chosen) for chosen in islice(product(*choices), _PHRASES))


def _near(near: Near) -> str | None:
    phrases = [[" + ".join(chosen) for chosen in product(*_choices(folded_words(word)))] for word in near.words]
    known = [choices for choices in phrases if choices != [""]]
    if not known:
        return None
    asked = islice(product(*known), _PHRASES)
    return " OR ".join(f"NEAR({' '.join(chosen)}, {near.distance})" for chosen in asked)


def _choices(words: Iterable[str]) -> list[tuple[str, ...]]:
    """Under which index forms each word may stand, quoted."""
    return [tuple(map(_quote, alternatives(word))) for word in words]


def _quote(token: str) -> str:
    return '"' + fold(token).replace('"', '""').replace("\x00", "") + '"'
