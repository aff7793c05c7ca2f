"""Parsing: any bytes become entries or a reason, never an exception."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.acquire.parse import parse
from aggregator.model import Document, Entry, ParsedFeed, ParseFailure

FIXTURES = Path(__file__).parents[1] / "fixtures"
FEEDS = ("rss20.xml", "rss091.xml", "rdf.xml", "atom.xml", "feed.json")
NOT_FEEDS = ("page.html", "list.opml", "sitemap.xml")
ALL_BYTES = [(FIXTURES / name).read_bytes() for name in FEEDS + NOT_FEEDS]


def document(body: bytes, content_type: str = "") -> Document:
    return Document(
        url="https://courier.example/feed",
        body=body,
        headers=(("Content-Type", content_type),) if content_type else (),
        fetched=datetime(2024, 2, 6, tzinfo=UTC),
    )


def feed_of(body: bytes, content_type: str = "") -> ParsedFeed:
    parsed = parse(document(body, content_type))
    assert isinstance(parsed, ParsedFeed), parsed
    return parsed


@pytest.mark.parametrize(
    ("name", "version", "title", "entries"),
    [
        ("rss20.xml", "rss20", "Harbour Courier", 2),
        ("rss091.xml", "rss091u", "Old Lantern", 1),
        ("rdf.xml", "rss10", "Steppe Letter", 1),
        ("atom.xml", "atom10", "Quiet Atoms", 1),
        ("feed.json", "json", "Amber Notes", 2),
    ],
)
def test_each_format_is_recognised(name: str, version: str, title: str, entries: int) -> None:
    parsed = feed_of((FIXTURES / name).read_bytes())
    assert (parsed.format, parsed.title, len(parsed.entries)) == (version, title, entries)


def test_an_rss_item_gives_all_its_parts() -> None:
    first, second = feed_of((FIXTURES / "rss20.xml").read_bytes()).entries
    assert first.guid == "courier-1"
    assert first.link == "https://courier.example/rail?utm_source=rss"
    assert first.summary == "<p>A short account.</p>"
    assert first.content.startswith("<p>A long account")
    assert (first.author, first.published) == ("I. Writer", "Mon, 05 Feb 2024 10:00:00 +0300")
    assert second.link == "https://courier.example/second"


def test_an_atom_entry_gives_all_its_parts() -> None:
    (entry,) = feed_of((FIXTURES / "atom.xml").read_bytes()).entries
    assert entry.link == "https://atom.example/base/story/1"
    assert (entry.guid, entry.author, entry.updated) == ("urn:atoms:1", "A. Tom", "2024-02-05T10:00:00Z")
    assert "At length." in entry.content


def test_json_items_give_all_their_parts() -> None:
    first, second = feed_of((FIXTURES / "feed.json").read_bytes()).entries
    assert first == Entry(
        guid="1",
        link="https://amber.example/1",
        title="Note",
        summary="Sum",
        content="<p>Body</p>",
        author="J. Son",
        published="2024-02-05T10:00:00Z",
    )
    assert second == Entry(guid="2", link="https://amber.example/2", content="Only text here.")


@pytest.mark.parametrize(
    ("encoding", "title"),
    [
        ("windows-1251", "Газ пошёл на восток"),
        ("koi8-r", "Газ пошёл на восток"),
        ("gb2312", "中俄元首会晤"),
        ("big5", "中俄元首會晤"),
        ("gb18030", "中俄元首会晤"),
        ("utf-16", "中俄 и Россия"),
        ("utf-8", "中俄 и Россия"),
    ],
)
def test_the_declared_encoding_is_honoured(encoding: str, title: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>x</title><item><title>{title}</title></item></channel></rss>'
    assert feed_of(text.encode(encoding)).entries[0].title == title


def test_the_encoding_of_the_header_serves_where_the_document_declares_none() -> None:
    body = '<rss version="2.0"><channel><item><title>Газ</title></item></channel></rss>'.encode("windows-1251")
    assert feed_of(body, "application/xml; charset=windows-1251").entries[0].title == "Газ"


def test_a_byte_order_mark_before_json_is_no_obstacle() -> None:
    assert feed_of(b"\xef\xbb\xbf" + (FIXTURES / "feed.json").read_bytes()).format == "json"


@pytest.mark.parametrize(
    ("name", "word"), [("page.html", "web page"), ("list.opml", "OPML"), ("sitemap.xml", "sitemap")]
)
def test_what_is_no_feed_is_named(name: str, word: str) -> None:
    failure = parse(document((FIXTURES / name).read_bytes()))
    assert isinstance(failure, ParseFailure)
    assert word in failure.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   \n",
        b"\x00" * 100,
        b"just words",
        b"{",
        b"{}",
        b'{"version": 1}',
        b"[" * 100_000,
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b"<",
        b"<?xml",
        b"/etc/passwd",
        b"https://example.org/",
        bytes(range(256)),
    ],
    ids=lambda body: body[:12].hex(),
)
def test_garbage_is_a_failure_with_a_reason(body: bytes) -> None:
    failure = parse(document(body))
    assert isinstance(failure, ParseFailure)
    assert failure.reason


@pytest.mark.parametrize(
    "items",
    [None, 7, {}, [None, 1, "x", []], [{"title": ["x"], "authors": [None]}], [{"authors": "x", "author": {"name": 3}}]],
)
def test_json_items_of_wrong_types_do_not_break_the_reader(items: object) -> None:
    body = json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode()
    assert all(isinstance(entry.title, str) for entry in feed_of(body).entries)


def test_a_truncated_feed_gives_the_entries_before_the_cut() -> None:
    body = (FIXTURES / "rss20.xml").read_bytes()
    assert [e.guid for e in feed_of(body[: body.index(b"<title>Second")]).entries][:1] == ["courier-1"]


def test_external_and_exploding_entities_are_not_expanded() -> None:
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    body = (
        f'<!DOCTYPE rss [<!ENTITY e0 "boom">{levels}<!ENTITY x SYSTEM "file:///etc/hostname">]>'
        '<rss version="2.0"><channel><item><title>&e9;|&x;|end</title></item></channel></rss>'
    )
    parsed = parse(document(body.encode()))
    if isinstance(parsed, ParsedFeed):
        title = parsed.entries[0].title
        assert len(title) < 1000
        assert "boom" not in title
        assert Path("/etc/hostname").read_text().strip() not in title


def test_a_broken_element_is_an_empty_one() -> None:
    body = b"<rss version='2.0'><channel><item><title>T</title><description><![CD</description></item></channel></rss>"
    assert feed_of(body).entries == (Entry(title="T"),)


def check(body: bytes) -> None:
    parsed = parse(document(body))
    if isinstance(parsed, ParsedFeed):
        for entry in parsed.entries:
            assert all(isinstance(getattr(entry, name), str) for name in Entry.__slots__)
    else:
        assert parsed.reason


@hypothesis_settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(ALL_BYTES), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=20))))
def test_a_mutated_document_never_raises(body: bytes, cuts: list[tuple[float, int, bytes]]) -> None:
    for where, length, inserted in cuts:
        start = int(where * len(body))
        body = body[:start] + inserted + body[start + length :]
    check(body)


TOKENS = [
    *(
        b"<item>",
        b"</item>",
        b"<title>",
        b"</title>",
        b"<entry>",
        b"<link href='",
        b"<guid>",
        b"<pubDate>",
        b"<![CDATA[",
    ),
    *(b"]]>", b"&#xD800;", b"&#99999999999;", b"&amp;", b"&nbsp;", b"<!DOCTYPE x [", b"<!ENTITY a 'b'>", b"]>", b"<!"),
    *(
        b"<content type='xhtml'>",
        b"<div>",
        b"</div>",
        b"<content type='image/png' mode='base64'>",
        b"xml:base='http://['",
    ),
    *(b"<georss:point>1 2</georss:point>", b"<media:content url='", b"<?xml ", b"\xff", b"<source>", b"<enclosure/>"),
    *(b"<published>0000-00-00T99:99:99Z</published>", b"<dc:date>99999-1-1</dc:date>", b"<category/>", b"<!-- "),
]


@hypothesis_settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from([b"<rss version='2.0'><channel>", b"<feed xmlns='http://www.w3.org/2005/Atom'>"]),
    st.lists(st.sampled_from(TOKENS)),
)
@example(b"<rss version='2.0'><channel>", [b"<![CDATA[", b"<!"])
def test_a_feed_of_random_tokens_never_raises(start: bytes, tokens: list[bytes]) -> None:
    check(start + b"".join(tokens))


@hypothesis_settings(deadline=None, max_examples=100)
@given(st.binary())
def test_random_bytes_never_raise(body: bytes) -> None:
    check(body)
