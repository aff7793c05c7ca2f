"""`aggregator search`: each form of its answer is read by a parser of that form, and nothing fetched is more than text."""

import csv
import io
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.text import Text

from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat, load_beat
from aggregator.archive.sqlite import SqliteArchive
from aggregator.cli import output
from aggregator.errors import QueryError
from aggregator.model import Annotated, Article, Page, Placement
from aggregator.publish.atom import as_atom
from aggregator.publish.exports import as_csv, as_html, as_markdown, harmless_cell
from aggregator.publish.found import Found, Hit
from aggregator.publish.snippets import Piece, Snippet
from aggregator.query import parse_query
from aggregator.settings import Camp
from aggregator.text.markup import without_forbidden
from tests.builders import NOW, filled_archive, make_annotated, make_article, make_harvest, make_stored
from tests.cli.test_commands import Done, run_here

HOSTILE = [
    '=HYPERLINK("https://evil.example","gas")',
    "＝1+1 gas",
    " \t+gas",
    "\u200b@gas",
    "-2+3 gas",
    "gas \x1b[31mred\x1b]0;title\x07 \x9b1m",
    "gas \u202egnp.exe\u2066",
    "gas <script>alert(1)</script> <img src=x onerror=alert(1)> &lt;b&gt;",
    "gas [link](javascript:alert(1)) ![i](https://evil.example/i.png) <https://evil.example> `x` **b** _e_ ~~s~~",
    "gas www.evil.example https://evil.example someone@evil.example | x | \\",
    "# gas\n\n- item\n> quote\n1. one",
    "gas [b]bold[/b] [/x] :cat:",
    'gas,"quoted",\r\nnext',
    "gas \ufffe\x0b ]]> &amp;",
]
URLS = [
    "javascript:alert(1)",
    'https://example.com/a b>(c)<d>"é\\',
    "https://example.com/ok?a=1&b=%20",
    "",
    "data:text/html,x",
]
#: What may never reach a terminal.
RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
TEXTS = [
    ("ru", "Визит Путина в Пекин", "Переговоры пройдут на следующей неделе. Газ обсудят отдельно."),
    ("en", "Putin hails energy companies", "Russian exporters of oil and gas were negotiating clauses."),
    ("zh", "普京将访问北京", "俄罗斯总统普京下周将对中国进行国事访问。"),
    ("en", "Harvest in Brazil", "Soybeans reach port, coal and gas do not."),
]


@pytest.fixture(scope="module")
def beat() -> Beat:
    return load_beat()


def articles(beat: Beat) -> Iterator[Annotated]:
    for n, (language, title, text) in enumerate(TEXTS):
        published = NOW - timedelta(days=n)
        camp = list(Camp)[n]
        yield annotate(
            make_article(title, text=text, language=language, outlet=f"Outlet {n}", camp=camp, published=published),
            beat,
        )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, beat: Beat) -> Iterator[Path]:
    file = tmp_path_factory.mktemp("search") / "a.db"
    with filled_archive(file, *articles(beat)) as archive:
        joined_stories(archive)
        yield file


def joined_stories(archive: SqliteArchive) -> None:
    """One more article, of the story of the first."""
    more = make_annotated(
        make_article("Putin in Beijing", text="Gas again.", outlet="Other", published=NOW - timedelta(hours=1))
    )
    archive.save(make_harvest(more))
    (waiting,) = archive.unplaced(10)
    (first,) = (one for one in archive.recent(NOW - timedelta(days=9)) if one.article.title == TEXTS[0][1])
    archive.place([Placement(article=waiting.id, joins=first.id)])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    file = tmp_path_factory.mktemp("hostile") / "a.db"
    found = [
        make_annotated(make_article(title, text=title, url=URLS[n % len(URLS)], guid=f"g{n}", outlet=f"{title} {n}"))
        for n, title in enumerate(HOSTILE)
    ]
    with filled_archive(file, *found):
        yield file


def search(path: Path, *arguments: str) -> Done:
    return run_here("search", *arguments, "--archive", path)


def titles(done: Done) -> list[str]:
    return [hit["title"] for hit in done.json["hits"]]


