"""Whether one article matches a query, before the archive has it."""

import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from aggregator.errors import QueryError
from aggregator.matching import filter_of, matches, parse_filter
from aggregator.model import Annotated
from aggregator.settings import Camp
from tests.builders import NOW, Words, make_annotated, make_article, make_feed

VOCABULARY = Words(
    {"putin": "vladimir-putin", "путин": "vladimir-putin", "gas": "gas", "power of siberia": "power-of-siberia"},
    ("energy", "trade"),
)
ARTICLE = make_annotated(
    make_article(
        "Газопровод стали: визит в Пекин",
        text="Gas pipelines carry more gas than oil. 中俄天然氣合作 continues.",
        outlet="Alpha Пост",
        camp=Camp.WIRE,
        country="DE",
        language="ru",
        published=datetime(2026, 3, 5, 11, 30, 20, 7, tzinfo=timezone(timedelta(hours=3))),
        first_seen=NOW,
    ),
    concepts=["vladimir-putin"],
    topics=["energy"],
    score=0.25,
)
UNDATED = replace(ARTICLE, article=replace(ARTICLE.article, published=None))


def matched(text: str, annotated: Annotated = ARTICLE) -> bool:
    return matches(parse_filter(text, vocabulary=VOCABULARY, now=NOW), annotated)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '""',
        # words in any form, in title or text
        "газопроводом",
        "визита",
        "СТАЛИ",
        "сталь",
        "pipeline",
        "title:визиты",
        "text:carrying",
        # Han, wherever they stand; traditional and simplified are one script
        "天然气",
        "合作",
        "俄天",
        "俄天*",
        # phrases, over punctuation, in order
        '"стали визит"',
        '"carry more gas"',
        'text:"oil 中俄"',
        # prefixes of what is written and of its index form
        "pipel*",
        "continue*",
        "газопров*",
        "title:пек*",
        '"!" OR continues*',
        # near: words between the end of one and the beginning of the last, in any order, parts of several words too
        '"oil gas"~1',
        '"gas oil"~1',
        '"pipelines oil"~4',
        '"oil pipelines gas"~4',
        '"gas gas"~0',
        '"合作 中俄"~3',
        '"визит газопровод"~1',
        # names: of what is mentioned, or as they stand there
        "Putin",
        "actor:Путин",
        "gas",
        # attributes
        "topic:energy",
        'outlet:"alpha пОСТ"',
        "camp:WIRE",
        "country:de",
        "lang:RU",
        "relevance>=0.25",
        "relevance<=0.25",
        "relevance>0.2",
        "date:2026-03-05",
        "date:2026-03-05T08:30",
        "date>=2026-03-05T08:30:20",
        "published<2026-03-05T08:30:21",
        "firstseen:2026-03-05T12:00",
        "since:4h",
        # together
        "pipeline -harvest",
        "harvest OR (oil topic:energy)",
        "NOT (topic:trade OR harvest)",
    ],
)
def test_an_article_matches(text: str) -> None:
    assert matched(text)


@pytest.mark.parametrize(
    "text",
    [
        "harvest",
        "!!!",
        "gassy",
        "title:oil",
        "text:визит",
        "然天",
        '"визит стали"',
        '"carry gas"',
        # not over the border of title and text
        '"Пекин gas"',
        '"Пекин gas"~9',
        "ipelines*",
        '"oil carry"~2',
        '"pipelines oil"~3',
        '"gas harvest"~9',
        '"! ?"~9',
        'title:"gas oil"~9',
        "Power of Siberia",
        "topic:trade",
        "outlet:Alpha",
        "camp:official",
        "country:D",
        "lang:en",
        "relevance>0.25",
        "relevance<0.25",
        "date:2026-03-04",
        "date:2026-03-05T08:31",
        "date<2026-03-05T08:30:20",
        "since:3h",
        "pipeline harvest",
        "NOT Putin",
        "all_",
        "c_vladimir_putin",
        "t_energy",
    ],
)
def test_an_article_does_not_match(text: str) -> None:
    assert not matched(text)


def test_without_a_date_of_its_own_an_article_is_of_when_it_was_first_seen() -> None:
    assert matched("date:2026-03-05T12:00", UNDATED)
    for text in ("published>=2026", "published<2027"):
        assert not matched(text, UNDATED)
        assert matched(f"NOT {text}", UNDATED)


@pytest.mark.parametrize(
    ("text", "field", "column"),
    [
        ("sources>=3", "sources", 1),
        ("oil -first:wire", "first", 6),
        ("(oil OR NOT (lang:ru story:7))", "story", 22),
    ],
)
def test_a_filter_cannot_ask_what_only_the_archive_knows(text: str, field: str, column: int) -> None:
    with pytest.raises(QueryError, match=rf"^{field}: a filter looks at articles that have no story yet") as caught:
        parse_filter(text, vocabulary=VOCABULARY, now=NOW)
    assert caught.value.column == column


def test_quotes_are_no_field() -> None:
    assert not matched('"story:7"')


@pytest.mark.parametrize(
    ("keep", "drop", "passes"),
    [
        (None, None, True),
        ("", "", True),
        (" ", " ", True),
        ("oil", None, True),
        ("harvest", None, False),
        (None, "oil", False),
        (None, "harvest", True),
        ("oil", "topic:energy", False),
        ("oil OR harvest", "topic:trade", True),
        ("since:4h", None, True),
        (None, "since:4h", False),
    ],
)
def test_a_filter_lets_in_what_keep_and_not_drop_match(keep: str | None, drop: str | None, passes: bool) -> None:
    feed = replace(make_feed(), keep=keep, drop=drop)
    assert matches(filter_of(feed, vocabulary=VOCABULARY, now=NOW), ARTICLE) is passes


def test_the_longest_filter_is_asked_of_a_long_text_in_time() -> None:
    long = make_annotated(make_article("стали", text="и стали " * 2_500 + "путина", language="ru"))
    for text in ('"' + "стали и " * 200 + '"', " ".join(["стал*"] * 330), " OR ".join(['"стали путина и"~0'] * 10)):
        query = parse_filter(text, vocabulary=VOCABULARY, now=NOW)
        started = time.process_time()
        matches(query, long)
        assert time.process_time() - started < 1
