"""Search finds what its query says, in three languages, and never breaks on what a user types."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat, load_beat
from aggregator.archive.sqlite import SqliteArchive
from aggregator.errors import QueryError
from aggregator.model import Annotated
from aggregator.model.query import And, Not, Or, Query, Term
from aggregator.query import parse_query
from aggregator.settings import Camp
from tests.builders import NOTHING, NOW, filled_archive, make_annotated, make_article
from tests.test_query import QUERY_TEXTS

ARTICLES: dict[str, tuple[str, str, str]] = {
    "ru-genitive": ("ru", "Визит Путина в Пекин", "Переговоры пройдут на следующей неделе, сообщили в Кремле."),
    "ru-nominative": ("ru", "Путин провёл совещание", "Обсуждались поставки зерна и санкции."),
    "en": ("en", "Putin hails energy companies", "Russian exporters of oil were negotiating new sanctions clauses."),
    "zh": ("zh", "普京将访问北京", "俄罗斯总统普京下周将对中国进行国事访问。"),
    "zh-traditional": ("zh", "俄羅斯擴大對華天然氣供應", "兩國企業簽署協議。"),
    "other": ("en", "Harvest in Brazil", "Soybeans reach port in gassy silence."),
}


def judged(name: str, beat: Beat) -> Annotated:
    language, title, text = ARTICLES[name]
    return annotate(make_article(title, text=text, language=language, outlet=name), beat)


@pytest.fixture(scope="module")
def beat() -> Beat:
    return load_beat()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, beat: Beat) -> Iterator[SqliteArchive]:
    folder = tmp_path_factory.mktemp("search")
    with filled_archive(folder / "a.db", *(judged(name, beat) for name in ARTICLES)) as opened:
        yield opened


def found(archive: SqliteArchive, query: Query) -> list[str]:
    page = archive.search(query, order="newest", limit=100, offset=0)
    assert page.total == len(page.articles)
    return sorted(hit.article.outlet for hit in page.articles)


PUTIN = ["en", "ru-genitive", "ru-nominative", "zh"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        # a Russian word in any form finds any form
        ("title:Путин", ["ru-genitive", "ru-nominative"]),
        ('"Путина"', ["ru-genitive", "ru-nominative"]),
        ("переговорам", ["ru-genitive"]),
        ("САНКЦИЙ", ["ru-nominative"]),
        ("провел", ["ru-nominative"]),
        # an English word likewise
        ("company", ["en"]),
        ("negotiate", ["en"]),
        # a name finds its concept in all languages
        ("Putin", PUTIN),
        ("Путина", PUTIN),
        ("普京", PUTIN),
        ("普丁", PUTIN),
        ("actor:Putin", PUTIN),
        ('"Putin"', ["en"]),
        ('"普京"', ["zh"]),
        # Chinese words of two characters, wherever they stand, and only together in this order
        ("访问", ["zh"]),
        ("问访", []),
        ("国事", ["zh"]),
        ("总统", ["zh"]),
        # simplified and traditional are one script
        ("天然气", ["zh-traditional"]),
        ("天然氣", ["zh-traditional"]),
        ("國事訪問", ["zh"]),
        ("两国企业", ["zh-traditional"]),
        # phrases
        ('"energy companies"', ["en"]),
        ('"companies energy"', []),
        ('"следующая неделя"', ["ru-genitive"]),
        ('"Переговоры пройдут на следующей неделе, сообщили в Кремле"', ["ru-genitive"]),
        # prefixes, of what is written and not of its stem
        ("энерг*", []),
        ("negot*", ["en"]),
        ("перегов*", ["ru-genitive"]),
        ("energy*", ["en"]),
        ("negotiating*", ["en"]),
        ("санкции*", ["ru-nominative"]),
        ("天然*", ["zh-traditional"]),
        # fields
        ("title:Кремль", []),
        ("text:Кремль", ["ru-genitive"]),
        ("title:energy", ["en"]),
        ("text:energy", []),
        ('title:"hails energy"', ["en"]),
        ("outlet:ZH", ["zh"]),
        ("lang:zh", ["zh", "zh-traditional"]),
        ("lang:ZH 普京", ["zh"]),
        # what the text does not say
        ("NOT lang:ru NOT lang:zh", ["en", "other"]),
        ("Putin -lang:en -lang:zh", ["ru-genitive", "ru-nominative"]),
        ("Brazil OR 天然气", ["other", "zh-traditional"]),
        ("(Brazil OR 天然气) lang:en", ["other"]),
        ("(Brazil OR lang:zh) -普京", ["other", "zh-traditional"]),
        ("gas", ["zh-traditional"]),
        ("sanctio", []),
        ("!!!", []),
        ("перего*", ["ru-genitive"]),
        ("c_vladimir_putin", []),
    ],
)
def test_a_query_finds(archive: SqliteArchive, beat: Beat, query: str, names: list[str]) -> None:
    if query == "gas" and beat.concept_named("gas") is None:
        names = []
    assert found(archive, parse_query(query, vocabulary=beat, now=NOW)) == names


@pytest.mark.parametrize("name", list(ARTICLES))
def test_each_title_in_quotes_finds_its_article(archive: SqliteArchive, beat: Beat, name: str) -> None:
    query = parse_query(f'"{ARTICLES[name][1]}"', vocabulary=beat, now=NOW)
    assert found(archive, query) == [name]


def test_a_long_russian_title_in_quotes_finds_its_article(tmp_path: Path, beat: Beat) -> None:
    title = "Три новой партии топлива известны: три в порту, три в пути, три на складе"
    with filled_archive(tmp_path / "a.db", make_annotated(make_article(title, language="ru", outlet="x"))) as archive:
        assert found(archive, parse_query(f'"{title}"', vocabulary=beat, now=NOW)) == ["x"]


def attributed(n: int) -> Annotated:
    return make_annotated(
        make_article(
            f"Title {n}",
            outlet=f"Outlet {n}",
            camp=list(Camp)[n],
            country=("RU", "CN")[n % 2],
            published=NOW - timedelta(days=n, hours=12),
        ),
        topics=[("energy", "trade")[n % 2]],
        score=n / 4,
    )


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", {0, 1, 2, 3, 4}),
        ("topic:energy", {0, 2, 4}),
        ("topic:ENERGY", {0, 2, 4}),
        ('outlet:"outlet 3"', {3}),
        ("outlet:Outlet", set()),
        ("camp:official", {4}),
        ("country:cn", {1, 3}),
        ("relevance>=0.75", {3, 4}),
        ("relevance>0.75", {4}),
        ("relevance<0.25", {0}),
        ("relevance<=0.25", {0, 1}),
        ("date:2026-03-05", {0}),
        ("date:2026-03-04", {1}),
        ("date:2026-03", {0, 1, 2, 3, 4}),
        ("date:2026-02", set()),
        ("date>=2026-03-04", {0, 1}),
        ("date>2026-03-04", {0}),
        ("date<2026-03-03", {3, 4}),
        ("since:1d", {0}),
        ("since:36h", {0, 1}),
        ("-since:36h", {2, 3, 4}),
        ("story:2", {3}),
        ("story:1.5", set()),
        ("topic:energy country:CN", set()),
        ("topic:energy OR relevance>=0.75", {0, 2, 3, 4}),
        ("Title -(topic:trade OR date:2026-03-01)", {0, 2}),
    ],
)
def test_attributes_restrict(tmp_path: Path, query: str, numbers: set[int]) -> None:
    with filled_archive(tmp_path / "a.db", *map(attributed, range(5))) as archive:
        parsed = parse_query(query, vocabulary=NOTHING, now=NOW)
        assert found(archive, parsed) == [f"Outlet {n}" for n in sorted(numbers)]


# --- anything a user may type ------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(QUERY_TEXTS)
@example("outlet:\udcff")
@example("topic:\udcff lang:\ud800")
@example(" ".join(["lang:en"] * 200))
@example(" OR ".join(["lang:en"] * 180))
@example(" ".join(["-a"] * 200))
@example(" ".join(["a"] * 400))
@example(" OR ".join(["a"] * 200))
@example(" ".join(["Putin"] * 300))
@example("(a OR lang:en b " * 20 + "c" + ")" * 20)
@example("(a OR lang:en b " * 8 + "c" + ")" * 8)
@example("(a OR b -(lang:zh OR d -e " * 4 + "c" + "))" * 4)
@example("-(lang:en OR a -b " * 4 + "c" + ")" * 4)
@example("-(lang:en OR title:a OR -b c -(topic:x -d OR Putin " * 2 + "c" + "))" * 2)
@example("NOT " * 8 + "a")
@example('"' + "стали " * 300 + '"')
@example("ab* " * 400)
@example("\x00")
@example('"\x00" outlet:\x00')
@example("NEAR(a b) ^a {title}: a + b")
@example("'; DROP TABLE articles; --")
def test_any_text_is_answered_or_refused_as_a_query(archive: SqliteArchive, beat: Beat, text: str) -> None:
    try:
        query = parse_query(text, vocabulary=beat, now=NOW)
    except QueryError:
        return
    page = archive.search(query, order="best", limit=3, offset=0)
    assert 0 <= len(page.articles) <= page.total <= len(ARTICLES)
    archive.ranked_stories(NOW - timedelta(days=1), NOW, minimum_relevance=0, query=query)
    archive.percolate([query], archive.placed_since(0, 9))


# --- against a matcher that anyone can check ----------------------------------------------------

WORDS = ("alpha", "bravo", "китай", "океан", "北", "京", "42")
#: Articles are all sequences that a small generator gives: 60 different titles of up to five words.
TITLES = [" ".join(WORDS[(n * k + k * k) % len(WORDS)] for k in range(n % 5 + 1)) + f" n{n}" for n in range(60)]

_LEAVES = st.sampled_from(WORDS).map(Term)


def _nested(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(several.map(And), several.map(Or), inner.map(Not))


QUERIES: st.SearchStrategy[Query] = st.recursive(_LEAVES, _nested, max_leaves=8)


def spelled(query: Query) -> str:
    match query:
        case Term(text):
            return text
        case And(parts):
            return "(" + " ".join(map(spelled, parts)) + ")"
        case Or(parts):
            return "(" + " OR ".join(map(spelled, parts)) + ")"
        case Not(part):
            return f"NOT {spelled(part)}"
    raise AssertionError(query)


def matcher(query: Query) -> Callable[[str], bool]:
    match query:
        case Term(text):
            return lambda title: text in title.split()
        case And(parts):
            return lambda title: all(matcher(part)(title) for part in parts)
        case Or(parts):
            return lambda title: any(matcher(part)(title) for part in parts)
        case Not(part):
            return lambda title: not matcher(part)(title)
    raise AssertionError(query)


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteArchive]:
    articles = (
        make_annotated(make_article(title, outlet=title, published=NOW - timedelta(hours=n % 7)), score=n % 5 / 5)
        for n, title in enumerate(TITLES)
    )
    with filled_archive(tmp_path_factory.mktemp("sixty") / "a.db", *articles) as opened:
        yield opened


@settings(max_examples=200, deadline=None)
@given(QUERIES)
def test_search_equals_a_brute_force_matcher(sixty: SqliteArchive, query: Query) -> None:
    parsed = parse_query(spelled(query), vocabulary=NOTHING, now=NOW)
    assert found(sixty, parsed) == sorted(filter(matcher(query), TITLES))


@pytest.mark.parametrize("size", [1, 7, 60])
@pytest.mark.parametrize("order", ["newest", "best"])
def test_pages_in_a_row_are_the_whole_each_once_in_order(sixty: SqliteArchive, size: int, order: str) -> None:
    def page(limit: int, offset: int) -> list[int]:
        query = Or((Term("alpha"), Term("bravo"), Term("42")))
        hits = sixty.search(query, order="best" if order == "best" else "newest", limit=limit, offset=offset).articles
        return [hit.id for hit in hits]

    whole = page(100, 0)
    pages: list[list[int]] = [page(size, offset) for offset in range(0, len(whole), size)]
    assert len(whole) > 20
    assert reduce(list.__add__, pages) == whole
    assert len(set(whole)) == len(whole)
    assert page(size, len(whole)) == []


def test_orders_are_newest_first_or_most_relevant_first(sixty: SqliteArchive) -> None:
    everything = Or((Term("alpha"), Not(Term("alpha"))))
    newest = sixty.search(everything, order="newest", limit=60, offset=0).articles
    dates = [hit.article.date for hit in newest]
    assert dates == sorted(dates, reverse=True)
    best = sixty.search(everything, order="best", limit=60, offset=0).articles
    scores = [hit.annotated.relevance.score for hit in best]
    assert scores == sorted(scores, reverse=True)