# --- what is found ---------------------------------------------------------------------------------


def test_json_tells_hits_with_marks(path: Path) -> None:
    done = search(path, "Putin", "--json", "--limit", "2")
    told = done.json
    assert done.code == 0
    assert set(told) == {"query", "total", "more", "as_of", "next_offset", "hits"}
    assert (told["query"], told["total"], told["more"], told["as_of"]) == ('actor:"Putin"', 4, False, 5)
    assert told["next_offset"] == 2
    first = told["hits"][0]
    assert first == {
        "id": 1,
        "title": TEXTS[0][1],
        "url": first["url"],
        "outlet": "Outlet 0",
        "camp": "ru-state",
        "country": "DE",
        "language": "ru",
        "published": "2026-03-05T12:00:00Z",
        "updated": None,
        "date_confidence": "stated",
        "relevance": first["relevance"],
        "topics": first["topics"],
        "story": first["story"],
        "snippet": {
            "title": [["Визит ", False], ["Путина", True], [" в Пекин", False]],
            "text": [[TEXTS[0][2], False]],
        },
    }


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("newest", [0, 1, 2, 3]),
        ("oldest", [3, 2, 1, 0]),
        ("relevance", [2, 0, 1, 3]),
        ("sources", [0, 1, 2, 3]),
    ],
)
def test_the_order_is_the_one_asked_for(path: Path, order: str, expected: list[int]) -> None:
    found = titles(search(path, "", "--json", "--sort", order))
    assert [title for title in found if title != "Putin in Beijing"] == [TEXTS[n][1] for n in expected]
    assert titles(search(path, "gas", "--json", "--sort", "best"))


def test_pages_follow_the_command_that_is_told(tmp_path: Path) -> None:
    reports = [make_annotated(make_article(f"Report {n} it's", published=NOW - timedelta(days=n))) for n in range(5)]
    with filled_archive(tmp_path / "a.db", *reports) as archive:
        done = search(tmp_path / "a.db", "report -zzz", "--limit", "2", "--sort", "newest")
        (command,) = re.findall(r"^More:  aggregator (.*)$", done.out, re.MULTILINE)
        # What arrives meanwhile shifts no page.
        archive.save(make_harvest(make_annotated(make_article("Report new", published=NOW))))
        second = run_here(*shlex.split(command))
        third = run_here(*shlex.split(re.findall(r"^More:  aggregator (.*)$", second.out, re.MULTILINE)[0]))
    assert "--as-of 5" in command
    pages = [re.findall(r"Report \w+", one.out) for one in (done, second, third)]
    assert pages == [["Report 0", "Report 1"], ["Report 2", "Report 3"], ["Report 4"]]
    assert "More:" not in third.out


def test_the_next_page_of_a_query_that_begins_with_a_dash(path: Path) -> None:
    done = run_here("search", "--archive", path, "--limit", "1", "--stories", "--", "-coal")
    (command,) = re.findall(r"^More:  aggregator (.*)$", done.out, re.MULTILINE)
    assert command.endswith("-- -coal")
    assert "--stories" in command
    assert run_here(*command.split()).code == 0


def test_stories_are_told_once_each_with_their_sources(path: Path) -> None:
    told = search(path, "Putin", "--stories", "--json").json
    assert told["total"] == 3
    assert [hit["independent_sources"] for hit in told["hits"]] == [2, 1, 1]
    assert "3 stories" in search(path, "Putin", "--stories").out


def test_a_page_behind_the_last_says_so(path: Path) -> None:
    done = search(path, "gas", "--offset", "99")
    assert done.code == 0
    assert "no more behind --offset 99" in done.err


def test_a_count_that_was_broken_off_is_told_so() -> None:
    def count(total: int, *, more: bool = False, stories: bool = False) -> str:
        return found([], total=total, more=more, stories=stories).count

    assert count(10_000, more=True) == "more than 10,000 articles"
    assert count(1) == "1 article"
    assert count(2, stories=True) == "2 stories"
    assert count(1, stories=True) == "1 story"


