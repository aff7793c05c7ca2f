"""Lists of feeds, in and out."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.acquire.opml import read_opml, write_opml
from aggregator.config import load_settings
from aggregator.errors import AggregatorError
from aggregator.feedlist import add_feeds
from aggregator.settings import Access, Camp, Feed, Selectors

LIST = (Path(__file__).parents[1] / "fixtures" / "list.opml").read_bytes()


def read(document: bytes) -> tuple[Feed, ...]:
    return read_opml(document, language="en", country="XX", camp=Camp.OTHER)


def test_outlines_say_their_own_and_take_the_rest_from_the_caller() -> None:
    assert read(LIST) == (
        Feed(url="https://courier.example/rss", outlet="Courier & Co", language="ru", country="RU", camp=Camp.RU_STATE),
        Feed(url="http://title.example/rss", outlet="Only a title", language="en", country="XX", camp=Camp.OTHER),
    )


FEEDS = st.builds(
    Feed,
    url=st.integers(0, 10**6).map("https://feeds.example/?a=1&b={}".format),
    outlet=st.sampled_from(["Courier", "Вестник «Волна»", "参考 & 消息", "A < B", '"Quoted"', "Xi's"]),
    language=st.sampled_from(["en", "ru", "zh"]),
    country=st.sampled_from(["RU", "CN", "US", "NO"]),
    camp=st.sampled_from(Camp),
    kind=st.sampled_from(["feed", "news-sitemap"]),
    interval_minutes=st.one_of(st.none(), st.integers(5, 10_080)),
    paused=st.booleans(),
)
SELECTORS = st.builds(
    Selectors,
    item=st.sampled_from(["li", 'a[href*="<&>"]', "div.новость"]),
    title=st.sampled_from(["", "h3"]),
    date=st.sampled_from(["", "time, .day", "p > b"]),
)
SOURCES = FEEDS | st.builds(lambda feed, given: replace(feed, kind="page", selectors=given), FEEDS, SELECTORS)
LISTS = st.lists(SOURCES, unique_by=lambda feed: feed.url, max_size=8)


@given(LISTS)
def test_a_written_list_comes_back(feeds: list[Feed]) -> None:
    assert read(write_opml(feeds)) == tuple(feeds)


@hypothesis_settings(deadline=None, max_examples=30)
@given(LISTS)
def test_a_written_list_comes_back_into_a_configuration(feeds: list[Feed]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "feeds.yaml"
        file.write_text("feeds:\n  - {url: 'https://b.example/', outlet: B, language: en, country: GB, camp: wire}\n")
        assert add_feeds(file, read(write_opml(feeds))) == len(feeds)
        assert load_settings(file, {}).feeds[1:] == tuple(feeds)


ANY = st.text(st.characters(exclude_categories=()), max_size=20)
NAMES = ("text", "title", "xmlUrl", "language", "country", "camp", "kind", "interval", "paused", "selector-item")


@hypothesis_settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(st.sampled_from(NAMES), ANY), max_size=4), ANY)
def test_what_is_read_makes_a_configuration_that_loads(outlines: list[dict[str, str]], address: str) -> None:
    def attribute(name: str, value: str) -> str:
        value = f"https://a.example/{value}" if name == "xmlUrl" else value
        kept = "".join(
            c
            for c in value
            if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff" and not 0xD800 <= ord(c) < 0xE000)
        )
        return f"{name}={quoteattr(kept)}"

    inside = "".join(f"<outline {' '.join(attribute(*pair) for pair in one.items())}/>" for one in outlines)
    inside += f"<outline kind='page' {attribute('xmlUrl', address)} {attribute('selector-item', address)}/>"
    feeds = read(f"<opml><body>{inside}</body></opml>".encode())
    with TemporaryDirectory() as folder:
        file = Path(folder) / "feeds.yaml"
        add_feeds(file, feeds)
        assert (load_settings(file, {}).feeds if feeds else ()) == feeds


def test_what_no_xml_can_hold_is_left_out_and_secrets_stay_at_home() -> None:
    feed = Feed(url="https://a.example/", outlet="A\x00\x0b\ufffeB", language="en", country="GB", camp=Camp.WIRE)
    written = write_opml([replace(feed, access=Access(bearer="s3cret", proxy="http://u:s3cret@p.example"))])
    assert b"s3cret" not in written
    assert read(written) == (replace(feed, outlet="AB"),)


@pytest.mark.parametrize(
    ("attributes", "kind", "interval"),
    [
        ('kind="page"', "feed", None),
        ('kind="page" selector-item="li["', "feed", None),
        ('kind="page" selector-item="li" selector-date=":::"', "feed", None),
        ('kind="page" selector-item="li"', "page", None),
        ('kind="podcast" interval="4"', "feed", None),
        ('interval="10081"', "feed", None),
        ('interval="-60"', "feed", None),
        ('interval="６０"', "feed", None),
        ('interval="60"', "feed", 60),
    ],
)
def test_what_a_source_cannot_be_it_is_not(attributes: str, kind: str, interval: int | None) -> None:
    (feed,) = read(f'<opml><body><outline xmlUrl="http://a.example/" {attributes}/></body></opml>'.encode())
    assert (feed.kind, feed.interval_minutes, feed.selectors is not None) == (kind, interval, kind == "page")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "doctype",
    ['<!DOCTYPE opml SYSTEM "http://dtd.example/x.dtd">', '<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'],
)
def test_a_document_type_is_refused_in_every_encoding(doctype: str, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    with pytest.raises(AggregatorError, match="document type"):
        read(mark + f"{doctype}<opml version='2.0'><body/></opml>".encode(encoding))


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        (b"", "not well-formed"),
        (b"<opml>", "not well-formed"),
        (b"\x00\x01", "not well-formed"),
        (b"<?xml version='1.0' encoding='nonsense'?><opml/>", "not well-formed"),
        (b"<rss version='2.0'/>", "root is <rss>"),
        (b"<opml>&undefined;</opml>", "not well-formed"),
        (b" " * (5 * 2**20 + 1), "larger than 5 MiB"),
    ],
)
def test_what_is_no_opml_is_refused_with_a_reason(document: bytes, complaint: str) -> None:
    with pytest.raises(AggregatorError, match=complaint):
        read(document)


def test_at_most_ten_thousand_feeds_are_taken() -> None:
    outlines = "".join(f'<outline text="n" xmlUrl="http://n{n}.example/"/>' for n in range(10_050))
    assert len(read(f"<opml><body>{outlines}</body></opml>".encode())) == 10_000


def test_deeply_nested_folders_are_read() -> None:
    depth = 20_000
    document = "<opml><body>" + "<outline>" * depth + '<outline xmlUrl="http://deep.example/"/>' + "</outline>" * depth
    assert [feed.url for feed in read((document + "</body></opml>").encode())] == ["http://deep.example/"]


@pytest.mark.parametrize("country", ["", "R", "<b>", "R" * 10_000])
def test_an_impossible_country_gives_way_to_the_callers(country: str) -> None:
    country = country.replace("<", "&lt;")
    outline = f'<outline xmlUrl="http://a.example/" country="{country}"/>'
    assert read(f"<opml><body>{outline}</body></opml>".encode())[0].country == "XX"


@hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.integers(0, len(LIST)), st.integers(0, 20), st.binary(max_size=10))))
def test_a_mutated_list_is_read_or_refused(cuts: list[tuple[int, int, bytes]]) -> None:
    document = LIST
    for start, length, inserted in cuts:
        document = document[:start] + inserted + document[start + length :]
    try:
        feeds = read(document)
    except AggregatorError:
        return
    assert all(feed.url.lower().startswith("http") and feed.outlet for feed in feeds)
