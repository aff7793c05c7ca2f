"""The archive's search and the matcher of new articles mean the same: any query, over two thousand articles."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Literal, get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from aggregator.archive import Order
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.matching import matches
from aggregator.model import Annotated, Placement, StoredArticle
from aggregator.model.query import (
    And,
    Compare,
    ConceptIs,
    Everything,
    FirstIs,
    Measured,
    NameIs,
    Near,
    Not,
    Operator,
    Or,
    Query,
    Scope,
    Term,
    TopicIs,
)
from aggregator.query import parse_query, printed
from aggregator.settings import Camp
from tests.builders import NOW, Words, make_annotated, make_article, make_harvest

ARTICLES = 2_000
TOPICS = ("energy", "trade", "culture-education")
CONCEPTS = {"vladimir-putin": ("Putin", "Путина", "普京"), "power-of-siberia": ("Power of Siberia",), "gas": ("gas",)}
VOCABULARY = Words({name.lower(): concept for concept, names in CONCEPTS.items() for name in names}, TOPICS)
WORDS = {
    language: words.split()
    for language, words in (
        ("en", "gas pipeline pipelines visit visited visits of Power Siberia Putin oil trade re-export 42"),
        ("ru", "газопровод газопроводом стали сталь стать статья Путин путина визита Визит новой энергии в 42"),
        ("zh", "中俄 中 俄 俄中 天然气 天然氣 合作 石油 普京 北京 42"),
    )
}
OUTLETS = (
    ("Alpha Post", Camp.WESTERN, "GB"),
    ("ТАСС", Camp.RU_STATE, "RU"),
    ("新华", Camp.CN_STATE, "CN"),
    ("alpha wire", Camp.WIRE, "DE"),
    ('Port "O\'Neill"', Camp.OTHER, "gb"),
)
#: As of a feed that was read for two years; some to the second, many at one midnight.
STARTED = NOW - timedelta(days=700)


def made(n: int, random: Random) -> Annotated:
    language = random.choice(list(WORDS))
    outlet, camp, country = random.choice(OUTLETS)

    def text(most: int) -> str:
        words = [
            random.choice(WORDS[language if random.random() < 0.9 else "en"]) for _ in range(random.randint(0, most))
        ]
        return ("" if language == "zh" else " ").join(words)

    midnight = STARTED + timedelta(days=random.randint(0, 700), hours=-12)
    published = midnight + timedelta(
        seconds=random.choice([0, 0, 30, 61, 3_600, 86_399]), microseconds=random.choice([0, 7])
    )
    article = make_article(
        f"{text(5)} {n}",
        text=text(14),
        outlet=outlet,
        camp=camp,
        country=country,
        language=language,
        published=published if random.random() < 0.8 else None,
        first_seen=published + timedelta(minutes=random.randint(0, 90)),
    )
    return make_annotated(
        article,
        concepts=random.sample(list(CONCEPTS), random.choice([0, 0, 1, 2])),
        topics=random.sample(TOPICS, random.choice([0, 1, 1, 2])),
        score=random.randint(0, 20) / 20,
    )


class Filled:
    """An archive, and what was put into it, by id."""

    def __init__(self, archive: SqliteArchive, articles: dict[int, Annotated]) -> None:
        self.archive = archive
        self.articles = articles
        page = archive.search(Everything(), order="newest", limit=ARTICLES, offset=0)
        self.stored = {one.id: one for one in page.articles}
        stories: dict[int, list[StoredArticle]] = {}
        for one in sorted(page.articles, key=lambda one: (one.article.date, one.id)):
            if one.story:
                stories.setdefault(one.story, []).append(one)
        self.first = {story: ones[0].article.camp.value for story, ones in stories.items()}
        self.sources = {
            story: len({one.article.outlet for one in ones if one.copy_of is None}) for story, ones in stories.items()
        }

    def of_the_story(self, query: FirstIs | Compare, article: int) -> bool:
        """What only the archive can tell."""
        story = self.stored[article].story
        if story is None:
            return False
        if isinstance(query, FirstIs):
            return self.first[story] == query.camp
        measure = story if query.attribute == "story" else self.sources[story]
        value = float(query.value)
        return {
            "=": measure == value,
            ">=": measure >= value,
            "<=": measure <= value,
            ">": measure > value,
            "<": measure < value,
        }[query.operator]

    def matching(self, query: Query) -> set[int]:
        if not asks_for_story(query):
            return {article for article, one in self.articles.items() if matches(query, one)}
        return {article for article, one in self.articles.items() if matches(self._answered(query, article), one)}

    def _answered(self, query: Query, article: int) -> Query:
        """The query with that answered which is no matter of the article."""
        match query:
            case FirstIs() | Compare("sources" | "story"):
                return Everything() if self.of_the_story(query, article) else Not(Everything())
            case Not(part):
                return Not(self._answered(part, article))
            case And(parts):
                return And(tuple(self._answered(part, article) for part in parts))
            case Or(parts):
                return Or(tuple(self._answered(part, article) for part in parts))
        return query


def asks_for_story(query: Query) -> bool:
    match query:
        case FirstIs() | Compare("sources" | "story"):
            return True
        case Not(part):
            return asks_for_story(part)
        case And(parts) | Or(parts):
            return any(map(asks_for_story, parts))
    return False


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    random = Random(20260305)
    articles = dict(zip(count(1), (made(n, random) for n in range(ARTICLES)), strict=False))
    archive = open_archive(tmp_path_factory.mktemp("filled") / "a.db")
    archive.save(make_harvest(*articles.values()))
    archive.place(placed(random))
    yield Filled(archive, articles)
    archive.close()


def placed(random: Random) -> Iterator[Placement]:
    """Most articles have stories, of up to a dozen."""
    earlier = [1]
    yield Placement(article=1)
    for article in range(2, ARTICLES + 1):
        if random.random() < 0.1:
            continue
        joins = random.choice(earlier[-30:]) if random.random() < 0.6 else None
        yield Placement(article=article, joins=joins, copy_of=joins if random.random() < 0.3 else None)
        earlier.append(article)


# --- queries -----------------------------------------------------------------------------------

SCOPES = st.sampled_from(get_args(Scope))
WORD = st.sampled_from(
    sorted({word for words in WORDS.values() for word in words} | {"absent", "ПУТИНУ", "!", "中俄石油"})
)
NAMES = {name.lower() for names in CONCEPTS.values() for name in names}
PHRASES = st.lists(WORD, min_size=1, max_size=3).map(" ".join)
MOMENTS = st.integers(0, 701 * 24 * 60).map(lambda minutes: STARTED + timedelta(minutes=minutes))
ROUND = st.integers(0, 701).map(lambda days: STARTED + timedelta(days=days, hours=-12))
TIMES = st.one_of(
    ROUND, MOMENTS, st.builds(lambda day, seconds: day + timedelta(seconds=seconds), ROUND, st.integers(0, 120))
)
OPERATORS = st.sampled_from(get_args(Operator))


def bare(word: str) -> bool:
    """Whether it is read as a word, and not as a name."""
    return word.lower() not in NAMES


LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.builds(Term, WORD.filter(bare)),
    st.builds(Term, WORD, st.sampled_from(["title", "text"])),
    st.builds(Term, PHRASES, SCOPES, quoted=st.just(True)),
    st.builds(Term, st.sampled_from(["ga", "pipelin", "газ", "энергии", "天", "стал", "4", "visits", "c_"]), SCOPES, prefix=st.just(True)),
    st.builds(Near, st.lists(WORD, min_size=2, max_size=3).map(tuple), st.integers(0, 7), SCOPES),
    st.sampled_from([ConceptIs(concept, name) for concept, names in CONCEPTS.items() for name in names]),
    st.sampled_from(TOPICS).map(TopicIs),
    st.builds(NameIs, st.just("outlet"), st.sampled_from([name.upper().replace('"', "") for name, *_ in OUTLETS] + ["ТАСС", "Alpha"])),
    st.builds(NameIs, st.just("camp"), st.sampled_from([camp.value for camp in Camp])),
    st.builds(NameIs, st.just("country"), st.sampled_from(["GB", "ru", "CN", "XX"])),
    st.builds(NameIs, st.just("lang"), st.sampled_from(["en", "RU", "zh", "fr"])),
    st.sampled_from([camp.value for camp in Camp]).map(FirstIs),
    st.builds(Compare, st.just("relevance"), st.sampled_from([">=", "<=", ">", "<"]), st.integers(0, 20).map(lambda n: n / 20)),
    st.builds(Compare, st.just("sources"), OPERATORS, st.integers(0, 4).map(float)),
    st.builds(Compare, st.just("story"), st.just("="), st.sampled_from([1.0, 2.0, 3.0, 0.0, 1.5, 1e9])),
    st.builds(
        Compare,
        st.sampled_from(["date", "date", "published", "firstseen"]),
        st.sampled_from([">=", "<"]),
        TIMES.map(datetime.isoformat),
    ),
)  # fmt: skip


def several(kind: Callable[[tuple[Query, ...]], And | Or]) -> Callable[[list[Query]], Query]:
    """Joins conditions as reading does: what is of the same kind is taken apart."""

    def joined(parts: Iterable[Query]) -> Query:
        flat: list[Query] = []
        for part in parts:
            flat.extend(part.parts if isinstance(part, And | Or) and type(part) is kind else [part])
        return kind(tuple(flat))

    return joined


def nested(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    lists = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(lists.map(several(And)), lists.map(several(Or)), inner.map(Not))


QUERIES = st.one_of(st.just(Everything()), st.recursive(LEAVES, nested, max_leaves=7))


def found(filled: Filled, query: Query, order: Order, *, stories: bool, size: int) -> list[StoredArticle]:
    """All pages in a row."""
    hits: list[StoredArticle] = []
    while True:
        page = filled.archive.search(query, order=order, limit=size, offset=len(hits), stories=stories)
        hits += page.articles
        if len(page.articles) < size:
            assert page.total == len(hits)
            assert not page.more
            return hits


def key_of(filled: Filled, hit: StoredArticle, order: Order) -> float | datetime:
    """What an order sorts by, the smallest first; positions know minutes only."""
    minute = hit.article.date.replace(second=0, microsecond=0).timestamp()
    match order:
        case "newest":
            return -minute
        case "oldest":
            return minute
        case "relevance":
            return -hit.annotated.relevance.score
        case "sources":
            return -(filled.sources[hit.story] if hit.story else 1)
    return 0


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUERIES, st.sampled_from(get_args(Order)), st.sampled_from([700, 2_500]))
@example(Everything(), "best", 700)
@example(Near(("中俄", "石油"), 2), "newest", 700)
@example(Not(Compare("published", ">=", NOW.isoformat())), "oldest", 700)
@example(Compare("story", "=", 0.0), "oldest", 700)
def test_search_finds_what_matches(filled: Filled, query: Query, order: Order, size: int) -> None:
    expected = filled.matching(query)
    hits = found(filled, query, order, stories=False, size=size)
    assert len(hits) == len(expected)
    assert {hit.id for hit in hits} == expected
    keys = [key_of(filled, hit, order) for hit in hits]
    assert keys == sorted(keys)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUERIES, st.sampled_from(get_args(Order)), st.sampled_from([700, 2_500]))
@example(Everything(), "best", 700)
def test_of_each_story_search_finds_one_article_that_matches(
    filled: Filled, query: Query, order: Order, size: int
) -> None:
    expected = filled.matching(query)
    hits = found(filled, query, order, stories=True, size=size)
    assert {hit.id for hit in hits} <= expected
    told = Counter(hit.story or -hit.id for hit in hits)
    assert told == dict.fromkeys((filled.stored[one].story or -one for one in expected), 1)


@pytest.mark.parametrize("operator", get_args(Operator))
@pytest.mark.parametrize("attribute", ["date", "published", "firstseen"])
@pytest.mark.parametrize("second", [0, 30])
def test_times_are_compared_by_every_operator(
    filled: Filled, attribute: Measured, operator: Operator, second: int
) -> None:
    known = next(one for one in filled.articles.values() if one.article.published and one.article.date.second == second)
    moment = known.article.first_seen if attribute == "firstseen" else known.article.date
    query = Compare(attribute, operator, moment.replace(microsecond=0).isoformat())
    expected = filled.matching(query)
    assert expected
    assert {hit.id for hit in found(filled, query, "newest", stories=False, size=2_500)} == expected


@settings(max_examples=150, deadline=None)
@given(QUERIES)
@example(And((Term("Power"), Term("of"), Term("Siberia"))))
@example(And((Not(Term("Power")), Term("of"), Term("Siberia"))))
def test_what_is_printed_reads_to_an_equal_query(query: Query) -> None:
    assert parse_query(printed(query), vocabulary=VOCABULARY, now=NOW) == query


Facet = Literal["topic", "concept", "outlet", "camp", "language"]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(QUERIES, min_size=1, max_size=4), st.integers(0, 1_900), st.integers(1, 100))
@example([Compare("sources", ">=", 2.0), Compare("story", "=", 3.0), Everything()], 0, 100)
def test_what_alerts_ask_of_new_articles_is_what_search_finds(
    filled: Filled, queries: list[Query], mark: int, number: int
) -> None:
    new = filled.archive.placed_since(mark, number)
    ids = {stored.id for stored in new}
    found = filled.archive.percolate(queries, new)
    assert found == tuple(filled.archive.matching(query, sorted(ids)) for query in queries)
    assert found == tuple(frozenset(filled.matching(query) & ids) for query in queries)


def values(annotated: Annotated, facet: Facet) -> tuple[str, ...]:
    match facet:
        case "topic":
            return annotated.topics
        case "concept":
            return annotated.concepts
        case "outlet":
            return (annotated.article.outlet,)
        case "camp":
            return (annotated.article.camp.value,)
        case "language":
            return (annotated.article.language,)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUERIES)
@example(Everything())
@example(Compare("date", ">=", (NOW - timedelta(days=3)).isoformat()))
def test_facets_count_what_matches(filled: Filled, query: Query) -> None:
    expected = filled.matching(query)
    facets = filled.archive.facets(query)
    assert (facets.total, facets.counted) == (len(expected), len(expected))
    assert sum(bucket.articles for bucket in facets.timeline) == len(expected)
    for since, until, articles in facets.timeline:
        assert articles == sum(since <= filled.articles[one].article.date < until for one in expected)
    for facet in get_args(Facet):
        counted = Counter(value for one in expected for value in values(filled.articles[one], facet))
        assert dict(getattr(facets, facet)) == counted, facet