# --- nothing, and what cannot be read --------------------------------------------------------------


def test_nothing_found_ends_with_1_and_says_which_word_is_nowhere(path: Path) -> None:
    done = search(path, 'Путин title:zzz "gas pipeline" outlet:nowhere')
    assert done.code == 1
    assert done.out == ""
    assert "Nothing matches." in done.err
    assert 'Read as:  actor:"Путин" title:zzz "gas pipeline" outlet:nowhere' in done.err
    assert "Found nowhere, even alone:  title:zzz, pipeline, outlet:nowhere" in done.err


@pytest.mark.parametrize("form", ["--json", "--csv", "--atom", "--html", "--markdown", "--timeline", "--facets"])
def test_nothing_found_ends_with_1_in_every_form(path: Path, form: str) -> None:
    done = search(path, "zzz", form)
    assert done.code == 1
    assert "Nothing matches." in done.err


def test_an_empty_archive_has_nothing(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db"):
        done = search(tmp_path / "a.db", "")
    assert (done.code, done.err) == (1, "Nothing matches.\n")


@pytest.mark.parametrize(
    ("query", "caret"),
    [
        ("gas topc:energy", "gas topc:energy\n      ^"),
        ("普京 (gas", "普京 (gas\n       ^"),
        ("a " * 100 + "(b", "a " * 15 + "(b\n  " + " " * 30 + "^"),
        ("x\x1b[31m\u202e topc:y", "x [31m  topc:y\n          ^"),
    ],
)
def test_a_caret_stands_under_what_cannot_be_read(path: Path, query: str, caret: str) -> None:
    done = search(path, query)
    assert done.code == 2
    assert done.err.startswith("aggregator: ")
    assert caret in done.err
    assert not RAW.search(done.err)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--json", "--csv"],
        ["--atom", "--html"],
        ["--timeline", "--facets"],
        ["--timeline", "--csv"],
        ["--explain-query", "--json"],
        ["--facets", "--as-of", "3"],
        ["--out", "x.csv"],
        ["--sort", "loudest"],
    ],
    ids=" ".join,
)
def test_options_that_do_not_go_together_are_wrong_use(path: Path, arguments: Sequence[str]) -> None:
    done = search(path, "gas", *arguments)
    assert done.code == 2
    assert "Invalid value" in done.err
    assert arguments[0] in done.err


def test_a_query_is_explained_without_an_archive(tmp_path: Path) -> None:
    query = 'Putin (title:gas* OR "a b"~3 OR "x y") -topic:energy lang:ru sources>=2 first:wire'
    done = search(tmp_path / "none.db", query, "--explain-query")
    assert done.code == 0
    for said in (
        'Read as:  actor:"Putin" (title:gas* OR "a b"~3 OR "x y") NOT topic:energy lang:ru sources>=2 first:wire',
        "Putin: Vladimir Putin under any name in any language, or the word itself",
        "gas: words that begin so, in the title only",
        "a, b: with at most 3 other words between the first and the last",
        "x y: these together, in any form",
        "the topic energy",
        "lang is ru",
        "sources >= 2",
        "reported first by wire",
    ):
        assert said in done.out
    assert "(everything)" in search(tmp_path / "none.db", "", "--explain-query").out


# --- what the articles are like --------------------------------------------------------------------


def test_the_timeline_has_a_bar_for_each_day(path: Path) -> None:
    done = search(path, "gas OR Putin", "--timeline")
    rows = re.findall(r"(2026-03-0\d) +│ (\d+) +│ (█+)", done.out)
    assert [(day, count) for day, count, _ in rows] == [
        ("2026-03-02", "1"),
        ("2026-03-03", "1"),
        ("2026-03-04", "1"),
        ("2026-03-05", "2"),
    ]
    assert len(rows[-1][2]) == 2 * len(rows[0][2])
    told = search(path, "gas OR Putin", "--timeline", "--json").json
    assert told["total"] == 5
    assert told["timeline"][0] == {"since": "2026-03-02T00:00:00Z", "until": "2026-03-03T00:00:00Z", "articles": 1}


