"""Offices as those who hold them on the day, and «both leaders» after a named pair; the cases stand in gold/naming.yaml."""

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.annotate.naming import names_of
from aggregator.annotate.offices import holder_on
from aggregator.evaluate import make_article

CASES = YAML(typ="safe").load((Path(__file__).parents[1] / "gold" / "naming.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[f"{case['on']} {case['title']}" for case in CASES])
def test_everything_named_stands_where_it_is_said(case: dict[str, Any]) -> None:
    article = replace(
        make_article(case["title"], case.get("text", ""), "en"), published=datetime.combine(case["on"], time(9), UTC)
    )
    found = annotate(article, load_beat()).mentions
    texts = {"title": article.title, "text": article.body}
    assert [[m.concept, texts[m.field][m.start : m.end]] for m in found] == case["named"]


def test_of_a_month_alone_only_what_lies_outside_is_sure() -> None:
    ambassador = load_beat().concepts["russian-ambassador-to-china"]
    days = ("2013-04-30", "2013-05-01", "2022-08-31", "2022-09-30", "2022-10-01")
    assert [holder_on(ambassador, day) for day in days] == [
        None,
        "andrei-denisov",
        "andrei-denisov",
        None,
        "igor-morgulov",
    ]


def test_a_question_for_an_office_is_for_who_holds_it_and_a_title_has_no_plural() -> None:
    beat = load_beat()
    assert beat.concept_named("Russian president") == "vladimir-putin"
    assert beat.concept_named("президентом России") == "vladimir-putin"
    assert beat.concept_named("президентами России") is None


@pytest.mark.parametrize(
    ("title", "of_both"),
    [
        ("Russian ambassador to China opens a school", True),  # a person by his office, whose name holds both countries
        ("Посол России в Китае открыл школу", True),
        ("Igor Morgulov opens a school", False),
        ("Russian foreign minister opens a school", False),
    ],
)
def test_the_name_of_an_office_may_speak_of_both_sides(title: str, of_both: bool) -> None:
    assert names_of(make_article(title, "", "en"), load_beat()).of_both is of_both
