"""Pure: a query as *branches*, of which each is one expression of the index and one condition in SQL over a range of positions.

The rows of a branch come in order without sorting; what the index can decide alone is decided without looking at the articles.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.archive.conditions import Compiler, Condition, Fts, Sql, as_sql, join
from aggregator.archive.positions import FIRST, LAST, first_position
from aggregator.archive.tokens import RELEVANCE_STEPS, steps_reached
from aggregator.model.query import And, Compare, Not, Or, Query

#: A query of more branches than this is asked as one, whose parts SQL puts together.
_MOST = 16
ALL = Sql("1")


@dataclass(frozen=True, slots=True)
class Branch:
    """Articles that an expression of the index finds (None: all), that meet a condition, in a range of positions."""

    match: str | None
    where: Sql = ALL
    first: int = FIRST
    end: int = LAST

    @property
    def needs_articles(self) -> bool:
        """Whether the index alone cannot decide."""
        return self.match is None or self.where != ALL

    @property
    def place(self) -> str:
        """The column that is the position."""
        return "position" if self.match is None else "article_words.rowid"

    def within(self, since: datetime, until: datetime) -> "Branch":
        """The branch in a stretch of time."""
        first, end = max(first_position(since), self.first), min(first_position(until), self.end)
        return replace(self, first=first, end=end)

    def as_of(self, article: int | None) -> "Branch":
        """The branch as it was when this was the last article."""
        if article is None:
            return self
        return replace(self, where=as_sql(join([self.where, Sql("id <= ?", (article,))], "AND")))

    def by_index_alone(self) -> "Branch":
        """What the index finds, whether it meets the condition or not."""
        return replace(self, where=ALL)

    def source(self, *, joined: bool = True) -> tuple[str, tuple[object, ...]]:
        """FROM and WHERE with their parameters; the index leads where there is an expression, `joined` by the articles."""
        within = f"{self.place} >= ? AND {self.place} < ? AND ({self.where.where})"
        ends = (self.first, self.end)
        if self.match is None:
            return f"FROM articles WHERE {within}", (*ends, *self.where.parameters)
        tables = "article_words CROSS JOIN articles ON position = article_words.rowid" if joined else "article_words"
        return f"FROM {tables} WHERE article_words MATCH ? AND {within}", (self.match, *ends, *self.where.parameters)


def branches(query: Query, compiler: Compiler) -> tuple[Branch, ...]:
    """The branches of a query: one for each choice among the parts of those ORs that the index cannot answer."""
    choices: list[tuple[Query, ...]] = [()]
    for part in _all_of(query):
        if isinstance(part, Or) and not isinstance(compiler.condition(part), Fts):
            several = [(*chosen, *_all_of(one)) for chosen in choices for one in part.parts]
            if len(several) <= _MOST:
                choices = several
                continue
        choices = [(*chosen, part) for chosen in choices]
    return tuple(_branch(chosen, compiler) for chosen in choices)


def _all_of(query: Query) -> Iterator[Query]:
    """The conditions that a query asks for together, however it nests them."""
    match query:
        case And(parts):
            for part in parts:
                yield from _all_of(part)
        case Not(Not(part)):
            yield from _all_of(part)
        case Not(Or(parts)):
            for part in parts:
                yield from _all_of(Not(part))
        case Not(And(parts)):
            yield Or(tuple(Not(part) for part in parts))
        case Compare("relevance", ">" | ">=", value) if reached := steps_reached(float(value)):
            # The next lower step first, which the index knows.
            yield Compare("relevance", ">=", RELEVANCE_STEPS[reached - 1])
            if query.operator == ">" or value not in RELEVANCE_STEPS:
                yield query
        case _:
            yield query


def _branch(parts: Sequence[Query], compiler: Compiler) -> Branch:
    first, end, rest = _period(parts)
    conditions = [compiler.condition(part) for part in rest]
    texts: list[Condition] = [one for one in conditions if isinstance(one, Fts)]
    others: list[Condition] = [one for one in conditions if isinstance(one, Sql)]
    found = join(texts, "AND") if texts else None
    where = as_sql(join(others, "AND")) if others else ALL
    return Branch(found.positive if isinstance(found, Fts) else None, where, first, end)


def _period(parts: Sequence[Query]) -> tuple[int, int, list[Query]]:
    """The range of positions that dates leave, and the parts that are still to be asked: of a time in seconds, that too."""
    first, end, rest = FIRST, LAST, list[Query]()
    for part in parts:
        if not isinstance(part, Compare) or part.attribute != "date" or part.operator not in (">=", "<"):
            rest.append(part)
            continue
        moment = datetime.fromisoformat(str(part.value))
        if part.operator == ">=":
            first = max(first, first_position(moment))
        else:
            end = min(end, first_position(moment + timedelta(seconds=59)))
        if moment.second:
            rest.append(part)
    return first, end, rest
