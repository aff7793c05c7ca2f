"""Lists of feeds, in and out."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.acquire.opml import read_opml, write_opml
from aggregator.errors import AggregatorError
from aggregator.settings import Camp, Feed

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
    country=st.sampled_from(["RU", "CN", "US"]),
    camp=st.sampled_from(Camp),
)


@given(st.lists(FEEDS, unique_by=lambda feed: feed.url))
def test_a_written_list_comes_back(feeds: list[Feed]) -> None:
    assert read(write_opml(feeds)) == tuple(feeds)


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