@pytest.mark.parametrize("query", ["", "gas", "Putin OR gas", 'gas OR "coal', "Putin -lang:en", "since:9999w"])
def test_each_facet_has_the_query_that_narrows_to_it(path: Path, query: str) -> None:
    told = search(path, query, "--facets", "--json").json
    assert set(told["facets"]) == {"topic", "actor", "place", "outlet", "camp", "lang", "date"}
    assert told["facets"]["outlet"]
    for rows in told["facets"].values():
        for row in rows:
            assert search(path, row["query"], "--json").json["total"] == row["articles"], row


def test_facets_have_names_and_years_where_years_are_many(tmp_path: Path, path: Path) -> None:
    done = search(path, "Putin", "--facets")
    assert "Vladimir Putin" in done.out
    assert "Russian state" in done.out
    assert "Putin lang:zh" in done.out
    old = [make_annotated(make_article(f"Old {n}", published=NOW - timedelta(days=900 * n))) for n in range(4)]
    odd = make_annotated(make_article("Odd", outlet='The "Odd" Times'))
    with filled_archive(tmp_path / "a.db", *old, odd):
        told = search(tmp_path / "a.db", "", "--facets", "--json").json["facets"]
    assert [row["query"] for row in told["date"]] == ["date:2026", "date:2023", "date:2021", "date:2018"]
    assert [row["query"] for row in told["outlet"]] == ["outlet:Example", ""], "no query can hold a quote"


# --- forms ---------------------------------------------------------------------------------------------


def test_a_table_shows_titles_and_snippets_with_matches_bold(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output.out, "_width", 200)
    done = search(path, "gas")
    assert "Russian exporters of oil and gas were negotiating clauses." in done.out
    assert done.out.startswith("3 articles")
    coloured = output._Console(force_terminal=True, width=200, file=io.StringIO(), _environ={})
    monkeypatch.setattr(output, "out", coloured)
    search(path, "gas")
    assert "\x1b[1mgas\x1b[0m" in coloured.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments",
    [[], ["--stories"], ["--facets"], ["--timeline"], ["--json"], ["--csv"], ["--html"], ["--atom"]],
    ids=str,
)
def test_nothing_fetched_commands_the_terminal(hostile: Path, arguments: list[str]) -> None:
    done = search(hostile, "gas", "--limit", "100", *arguments)
    assert done.code == 0
    assert not RAW.search(done.out.replace("\r\n", "\n"))
    assert not RAW.search(done.err)


def test_json_says_all_that_was_fetched(hostile: Path) -> None:
    assert sorted(titles(search(hostile, "gas", "--json"))) == sorted(HOSTILE)


def test_no_console_of_the_program_passes_control_on() -> None:
    with output.out.capture() as capture:
        output.out.print("a\x1b[31mb", Text("c\u202ed"), "e\x9bf", markup=False)
        output.print_table("t", ("x",), [["g\x1bh"], [Text("i\x07j")]])
    assert not RAW.search(capture.get())
    assert "a [31mb c d e f" in capture.get()


def rows_of(done: Done) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(done.out, newline=""), strict=True))


def test_csv_has_a_row_for_each_article(path: Path) -> None:
    done = search(path, "Brazil OR Путин", "--csv")
    assert [row["title"] for row in rows_of(done)] == [title for _, title, _ in TEXTS]
    assert rows_of(done)[0]["date"] == "2026-03-05T12:00:00+00:00"
    assert done.out.count("\r\n") == len(done.out.splitlines()) == 5


def test_no_cell_of_a_csv_is_a_formula(hostile: Path) -> None:
    rows = rows_of(search(hostile, "gas", "--csv"))
    assert len(rows) == len(HOSTILE)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if re.match(r"[\s\u200b]*[=+\-@＝＋－＠]", cell)]
    assert sum(cell.startswith("'") for cell in cells) >= 10


