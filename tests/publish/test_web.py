"""The archive page: every address answers, nothing of a user or a feed breaks it, nobody else may frame or script it."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import feedparser
import html5lib
import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette

from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import SqliteArchive, read_archive
from aggregator.model import Edition, Evidence, FullText, FullTextState
from aggregator.publish.view import FeedReport
from aggregator.publish.web.app import make_app
from aggregator.settings import SavedSearch
from tests.builders import NOW, filled_archive, make_annotated, make_article, make_feed, make_harvest, make_state
from tests.publish.test_digest import ATTACKS, BAD_URLS
from tests.test_query import QUERY_TEXTS

DAY = date(2026, 3, 5)


@dataclass(frozen=True)
class Client:
    """Asks the application itself, without a socket."""

    app: Starlette

    def request(
        self,
        method: str,
        address: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                return await client.request(method, address, params=params, headers=headers)

        return asyncio.run(ask())

    def get(
        self, address: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        return self.request("GET", address, params, headers)


def client_of(path: Path) -> Client:
    return Client(make_app(lambda: read_archive(path), load_beat(), clock=lambda: NOW))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("web") / "a.db"
    articles = [
        make_annotated(
            make_article(
                f"Pipeline report {n}",
                text=f"Body {n}",
                published=NOW - timedelta(hours=n + 1),
                language="en" if n % 7 else "ru",
            ),
            score=0.9 if n < 3 else 0.3,
            topics=["energy"],
        )
        for n in range(70)
    ]
    with filled_archive(file, *articles) as archive:
        for name in ("daily", "weekly & more"):
            archive.save_edition(edition(name), [])
    return file


def edition(name: str) -> Edition:
    html = f"<!DOCTYPE html><title>{name}</title><p>Stored words"
    return Edition(digest=name, date=DAY, since=NOW, until=NOW, html=html, text="", stories=(1,), manifest={})


@pytest.fixture(scope="module")
def client(path: Path) -> Client:
    return client_of(path)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/", "Pipeline report 0"),
        ("/", "70 articles in 70 stories; editions of digests: 2"),
        ("/search", 'name="q"'),
        ("/search?q=report", "70 articles"),
        ("/search?q=repo*&sort=best&stories=1", "70 stories"),
        ("/search?q=report", "Pipeline <mark>report</mark> 0"),
        ("/search?q=report", "<title>2026-03-04: 24</title>"),
        ("/search?q=report", "Russian</a>"),
        ("/search?q=nowhere+report", "<code>nowhere</code>"),
        ("/search?q=report+)", "report <mark>)</mark>"),
        ("/searches", "Give a query a name"),
        ("/search?q=relevance%3E%3D0.9", "3 articles"),
        ("/search?q=%22report+69%22", "1 article ·"),
        ("/search?q=nothingofthesort", "0 articles"),
        ("/story/1", "Reports, earliest first"),
        ("/digests", "/digests/weekly%20%26%20more/2026-03-05"),
        ("/digests/weekly%20%26%20more/2026-03-05", "<title>weekly & more</title>"),
        ("/digests/2026-03-05", "<title>daily</title>"),
        ("/digests/2026-03-05?digest=weekly%20%26%20more", "<title>weekly & more</title>"),
        ("/feeds", "https://example.com/rss"),
        ("/style.css", "--"),
    ],
)
def test_each_page_shows_what_it_is_for(client: Client, address: str, shown: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert shown in answer.text


def test_machines_are_told_that_all_is_well(client: Client) -> None:
    told = client.get("/healthz").json()
    assert (told["status"], told["articles"], told["editions"]) == ("ok", 70, 2)


def test_only_relevant_stories_of_the_last_day_are_todays(client: Client) -> None:
    titles = set(re.findall(r"Pipeline report \d+", client.get("/").text))
    assert titles == {"Pipeline report 0", "Pipeline report 1", "Pipeline report 2"}


def test_pages_of_results_follow_one_another_to_the_end(client: Client) -> None:
    address, seen = "/search?q=report", []
    while address:
        text = client.get(address).text
        seen += re.findall(r"Pipeline <mark>report</mark> (\d+)</a>", text)
        later = re.search(r'href="([^"]+)" rel="next"', text)
        address = later[1].replace("&amp;", "&") if later else ""
    assert seen == [str(n) for n in range(70)]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nothing", 404),
        ("/story/71", 404),
        ("/story/x", 404),
        ("/story/-1", 404),
        ("/story/99999999999999999999999", 404),
        ("/story/" + "9" * 5000, 404),
        ("/digests/2026-03-06", 404),
        ("/digests/yesterday", 404),
        ("/digests/2026-02-30", 404),
        ("/digests/2026-03-05?digest=none", 404),
        ("/digests/../../etc/passwd", 404),
        ("/style.css/x", 404),
        ("/%00", 404),
        ("/search?q=report&sort=worst", 200),
        ("/search?q=report&offset=99999999999999999999", 200),
        ("/search?q=report&offset=-1", 200),
        ("/search?q=report&as_of=%D9%A3", 200),
        ("/search?q=%FF%FE", 200),
        ("/search?q=outlet%3A%ED%A0%80", 200),
        ("/search?q=" + "(" * 100, 200),
        ("/search?q=" + "a" * 3000, 200),
        ("/search?q=topc%3Aenergy", 200),
        ("/search?q=story%3A99999999999999999999999", 200),
    ],
)
def test_an_odd_address_is_answered_in_kind(client: Client, address: str, status: int) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    assert '<main id="content">' in answer.text


def test_a_query_that_cannot_be_read_is_explained_and_kept_in_the_box(client: Client) -> None:
    text = client.get("/search", params={"q": 'topc:"energy'}).text
    assert "did you mean topic?" in text
    assert 'value="topc:&#34;energy"' in text


@settings(max_examples=150, deadline=None)
@given(q=QUERY_TEXTS.filter(lambda text: text.isprintable()), page=st.text(st.characters(codec="utf-8"), max_size=8))
@example(q="NOT " * 500, page="1")
@example(q="-a " * 200, page="1")
@example(q="date:9999-12-31 since:9999w", page="1")
def test_no_query_is_a_fault_of_the_server(client: Client, q: str, page: str) -> None:
    assert client.get("/search", params={"q": q, "offset": page}).status_code == 200


# --- what browsers are told --------------------------------------------------------------------


def assert_guarded(answer: httpx.Response) -> None:
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/search?q=a", "/search?q=(", "/story/1", "/story/9999", "/digests", "/digests/2026-03-05"),
        *("/digests/x", "/feeds", "/healthz", "/style.css", "/nothing", "/search/"),
    ],
)
def test_every_answer_carries_the_policy(client: Client, address: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert_guarded(client.request(method, address))


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", ""])
def test_a_foreign_host_is_refused_with_the_policy(client: Client, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 400
    assert "Pipeline" not in answer.text
    assert_guarded(answer)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1"])
def test_this_machine_is_not_refused(client: Client, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


def test_an_archive_that_has_gone_is_a_page_with_the_policy_and_no_traceback(tmp_path: Path) -> None:
    answer = client_of(tmp_path / "gone.db").get("/")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert str(tmp_path) not in answer.text
    assert_guarded(answer)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_can_be_changed(client: Client, method: str) -> None:
    assert client.request(method, "/search?q=a").status_code == 405


def test_a_stored_edition_is_sandboxed_and_served_as_it_was_kept(client: Client) -> None:
    answer = client.get("/digests/2026-03-05")
    assert answer.text == edition("daily").html
    assert "sandbox" in answer.headers["content-security-policy"]


# --- hostile text ------------------------------------------------------------------------------


def elements(html: str) -> Iterator[ET.Element]:
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    assert isinstance(tree, ET.Element)
    return (element for element in tree.iter() if isinstance(element.tag, str))


def assert_inert(html: str) -> None:
    forms = 0
    for element in elements(html):
        assert element.tag not in {"script", "iframe", "object", "embed", "img", "base", "style"}
        forms += element.tag == "form"
        for name, value in element.attrib.items():
            assert not name.lower().startswith("on"), (name, value)
            assert name not in {"style", "src", "srcdoc", "formaction", "autofocus"}
            if name == "href":
                assert urlsplit(value).scheme in ("http", "https") or re.match(r"[/#](?!/)", value), value
            if name == "action":
                assert value == "/search"
    assert forms <= 1


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_text_is_shown_and_does_nothing(tmp_path: Path, attack: str) -> None:
    hostile = make_annotated(
        make_article(attack, text=f"{attack} needle", outlet=attack, published=NOW - timedelta(hours=1)),
        evidence=(Evidence(attack, attack, 1.0),),
        topics=[attack],
    )
    client = client_of(tmp_path / "a.db")
    with filled_archive(tmp_path / "a.db", hostile):
        for address in ("/", "/story/1", "/search?q=needle", "/feeds"):
            assert_inert(client.get(address).text)
        assert_inert(client.get("/search", params={"q": attack}).text)
        headings = [e for e in elements(client.get("/search?q=needle").text) if e.tag == "h3"]
    assert ["".join(e.itertext()) for e in headings] == [attack]


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_is_not_of_the_web_is_no_link(tmp_path: Path, url: str) -> None:
    article = make_annotated(make_article("Headline", url=url, published=NOW - timedelta(hours=1)))
    client = client_of(tmp_path / "a.db")
    with filled_archive(tmp_path / "a.db", article):
        for address in ("/", "/story/1", "/search?q=Headline"):
            html = client.get(address).text
            assert_inert(html)
            assert "Headline" in html


def test_each_request_gives_its_connection_back(path: Path) -> None:
    opened: list[SqliteArchive] = []
    closed: list[SqliteArchive] = []

    class Counting(SqliteArchive):
        def close(self) -> None:
            closed.append(self)
            super().close()

    def open_one() -> SqliteArchive:
        opened.append(Counting(path, read_only=True))
        return opened[-1]

    client = Client(make_app(open_one, load_beat(), clock=lambda: NOW))
    for address in ("/", "/search?q=a", "/search?q=(", "/story/1", "/story/999", "/digests", "/digests/2026-03-06"):
        client.get(address)
    assert len(opened) == 6  # a query that cannot be read asks nothing
    assert opened == closed


def test_an_empty_archive_has_pages_that_say_so(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db") as archive:
        assert archive.counts()["articles"] == 0
    client = client_of(tmp_path / "a.db")
    assert "No relevant story" in client.get("/").text
    assert "No edition yet" in client.get("/digests").text


def test_a_feed_that_failed_is_shown_with_its_reason(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db") as archive:
        state = replace(make_state(reason="HTTP 503 <b>"), failures=2)
        archive.save(make_harvest(state=state))
    assert "HTTP 503 &lt;b&gt;" in client_of(tmp_path / "a.db").get("/feeds").text


def test_a_configured_feed_is_shown_by_its_outlet(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db") as archive:
        archive.save(make_harvest())
    feed = make_feed(outlet="The <Courier>")
    report = FeedReport(feed=feed, state=make_state())
    page = make_app(lambda: read_archive(tmp_path / "a.db"), load_beat(), feed_reports=lambda _: (report,))
    assert "The &lt;Courier&gt;" in Client(page).get("/feeds").text


def test_a_story_says_that_it_was_judged_by_the_page_and_shows_the_feeds_words(tmp_path: Path) -> None:
    article = replace(
        make_article("Bridge", summary="What the feed says."), full_text="What the page says, at greater length."
    )
    outcome = FullText(
        article=1, url=article.url, state=FullTextState.READ, asked=NOW, text="What the page says, at greater length."
    )
    with filled_archive(
        tmp_path / "a.db", make_annotated(make_article("Bridge", summary="What the feed says."))
    ) as one:
        one.save_full_texts([(outcome, make_annotated(article))])
    page = client_of(tmp_path / "a.db").get("/story/1").text
    assert "judged by its full text" in page
    assert "What the feed says." in page
    assert "at greater length" not in page


# --- searches as feeds -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def saved(path: Path) -> Client:
    searches = [SavedSearch(name="pipes", query="pipeline date:2026-03-05", title="Pipes & more")]
    return Client(make_app(lambda: read_archive(path), load_beat(), clock=lambda: NOW, searches=searches))


def test_a_saved_search_has_a_page_and_feeds_under_its_name(saved: Client) -> None:
    assert "Pipes &amp; more" in saved.get("/searches").text
    assert saved.get("/searches/pipes").headers["location"].startswith("/search?q=pipeline%20")
    atom = feedparser.parse(saved.get("/searches/pipes.atom").content)
    assert (atom.bozo, len(atom.entries), atom.entries[0].title) == (False, 12, "Pipeline report 0")
    feed = saved.get("/searches/pipes.json").json()
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in feed["items"]] == [entry.title for entry in atom.entries]
    assert [item["id"] for item in feed["items"]] == [entry.id for entry in atom.entries]


@pytest.mark.parametrize(
    "address", ["/searches/none", "/searches/pipes.exe", "/searches/.atom", "/searches/pipes.atom/x"]
)
def test_what_is_not_saved_is_not_found(saved: Client, address: str) -> None:
    assert saved.get(address).status_code == 404


@pytest.mark.parametrize(
    ("form", "kind"),
    [("atom", "application/atom+xml"), ("json", "application/feed+json"), ("csv", "text/csv"), ("md", "text/markdown")],
)
def test_any_search_is_to_be_had_in_each_form(client: Client, form: str, kind: str) -> None:
    answer = client.get(f"/search.{form}", params={"q": "report", "sort": "oldest"})
    assert answer.headers["content-type"].startswith(kind)
    assert "Pipeline" in answer.text
    assert client.get(f"/search.{form}", params={"q": "(report"}).status_code == 400
    assert client.get(f"/search.{form}").status_code == 200
