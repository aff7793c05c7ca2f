"""Queries as branches: what the index can answer is its business, also within parentheses and denials."""

import pytest

from aggregator.annotate.beat import load_beat
from aggregator.archive.branches import branches
from aggregator.archive.conditions import Compiler
from aggregator.query import parse_query
from tests.builders import NOW


def asked(text: str) -> list[tuple[str | None, str]]:
    """Expression of the index and condition in SQL of each branch."""
    query = parse_query(text, vocabulary=load_beat(), now=NOW)
    return [(branch.match, branch.where.where) for branch in branches(query, Compiler(lambda start: ()))]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("zinc", 1),
        ("zinc OR lead", 1),
        ("zinc OR relevance>=0.95", 1),
        ("(zinc OR relevance>=0.95) lead", 1),
        ("-(zinc -relevance>=0.5)", 1),
        ("zinc OR sources>=3", 2),
        ("(zinc OR sources>=3) lead", 2),
        ("(zinc OR sources>=3) (lead OR sources>=4)", 4),
        ("-(zinc sources>=3)", 2),
    ],
)
def test_no_branch_asks_sql_for_what_the_index_knows(text: str, number: int) -> None:
    found = asked(text)
    assert len(found) == number
    assert not any("MATCH" in where for _, where in found)


def test_too_many_choices_are_left_to_sql() -> None:
    found = asked(" ".join(f"(zinc{number} OR sources>={number})" for number in range(6)))
    assert len(found) == 16
    assert all(where.count("MATCH") == 2 for _, where in found)


def test_the_next_lower_step_of_relevance_narrows() -> None:
    ((match, where),) = asked("relevance>0.72")
    assert (match, where) == ('"relevance_14"', "ifnull(relevance > ?, 0)")