@pytest.mark.parametrize(
    ("cell", "harmless"),
    [
        *(
            (f"{space}{sign}1", f"'{space}{sign}1")
            for sign in "=+-@＝＋－＠﹢﹣"
            for space in ("", " ", "\n", "\u3000", "\u200b")
        ),
        ("\tx", "'\tx"),
        ("\rx", "' x"),
        ("\x00=1", "' =1"),
        ("a=1", "a=1"),
        ("中-俄", "中-俄"),
        ("", ""),
        ("  ", "  "),
        ("'=1", "'=1"),
    ],
)
def test_a_cell_that_begins_like_a_formula_is_led_by_an_apostrophe(cell: str, harmless: str) -> None:
    assert harmless_cell(cell) == harmless


def tokens_of(markdown: str) -> Iterator[Token]:
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        yield token
        yield from token.children or ()


def markdown_text(markdown: str) -> str:
    return "".join(
        "\n" if t.type in ("softbreak", "hardbreak") else t.content for t in tokens_of(markdown) if not t.children
    )


def test_markdown_is_a_list_with_links_and_bold_matches(path: Path) -> None:
    done = search(path, "gas", "--markdown")
    links = [str(token.attrs["href"]) for token in tokens_of(done.out) if token.type == "link_open"]
    assert len(links) == 3
    assert all(link.startswith("https://example.com/") for link in links)
    assert sum(token.type == "strong_open" for token in tokens_of(done.out)) == 3
    assert "Soybeans reach port, coal and gas do not." in markdown_text(done.out)


def test_nothing_fetched_is_markdown(hostile: Path) -> None:
    done = search(hostile, "gas", "--markdown")
    kinds = {token.type for token in tokens_of(done.out)}
    assert (
        not {"html_inline", "html_block", "image", "code_inline", "em_open", "s_open", "table_open", "blockquote_open"}
        & kinds
    )
    assert sum(token.type == "heading_open" for token in tokens_of(done.out)) == 1
    assert sum(token.type == "list_item_open" for token in tokens_of(done.out)) == len(HOSTILE)
    links = [str(token.attrs["href"]) for token in tokens_of(done.out) if token.type == "link_open"]
    assert {link.split("/")[2] for link in links} == {"example.com"}
    # Neither do the autolinks of GitHub find anything, which look at the source.
    assert not re.search(r"www\.|https?://evil|\w@\w", done.out)


def found(
    hits: Sequence[Hit], *, total: int | None = None, more: bool = False, stories: bool = False, query: str = "q"
) -> Found:
    page = Page(total=len(hits) if total is None else total, more=more, articles=(), as_of=1)
    return Found(query=query, read=query, page=page, hits=tuple(hits), offset=0, stories=stories, made=NOW)


def hit(article: Article) -> Hit:
    pieces = (Piece(article.title, True),) if article.title else ()
    return Hit(stored=make_stored(make_annotated(article, topics=["a"])), snippet=Snippet(pieces, pieces))


_FETCHED = st.text(max_size=40) | st.text(
    st.sampled_from("\\`*_[]<>&|~!:@#$^{}=.-+ \n\t\x00\x1b\u202e中a1()\"'"), max_size=40
)


