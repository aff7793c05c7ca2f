"""The query language: text → Query, or an error that points at the place."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.errors import QueryError
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
from aggregator.query import parse_query, printed
from tests.builders import NOTHING, Words

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
TOPICS = ("energy", "culture-education")
VOCABULARY = Words(
    {
        "putin": "vladimir-putin",
        "путин": "vladimir-putin",
        "普京": "vladimir-putin",
        "gas": "gas",
        "power of siberia": "power-of-siberia",
    },
    TOPICS,
)


def parse(text: str) -> Query:
    return parse_query(text, vocabulary=VOCABULARY, now=NOW)


def at(operator: str, moment: str) -> Compare:
    assert operator in (">=", "<")
    return Compare("date", ">=" if operator == ">=" else "<", f"{moment}T00:00:00+00:00")


A, B, C, D = Term("alpha"), Term("beta"), Term("ceta"), Term("delta")
PUTIN = ConceptIs("vladimir-putin", "Putin")

TABLE: dict[str, Query] = {
    "": Everything(),
    " \t\n ": Everything(),
    "alpha": A,
    # AND is the default, binds closer than OR; parentheses decide
    "alpha beta": And((A, B)),
    "alpha AND beta": And((A, B)),
    "alpha beta ceta": And((A, B, C)),
    "alpha OR beta": Or((A, B)),
    "alpha beta OR ceta delta": Or((And((A, B)), And((C, D)))),
    "alpha OR beta AND ceta": Or((A, And((B, C)))),
    "alpha (beta OR ceta)": And((A, Or((B, C)))),
    "(alpha OR beta) (ceta OR delta)": And((Or((A, B)), Or((C, D)))),
    "((alpha))": A,
    "(alpha)beta": And((A, B)),
    # NOT and - bind closest
    "NOT alpha": Not(A),
    "-alpha": Not(A),
    "alpha -beta": And((A, Not(B))),
    "alpha NOT beta OR ceta": Or((And((A, Not(B))), C)),
    "NOT NOT alpha": Not(Not(A)),
    "-(alpha OR beta)": Not(Or((A, B))),
    '-"alpha beta"': Not(Term("alpha beta", quoted=True)),
    "alpha-beta": Term("alpha-beta"),
    "-title:alpha": Not(Term("alpha", "title")),
    # the operators are in capitals; in small letters they are words
    "alpha and beta": And((A, Term("and"), B)),
    "alpha or beta": And((A, Term("or"), B)),
    "not": Term("not"),
    "ANDES ORACLE NOTE": And((Term("ANDES"), Term("ORACLE"), Term("NOTE"))),
    # phrases and prefixes
    '"alpha beta"': Term("alpha beta", quoted=True),
    '"alpha OR beta"': Term("alpha OR beta", quoted=True),
    '"(alpha"': Term("(alpha", quoted=True),
    '"topic:energy"': Term("topic:energy", quoted=True),
    '"alpha beta': Term("alpha beta", quoted=True),
    "alph*": Term("alph", prefix=True),
    "*": Term("*"),
    "普*": Term("普", prefix=True),
    # words near each other, in any order
    '"alpha beta"~5': Near(("alpha", "beta"), 5),
    '"alpha  普京 beta"~0 ceta': And((Near(("alpha", "普京", "beta"), 0), C)),
    'title:"alpha beta"~12': Near(("alpha", "beta"), 12, "title"),
    '"alpha"~5': Term("alpha", quoted=True),
    '"alpha beta" ~5': And((Term("alpha beta", quoted=True), Term("~5"))),
    # fields
    "title:alpha": Term("alpha", "title"),
    'title:"alpha beta"': Term("alpha beta", "title", quoted=True),
    "text:alph*": Term("alph", "text", prefix=True),
    "TITLE:alpha": Term("alpha", "title"),
    "topic:Energy": TopicIs("energy"),
    "topic:culture-education": TopicIs("culture-education"),
    'outlet:"South China Post"': NameIs("outlet", "South China Post"),
    "source:TASS": NameIs("outlet", "TASS"),
    "camp:ru-state": NameIs("camp", "ru-state"),
    "country:RU": NameIs("country", "RU"),
    "lang:zh": NameIs("lang", "zh"),
    "story:17": Compare("story", "=", 17.0),
    "actor:Putin": PUTIN,
    "place:普京": ConceptIs("vladimir-putin", "普京"),
    "(topic:energy)": TopicIs("energy"),
    "first:CN-state": FirstIs("cn-state"),
    "sources>=3": Compare("sources", ">=", 3.0),
    "sources:3": Compare("sources", "=", 3.0),
    # comparisons
    "relevance>=0.7": Compare("relevance", ">=", 0.7),
    "relevance:>=0.7": Compare("relevance", ">=", 0.7),
    "relevance:0.7": Compare("relevance", ">=", 0.7),
    "relevance<0.5": Compare("relevance", "<", 0.5),
    "relevance<=1": Compare("relevance", "<=", 1.0),
    "relevance>0": Compare("relevance", ">", 0.0),
    # dates: a period is from its first moment to before the next
    "date:2026": And((at(">=", "2026-01-01"), at("<", "2027-01-01"))),
    "date:2026-03": And((at(">=", "2026-03-01"), at("<", "2026-04-01"))),
    "date:2026-12": And((at(">=", "2026-12-01"), at("<", "2027-01-01"))),
    "date:2026-03-05": And((at(">=", "2026-03-05"), at("<", "2026-03-06"))),
    "date:2024-02-29": And((at(">=", "2024-02-29"), at("<", "2024-03-01"))),
    "date>=2026-03-05": at(">=", "2026-03-05"),
    "date:>=2026-03-05": at(">=", "2026-03-05"),
    "date>2026-03-05": at(">=", "2026-03-06"),
    "date<2026-03": at("<", "2026-03-01"),
    "date<=2026-03": at("<", "2026-04-01"),
    "since:7d": Compare("date", ">=", "2026-03-03T12:00:00+00:00"),
    "since:12h": Compare("date", ">=", "2026-03-10T00:00:00+00:00"),
    "since:2w": Compare("date", ">=", "2026-02-24T12:00:00+00:00"),
    "since:2026-03": at(">=", "2026-03-01"),
    "date>=2026-03-05T08:30": Compare("date", ">=", "2026-03-05T08:30:00+00:00"),
    "date<2026-03-05T08:30:01+03:00": Compare("date", "<", "2026-03-05T05:30:01+00:00"),
    "date:2026-03-05T08:30": And(
        (Compare("date", ">=", "2026-03-05T08:30:00+00:00"), Compare("date", "<", "2026-03-05T08:31:00+00:00"))
    ),
    "published>=2026-03-05": Compare("published", ">=", "2026-03-05T00:00:00+00:00"),
    "firstseen<2026-03-05": Compare("firstseen", "<", "2026-03-05T00:00:00+00:00"),
    # names of several words, the longest that the words are; not across an operator
    "Power of Siberia": ConceptIs("power-of-siberia", "Power of Siberia"),
    "alpha power of siberia gas": And((A, ConceptIs("power-of-siberia", "power of siberia"), ConceptIs("gas", "gas"))),
    "Power of": And((Term("Power"), Term("of"))),
    "Power AND of Siberia": And((Term("Power"), Term("of"), Term("Siberia"))),
    # conditions of one kind are one condition
    "alpha (beta ceta)": And((A, B, C)),
    "alpha OR (beta OR ceta)": Or((A, B, C)),
    # names of concepts; quotes and scopes switch that off
    "Putin": PUTIN,
    "Путин 普京": And((ConceptIs("vladimir-putin", "Путин"), ConceptIs("vladimir-putin", "普京"))),
    "-Putin": Not(PUTIN),
    '"Putin"': Term("Putin", quoted=True),
    "title:Putin": Term("Putin", "title"),
    "Putin*": Term("Putin", prefix=True),
    "alpha Putin topic:energy since:2026": And((A, PUTIN, TopicIs("energy"), at(">=", "2026-01-01"))),
}


@pytest.mark.parametrize(("text", "query"), TABLE.items())
def test_text_is_read_as_the_query(text: str, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("topc:energy", 1, "did you mean topic?"),
        ("alpha outlt:TASS", 7, "did you mean outlet?"),
        ("xyzzy:1", 1, "fields are actor, camp"),
        ("(alpha", 1, "not closed"),
        ("alpha (beta (ceta)", 7, "not closed"),
        ("alpha)", 6, "')' is not expected here"),
        (")", 1, "a word is expected before ')'"),
        ("()", 2, "a word is expected before ')'"),
        ("OR alpha", 1, "a word is expected before 'OR'"),
        ("alpha AND OR beta", 11, "a word is expected before 'OR'"),
        ("alpha OR", 0, "ends where a word is expected"),
        ("NOT", 0, "ends where a word is expected"),
        ("actor:nobody", 7, "no actor is known as 'nobody'"),
        ("place:nowhere", 7, "no place is known as 'nowhere'"),
        ("relevance>=high", 12, "'high' is not a number"),
        ("relevance>=nan", 12, "is not a number"),
        ("story:1e400", 7, "is not a number"),
        ("date:yesterday", 6, "write 2026-03-05"),
        ("date:2026-13", 6, "is not a date"),
        ("date:2026-02-30", 6, "is not a date"),
        ("date:0000", 6, "is not a date"),
        ("date:9999-12-31", 6, "is not a date"),
        ("since:soon", 7, "is not a date"),
        ("title:(alpha)", 1, "title: needs a value"),
        ("(" * 50 + "a" + ")" * 50, 0, "levels of parentheses"),
        ("NOT " * 50 + "a", 0, "levels of parentheses or NOT"),
        ("a" * 2001, 0, "longer than 2000"),
        ("a " * 401, 0, "more than 400 words"),
        ("camp:ru-stat", 6, "did you mean ru-state?"),
        ("first:nobody", 7, "camps are cn-independent, cn-state"),
        ("topic:enrgy", 7, "did you mean energy?"),
        ('"a b"~101', 7, "100 apart at most"),
        ("date>=2026-03-05Tnoon", 7, "write 2026-03-05T08:30"),
        ("alpha outlet:\udcff", 14, "half a character"),
    ],
)
def test_an_error_names_the_column_and_the_mend(text: str, column: int, said: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert said in str(caught.value)
    assert caught.value.column == column
    assert not column or f"(column {column})" in str(caught.value)


@pytest.mark.parametrize("text", ["topic>=energy", "lang<en", "outlet:>TASS", "title>=alpha", "since>=7d"])
def test_a_field_without_an_order_cannot_be_compared(text: str) -> None:
    with pytest.raises(QueryError, match=r"takes ':' only"):
        parse(text)


_PIECES = st.sampled_from(
    [
        *("(", ")", '"', "-", "AND", "OR", "NOT", "*", " ", ":", ">=", "title:", "topic:", "date:", "since:"),
        *(
            "relevance>",
            "2026-03",
            "9999d",
            "alpha",
            "Putin",
            "普京",
            "Путина",
            "\x00",
            "'",
            "²",
            "٣",
            "\u200f",
            "story:9",
            '"a 普京"~3',
            "outlet:AND",
            "Power of Siberia",
            "**",
            "sources>2",
        ),
    ]
)
QUERY_TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(), max_size=50),
    st.lists(_PIECES, max_size=60).map("".join),
    st.lists(_PIECES, max_size=60).map(" ".join),
)


@settings(max_examples=400, deadline=None)
@given(QUERY_TEXTS)
@example("(" * 2000)
@example('"' * 2000)
@example(" " * 1999 + "a")
@example("a:" * 1000)
@example("-" * 2000)
@example("since:٩d date:٢٠٢٦")
def test_any_text_gives_a_query_or_a_query_error_at_once(text: str) -> None:
    started = time.process_time()
    column, query = 0, None
    try:
        query = parse(text)
    except QueryError as error:
        column = error.column
    assert time.process_time() - started < 1
    assert 0 <= column <= len(text) + 1
    assert query is None or isinstance(query, Query)


@given(st.lists(st.sampled_from(["alpha", "beta", "ceta"]), min_size=1, max_size=8), st.sampled_from(["AND", "OR", ""]))
def test_words_joined_by_one_operator_stay_in_order(chosen: list[str], operator: str) -> None:
    query = parse(f" {operator} ".join(chosen))
    parts = query.parts if isinstance(query, And | Or) else (query,)
    assert parts == tuple(Term(word) for word in chosen)


@settings(max_examples=400, deadline=None)
@given(QUERY_TEXTS)
@example("outlet:AND camp:wire")
@example("** -(a (b OR c)) NOT NOT d")
@example('title:"a b"~3 OR (date:2026 x)')
@example('relevance>=1e-7 story:12 "" -""')
def test_a_printed_query_reads_to_an_equal_one(text: str) -> None:
    for vocabulary in (VOCABULARY, NOTHING):
        try:
            query = parse_query(text, vocabulary=vocabulary, now=NOW)
        except QueryError:
            continue
        assert parse_query(printed(query), vocabulary=vocabulary, now=NOW) == query
