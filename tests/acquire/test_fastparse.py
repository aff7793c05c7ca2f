"""The fast tier gives what feedparser gives, or refuses."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.acquire.fastparse import parse_fast
from aggregator.acquire.parse import parse_with_feedparser
from aggregator.model import Document
from tests.builders import NOW
from tests.shared_data import SHARED, needs_shared_data

URL = "https://example.org/news/feed.xml"
FIXTURES = Path(__file__).parent.parent / "fixtures"
RSS = 'rss version="2.0" xmlns:{}'
NAMESPACES = {
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "media": "http://search.yahoo.com/mrss/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "atom": "http://www.w3.org/2005/Atom",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "yandex": "http://news.yandex.ru",
    "own": "https://example.org/own",
}
_DECLARED = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())


def document(body: bytes, content_type: str = "application/xml") -> Document:
    return Document(url=URL, body=body, headers=(("Content-Type", content_type),), fetched=NOW)


def same_or_refused(made: Document) -> bool:
    """Whether the fast tier took it; fails where the two differ."""
    fast = parse_fast(made)
    assert fast is None or fast == parse_with_feedparser(made)
    return fast is not None


def rss(items: str, head: str = "<title>T</title>", root: str = "") -> bytes:
    return f'<rss version="2.0" {_DECLARED} {root}><channel>{head}{items}</channel></rss>'.encode()


def atom(entries: str, root: str = "") -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {_DECLARED} {root}><title>T</title>{entries}</feed>'.encode()


# --- documents of others ---


@needs_shared_data
def test_it_equals_feedparser_over_the_real_documents_and_takes_most() -> None:
    files = [file for file in sorted((SHARED / "feeds_real").iterdir()) if file.is_file()]
    taken = sum(same_or_refused(document(file.read_bytes())) for file in files)
    assert taken / len(files) >= 0.9


@needs_shared_data
@pytest.mark.parametrize("content_type", ["application/xml", "text/xml", "application/rss+xml; charset=utf-8", ""])
def test_it_equals_feedparser_over_the_conformance_documents(content_type: str) -> None:
    files = [file for file in sorted((SHARED / "feeds_conformance").rglob("*")) if file.is_file()]
    assert sum(same_or_refused(document(file.read_bytes(), content_type)) for file in files) > 900


@pytest.mark.parametrize("name", ["rdf.xml", "rss20.xml"])
def test_it_takes_our_own_feeds(name: str) -> None:
    assert same_or_refused(document((FIXTURES / name).read_bytes()))


# --- traps ---

TAKEN = {
    "CDATA and entities": rss("<item><title><![CDATA[A <b>]]> &amp; B &lt;i&gt;</title></item>"),
    "image before the title": rss(
        "<item><image><url>u</url><title>I</title><link>l</link></image><title>T</title></item>"
    ),
    "image behind the title": rss("<item><title>T</title><image><title>I</title><width>1</width></image></item>"),
    "image in place of a title": rss("<item><link>https://e.org/1</link><image><title>I</title></image></item>"),
    "image without a title": rss(
        "<item><title>T</title><image><url>u</url><link>l</link></image><title>U</title></item>"
    ),
    "comment inside a text": rss("<item><title>one<!-- two -->three</title></item>"),
    "relative link and guid": rss("<item><link>/a?b=1&amp;c=2</link><guid>g 1</guid></item>"),
    "guid as link": rss("<item><guid>https://example.org/1</guid></item>"),
    "guid that is no link": rss('<item><guid isPermaLink="false">1</guid></item>'),
    "content without summary": rss("<item><content:encoded>&lt;p&gt;x&lt;/p&gt;</content:encoded></item>"),
    "content before description": rss("<item><content:encoded>C</content:encoded><description>D</description></item>"),
    "two descriptions": rss("<item><description>1</description><description>2</description></item>"),
    "two summaries of the feed": rss(
        "<item><description>1</description><itunes:summary>2</itunes:summary></item>",
        "<itunes:summary>a</itunes:summary><description>b</description>",
    ),
    "media title beside a title": rss("<item><title>A</title><media:title>B</media:title></item>"),
    "media title below a group": rss("<item><media:group><media:title>B</media:title></media:group></item>"),
    "empty title": rss("<item><title/><media:title>B</media:title></item>"),
    "Atom links": atom(
        '<entry><link rel="self" href="/s"/><link href="/a"/><link rel="alternate" type="text/plain" href="/b"/></entry>'
    ),
    "Atom author": atom("<entry><author><name>A</name><email>a@b.org</email></author></entry>"),
    "author of an Atom feed": atom(
        "<author><name>A</name></author><entry/><entry><author><name>B</name></author></entry>"
    ),
    "fields of the last resort": rss(
        "<item><itunes:title>A</itunes:title><itunes:subtitle>B</itunes:subtitle><yandex:full-text>C</yandex:full-text>"
        "<dcterms:created>2024-02-05</dcterms:created></item>"
    ),
    "two creators": rss("<item><dc:creator>A</dc:creator><dc:creator>B</dc:creator></item>"),
    "mojibake": rss("<item><title>caf\u00c3\u00a9</title></item>"),
    "Windows punctuation": rss("<item><title>it\u0092s</title></item>"),
    "no dates, odd dates": rss("<item><pubDate>2024年02月05日</pubDate></item><item><dc:date> x </dc:date></item>"),
    "base on the root": rss("<item><link>a</link></item>", root='xml:base="https://other.example/x/"'),
    "ttl": rss("", "<title>T</title><ttl>45</ttl>"),
    "period": rss("", "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>"),
    "foreign elements": rss('<item><own:x a="1">y</own:x><title>A</title></item>'),
    "windows-1251": '<?xml version="1.0" encoding="windows-1251"?><rss version="2.0"><channel><title>Мир</title>'
    "<item><title>Путин</title></item></channel></rss>".encode("cp1251"),
    "gb2312": '<?xml version="1.0" encoding="gb2312"?><rss version="2.0"><channel><title>新闻</title>'
    "<item><title>普京</title></item></channel></rss>".encode("gb18030"),
}
REFUSED = {
    "not well-formed": rss("<item><title>A & B</title></item>"),
    "cut": rss("<item><title>A</title></item>")[:-20],
    "entities of its own": b'<!DOCTYPE rss [<!ENTITY a "b">]>' + rss("<item><title>&a;</title></item>"),
    "document type": b'<!DOCTYPE rss SYSTEM "x.dtd">' + rss(""),
    "named entity": rss("<item><title>A&nbsp;B</title></item>"),
    "XHTML": atom(
        '<entry><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">a <b>c</b></div></content></entry>'
    ),
    "base64": atom('<entry><content type="image/png">AAAA</content></entry>'),
    "base below the root": atom('<entry xml:base="https://other.example/"><link href="a"/></entry>'),
    "markup that is not escaped": rss("<item><description>a <b>c</b></description></item>"),
    "source of an entry": atom("<entry><source><title>S</title></source></entry>"),
    "a prefix under another's name": b'<rss version="2.0" xmlns:dc="http://search.yahoo.com/mrss/"><channel><item>'
    b"<dc:title>A</dc:title></item></channel></rss>",
    "a name under another's prefix": b'<rss version="2.0" xmlns:y="http://news.yandex.ru"><channel><item>'
    b"<y:full-text>A</y:full-text></item></channel></rss>",
    "no feed": b"<html><body/></html>",
    "a name of XML's fifth edition": rss("").replace(b"version", "\uf900version".encode()),
    "OPML": b'<opml version="2.0"><body/></opml>',
    "UTF-16": "<rss version='2.0'><channel><title>T</title></channel></rss>".encode("utf-16"),
    "empty": b" ",
    "an encoding with a null": b"<?xml version='1.0' encoding='windows\x001251'?><rss version='2.0'><channel/></rss>",
    "a quadratic entity": b"<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>]><rss version='2.0'><channel>&a;&a;</channel></rss>",
}


@pytest.mark.parametrize("name", TAKEN)
def test_it_takes_and_reads_as_feedparser_does(name: str) -> None:
    assert same_or_refused(document(TAKEN[name]))


@pytest.mark.parametrize("name", REFUSED)
def test_it_refuses_what_is_not_plain(name: str) -> None:
    assert parse_fast(document(REFUSED[name])) is None


# --- random feeds ---

_TEXTS = st.one_of(
    st.sampled_from(
        ["", " ", "A", "A &amp; B", "<![CDATA[<p>x</p>]]>", "&lt;b&gt;y&lt;/b&gt;", "https://example.org/a?b=1#c",
         "/relative/path", "http://example.org?", "a@b.org (Name)", "Name &lt;a@b.org&gt;", "Mon, 05 Feb 2024 10:00:00 GMT",
         "2024-02-05", "普京访华", "Путин", "it\u0092s", "caf\u00c3\u00a9", "&#1055;", "tag:example.org,2024:1", "x;y", "&amp;amp;", "\n T \t"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="<>&", exclude_categories=("Cc", "Cs")), max_size=12),
)  # fmt: skip
_LEAVES = st.sampled_from(
    ["title", "link", "guid", "id", "description", "summary", "content", "author", "pubDate", "published", "updated",
     "category", "comments", "enclosure", "image", "source", "language", "name", "url", "date", "issued", "modified",
     "creator", "unknown", "content:encoded", "dc:creator", "dc:title", "dc:date", "dc:description", "dc:subject",
     "dcterms:modified", "dcterms:issued", "media:title", "media:description", "media:content", "media:thumbnail",
     "media:group", "media:credit", "itunes:author", "itunes:summary", "itunes:subtitle", "itunes:image", "atom:link",
     "atom:author", "atom:updated", "own:title", "own:x", "sy:updatePeriod", "ttl", "rights", "generator", "Title", "PUBDATE",
     "itunes:title", "subtitle", "tagline", "created", "dcterms:created", "yandex:full-text", "email", "media:text"]
)  # fmt: skip
_ATTRIBUTES = st.lists(
    st.sampled_from(
        ['type="html"', 'type="text"', 'type="xhtml"', 'type="text/plain"', 'isPermaLink="false"', 'isPermaLink="true"',
         'rel="self"', 'rel="alternate"', 'rel="Enclosure"', 'href="/h"', 'href=""', 'url="https://example.org/u"', 'uri="u"',
         'mode="escaped"', 'src="s"', 'xml:lang="ru"', 'xml:base="https://b.example/"', 'own:href="/o"', 'term="t"']
    ),
    max_size=2,
    unique_by=lambda attribute: attribute.split("=")[0],
)  # fmt: skip


@st.composite
def _element(draw: st.DrawFn, nested: int = 1) -> str:
    name = draw(_LEAVES)
    attributes = "".join(f" {attribute}" for attribute in draw(_ATTRIBUTES))
    inside = draw(_TEXTS)
    if nested and draw(st.integers(0, 5)) == 0:
        inside += "".join(draw(st.lists(_element(nested - 1), max_size=3)))
    return f"<{name}{attributes}>{inside}</{name}>"


_IMAGE = st.lists(
    st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["title", "link", "url", "width", "height"]), _TEXTS), max_size=3
).map(lambda inside: f"<image>{''.join(inside)}</image>")
_ELEMENTS = st.lists(st.one_of(_element(), _element(), _element(), _IMAGE), max_size=6).map("".join)


@st.composite
def _feed(draw: st.DrawFn) -> bytes:
    entries = draw(st.lists(_ELEMENTS, max_size=3))
    head = draw(_ELEMENTS)
    shape = draw(st.sampled_from(["rss", "atom", "rdf"]))
    if shape == "rss":
        items = "".join(f"<item>{entry}</item>" for entry in entries)
        text = f'<rss version="{draw(st.sampled_from(["2.0", "0.91", "1", ""]))}" {_DECLARED}><channel>{head}{items}</channel></rss>'
    elif shape == "atom":
        items = "".join(f"<entry>{entry}</entry>" for entry in entries)
        text = f'<feed xmlns="http://www.w3.org/2005/Atom" {_DECLARED}>{head}{items}</feed>'
    else:
        items = "".join(f'<item rdf:about="{n}">{entry}</item>' for n, entry in enumerate(entries))
        spaces = _DECLARED.replace(
            'xmlns:atom="http://www.w3.org/2005/Atom"', 'xmlns:atom="https://example.org/no-atom"'
        )
        text = (
            f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" {spaces}>'
            f"<channel>{head}</channel>{items}</rdf:RDF>"
        )
    encoding = draw(st.sampled_from(["utf-8", "windows-1251", "gb18030", ""]))
    declaration = f'<?xml version="1.0" encoding="{encoding}"?>' if encoding else ""
    return (declaration + text).encode(encoding or "utf-8", "xmlcharrefreplace")


@settings(deadline=None)
@given(_feed(), st.sampled_from(["application/xml", "text/xml", "text/html; charset=utf-8", ""]))
def test_random_feeds_read_the_same_or_are_refused(body: bytes, content_type: str) -> None:
    same_or_refused(document(body, content_type))


@settings(deadline=None)
@given(st.sampled_from(sorted(TAKEN)), st.data())
def test_damaged_feeds_read_the_same_or_are_refused(name: str, data: st.DataObject) -> None:
    body = TAKEN[name]
    start = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(start, min(start + 30, len(body))))
    piece = data.draw(
        st.one_of(st.binary(max_size=8), st.sampled_from([b"<", b"&", b"]]>", b"<!--", b"<x>", b"</x>", b"\x00"]))
    )
    same_or_refused(document(body[:start] + piece + body[end:]))