@given(_FETCHED, _FETCHED, _FETCHED)
def test_whatever_is_fetched_every_form_can_be_read(title: str, outlet: str, url: str) -> None:
    one = found([hit(make_article(title, outlet=outlet, url=f"https://example.com/{url}"))], query=outlet)
    (row,) = csv.DictReader(io.StringIO(as_csv(one), newline=""), strict=True)
    assert row["title"].removeprefix("'").split() == without_forbidden(title).removeprefix("'").split()
    assert etree.fromstring(as_atom(one)).tag.endswith("feed")
    html5lib.HTMLParser(strict=True).parse(as_html(one))
    kinds = [token.type for token in tokens_of(as_markdown(one))]
    assert kinds.count("link_open") == kinds.count("list_item_open") == kinds.count("heading_open") == 1
    assert {"html_inline", "html_block", "image", "code_inline", "em_open"}.isdisjoint(kinds)
    heading = next(token for token in tokens_of(as_markdown(one)) if token.type == "inline")
    written = "".join(token.content for token in heading.children or ()).replace("\u2060", "")
    assert written.split() == (without_forbidden(outlet).replace("\u2060", "").split() or ["All", "articles"])


ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.mark.parametrize("kind", ["path", "hostile"])
def test_atom_is_what_rfc_4287_asks_for(kind: str, request: pytest.FixtureRequest) -> None:
    done = search(request.getfixturevalue(kind), "gas", "--atom")
    parsed = feedparser.parse(io.BytesIO(done.out.encode()))
    assert not parsed.bozo
    assert parsed.version == "atom10"
    root = etree.fromstring(done.out.encode())
    for element in (root, *root.iter(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (child,) = element.findall(ATOM + name)
            assert child.text
            assert not len(child)
    for entry in root.iter(f"{ATOM}entry"):
        assert entry.find(f"{ATOM}author/{ATOM}name") is not None
        assert entry.find(f"{ATOM}content") is not None
        assert all(str(link.get("href")).startswith("https://example.com/") for link in entry.iter(f"{ATOM}link"))
    ids = [element.text for element in root.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids)
    assert root.findtext(f"{ATOM}updated") == max(entry.updated for entry in parsed.entries)


def elements(html: str) -> Any:
    return html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)


@pytest.mark.parametrize("kind", ["path", "hostile"])
def test_html_is_valid_needs_nothing_and_marks_matches(kind: str, request: pytest.FixtureRequest) -> None:
    done = search(request.getfixturevalue(kind), "gas", "--html")
    tree = elements(done.out)
    assert tree.get("lang") == "en"
    assert len(list(tree.iter("mark"))) >= 3
    assert all(mark.text.strip() for mark in tree.iter("mark"))
    assert not {"script", "img", "link", "iframe", "b"} & {element.tag for element in tree.iter()}
    links = [element.get("href") for element in tree.iter("a")]
    assert links
    assert all(link.startswith("https://example.com/") for link in links)
    assert not [
        name for element in tree.iter() for name in element.attrib if name in ("src", "style") or name.startswith("on")
    ]
    assert "url(" not in done.out


def test_html_tells_the_language_of_what_is_quoted(path: Path) -> None:
    tree = elements(search(path, "Putin", "--html", "--stories").out)
    assert [element.get("lang") for element in tree.iter("h3")] == ["ru", "en", "zh"]
    assert "2 independent sources" in "".join(tree.itertext())


def test_a_file_is_written_whole(path: Path, tmp_path: Path) -> None:
    done = search(path, "gas", "--csv", "--out", str(tmp_path / "gas.csv"))
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "gas.csv").read_bytes() == search(path, "gas", "--csv").out.encode()
    assert [file.name for file in tmp_path.iterdir()] == ["gas.csv"]
    failed = search(path, "gas", "--json", "--out", str(tmp_path / "none" / "gas.json"))
    assert failed.code == 1
    assert "No such file" in failed.err


@given(st.text())
def test_any_query_has_an_answer_or_an_error(path: Path, query: str) -> None:
    try:
        parse_query(query, vocabulary=load_beat(), now=NOW)
        expected = {0, 1}
    except QueryError:
        expected = {2}
    done = run_here("search", "--archive", path, "--json", "--", query)
    assert done.code in expected
    if done.code != 2:
        assert json.loads(done.out)["total"] >= 0


# --- saved searches ----------------------------------------------------------------------------


def test_a_saved_search_is_asked_by_name_and_narrowed(path: Path, tmp_path: Path) -> None:
    config = tmp_path / "feeds.yaml"
    config.write_text("searches:\n  - {name: gas, query: 'gas OR \"газ'}\n", encoding="utf-8")
    common = ("search", "--config", config, "--archive", path, "--json")
    whole, narrowed = (json.loads(run_here(*common, "--saved", "gas", *more).out) for more in ((), ("lang:ru",)))
    assert {hit["language"] for hit in whole["hits"]} > {"ru"}
    assert {hit["language"] for hit in narrowed["hits"]} == {"ru"}
    unknown = run_here(*common, "--saved", "oil")
    assert "no search is called 'oil'; there are gas" in " ".join(unknown.err.split())
    assert run_here("search", "--archive", path).code == 2
