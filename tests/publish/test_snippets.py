"""What is marked is what made the article match, as the index matches it."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat, load_beat
from aggregator.archive.sqlite import SqliteArchive
from aggregator.errors import QueryError
from aggregator.model import Mention, StoredArticle
from aggregator.model.query import And, ConceptIs, Near, Not, Or, Query, Term
from aggregator.publish.snippets import Piece, Snippet, snippet
from aggregator.query import parse_query
from tests.builders import NOTHING, NOW, filled_archive, make_annotated, make_article, make_stored
from tests.test_query import QUERY_TEXTS


@pytest.fixture(scope="module")
def beat() -> Beat:
    return load_beat()


def stored(title: str, text: str = "", *, mentions: Sequence[Mention] = ()) -> StoredArticle:
    return make_stored(replace(make_annotated(make_article(title, text=text)), mentions=tuple(mentions)))


def shown(pieces: Sequence[Piece]) -> str:
    """Pieces as one text, what is marked in square brackets."""
    return "".join(f"[{text}]" if matched else text for text, matched in pieces)


def marked(query: str, title: str, text: str = "") -> Snippet:
    return snippet(parse_query(query, vocabulary=NOTHING, now=NOW), stored(title, text))


@pytest.mark.parametrize(
    ("query", "title", "expected"),
    [
        ("visit", "Putin visits Beijing, visiting Xi", "Putin [visits] Beijing, [visiting] Xi"),
        ("PUTIN", "Putin’s visit: putin", "[Putin]’s visit: [putin]"),
        ("Путин", "Визит Путина, встреча с Путиным", "Визит [Путина], встреча с [Путиным]"),
        ("человек", "Люди и человек", "[Люди] и [человек]"),
        ("провел", "Путин провёл совещание", "Путин [провёл] совещание"),
        ("访问", "普京将访问北京", "普京将[访问]北京"),
        ("问访", "普京将访问北京", "普京将访问北京"),
        ("天然气", "俄羅斯擴大對華天然氣供應", "俄羅斯擴大對華[天然氣]供應"),
        ("京 将", "普京将访问北京", "普[京将]访问北[京]"),
        ('"energy companies"', "energy, companies: energy company", "[energy, companies]: [energy company]"),
        ('"energy companies"', "companies energy", "companies energy"),
        ('"a b a"', "a b a b a c a b", "[a b a b a] c a b"),
        ("steal", "He stole what was stolen, stealing", "He [stole] what was [stolen], [stealing]"),
        ("negot*", "Negotiators negotiated", "[Negotiators] [negotiated]"),
        ("energy*", "energies, energetic", "[energies], energetic"),
        ("санкции*", "санкций", "[санкций]"),
        ("天然*", "天然氣", "[天然]氣"),
        ("gas -oil", "gas and oil", "[gas] and oil"),
        ("NOT (oil OR NOT gas)", "gas and oil", "[gas] and oil"),
        ("title:gas text:oil", "gas and oil", "[gas] and oil"),
        ("gas OR coal", "coal or gas", "[coal] or [gas]"),
        ('"gas China"~2', "gas from far China, gas a b c China", "[gas] from far [China], [gas] a b c China"),
        ('"gas China"~2', "gas a b c d China", "gas a b c d China"),
        ('"gas gas"~2', "gas", "[gas]"),
        ('"a b c"~1', "a b x c b a", "a b x [c] [b] [a]"),
        ("lang:en relevance>=0.5", "lang", "lang"),
        ("", "gas", "gas"),
        ("!!!", "gas!!!", "gas!!!"),
        ("gas", "", ""),
    ],
)
def test_a_title_is_marked(query: str, title: str, expected: str) -> None:
    assert shown(marked(query, title).title) == expected


def test_a_concept_is_marked_under_every_name(beat: Beat) -> None:
    article = make_article("普京将访问北京", text="Президент РФ Владимир Путин прилетит. Putin will stay. Xi waits.")
    one = make_stored(annotate(article, beat))
    found = snippet(parse_query("Putin", vocabulary=beat, now=NOW), one)
    assert shown(found.title) == "[普京]将访问北京"
    assert shown(found.text).endswith("[Владимир Путин] прилетит. [Putin] will stay. Xi waits.")
    assert not any(matched for _, matched in snippet(Not(ConceptIs("vladimir-putin", "Putin")), one).text)
    assert shown(snippet(ConceptIs("nobody", "Putin"), one).text).count("[") == 1


def test_mentions_that_stand_nowhere_mark_nothing() -> None:
    wrong = [Mention("x", "title", 2, 9), Mention("x", "title", 2, 2), Mention("x", "text", -3, 1)]
    assert shown(snippet(ConceptIs("x", ""), stored("Deal", "Text", mentions=wrong)).title) == "Deal"
    right = [Mention("x", "title", 0, 4), Mention("x", "title", 2, 4), Mention("x", "text", 0, 4)]
    assert snippet(ConceptIs("x", ""), stored("Deal", "Text", mentions=right)) == Snippet(
        (Piece("Deal", True),), (Piece("Text", True),)
    )


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("gas", "short gas", "short [gas]"),
        ("gas", "", ""),
        ("nothing", "one two three four five six seven", "one two three four…"),
        ("gas", "one two three four five gas six seven eight nine", "…five [gas] six seven…"),
        ("gas", "one two three four five six gas", "…four five six [gas]"),
        # the stretch with the most different words, of equals the first
        ("gas oil", "gas gas gas gas gas, and so on to gas and oil", "…so on to [gas] and [oil]"),
        ("gas oil", "oil and gas one two three four gas and oil", "[oil] and [gas] one two…"),
        (
            "天然气",
            "俄罗斯扩大对华供应量并且宣布扩大对华天然气供应两国企业签署协议",
            "…且宣布扩大对华[天然气]供应两国企业签署协议",
        ),
        ('"one two three four five"', "zero one two three four five", "…[one two three four]…"),
        ("x", "a" * 50, "a" * 20 + "…"),
        ("x", "a" * 30 + " x " + "b" * 30, "…[x]…"),
    ],
)
def test_of_the_body_the_best_stretch_is_shown(query: str, text: str, expected: str) -> None:
    parsed = parse_query(query, vocabulary=NOTHING, now=NOW)
    assert shown(snippet(parsed, stored("", text), length=20).text) == expected


_WORDS = st.sampled_from(
    [*"abc", "gas", "gases", "Путин", "Путина", "люди", "человек", "普京", "訪問", "访问", "…", "'"]
)
_TEXTS = st.lists(_WORDS, max_size=12).map(" ".join) | st.text(max_size=60)
_PARTS = st.recursive(
    st.builds(Term, _TEXTS, st.sampled_from(["any", "title", "text"]), st.booleans())
    | st.builds(Near, st.lists(_WORDS, min_size=1, max_size=3).map(tuple), st.integers(0, 5)),
    lambda parts: (
        st.builds(And, st.tuples(parts, parts)) | st.builds(Or, st.tuples(parts, parts)) | st.builds(Not, parts)
    ),
    max_leaves=6,
)


@given(_PARTS, _TEXTS, _TEXTS, st.integers(0, 80))
def test_nothing_is_lost_and_nothing_added(query: Query, title: str, text: str, length: int) -> None:
    found = snippet(query, stored(title, text), length=length)
    assert "".join(piece.text for piece in found.title) == title
    body = "".join(piece.text for piece in found.text)
    assert len(body) <= length + 2 or len(body) <= len(text)
    assert body.removeprefix("…").removesuffix("…") in text
    for pieces in (found.title, found.text):
        assert all(piece.text for piece in pieces)
        assert all(one.matched != other.matched for one, other in zip(pieces, pieces[1:], strict=False))


@given(QUERY_TEXTS, st.text(), st.text())
@settings(deadline=None)
def test_any_query_and_any_article(beat: Beat, text: str, title: str, body: str) -> None:
    try:
        query = parse_query(text, vocabulary=beat, now=NOW)
    except QueryError:
        return
    assert "".join(piece.text for piece in snippet(query, stored(title, body)).title) == title


TITLES = [
    "a b a c gas",
    "Визит Путина в Пекин: новый и новее",
    "普京將訪問北京",
    "gas gases company companies",
    "Новее, стали, стать и сталь",
    "Negotiating negotiators’ energy c",
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteArchive]:
    folder: Path = tmp_path_factory.mktemp("snippets")
    articles = (make_annotated(make_article(title, text=TITLES[n - 1])) for n, title in enumerate(TITLES))
    with filled_archive(folder / "a.db", *articles) as opened:
        yield opened


_FOUND = st.sampled_from([word for title in TITLES for word in title.split()])
_SIMPLE = st.builds(
    Term,
    st.lists(_FOUND, min_size=1, max_size=2).map(" ".join) | _FOUND.map(lambda word: word[:3]),
    st.sampled_from(["any", "title", "text"]),
    st.booleans(),
) | st.builds(Near, st.lists(_FOUND, min_size=2, max_size=3).map(tuple), st.integers(0, 3))


@given(_SIMPLE)
@settings(deadline=None, max_examples=400)
def test_an_article_has_marks_where_the_index_finds_it_and_only_there(archive: SqliteArchive, query: Query) -> None:
    found = {hit.id for hit in archive.search(query, order="newest", limit=10, offset=0).articles}
    for one in archive.search(Not(Term("zzz")), order="newest", limit=10, offset=0).articles:
        told = snippet(query, one, length=1000)
        assert any(piece.matched for piece in (*told.title, *told.text)) == (one.id in found), one.article.title


HARD = {
    "common words": (" ".join(["the", "of", "to", "a", "in"] * 80), "the of to a in " * 700_000),
    "phrases of one word": (" ".join(f'"{"a " * n}"' for n in range(1, 42)), "a " * 5_000_000),
    "words near": (f'"{" ".join(f"a{n}" for n in range(300))}"~100', " ".join(f"a{n}" for n in range(300)) * 9_000),
    "one word near": (f'"{"a " * 300}"~100', "a " * 5_000_000),
    "prefixes": (" ".join(f"{'a' * n}*" for n in range(1, 60)), f"{'a' * 60} " * 170_000),
    "Han": ('"' + "中俄" * 990 + '"', "中俄" * 5_000_000),
    "words that are no Russian": ("Россия " * 100, " ".join(f"ж{n}щыъ" for n in range(1_000_000))),
    "no spaces": ("gas", "x" * 10_000_000),
}


@pytest.mark.parametrize("name", list(HARD))
def test_no_text_takes_long(name: str) -> None:
    text, body = HARD[name]
    query = parse_query(text, vocabulary=NOTHING, now=NOW)
    one = stored("", "")
    article = replace(one.article, text=body)
    one = replace(one, annotated=replace(one.annotated, article=article))
    snippet(query, stored("warm", ""))
    begun = time.process_time()
    snippet(query, one)
    assert time.process_time() - begun < 1
