"""The feeds that a page offers."""

from pathlib import Path

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.acquire.discover import discover_feeds

PAGE = (Path(__file__).parents[1] / "fixtures" / "page.html").read_bytes()
URL = "https://courier.example/world/"


def test_links_that_name_a_feed_are_found_once_and_in_order() -> None:
    assert discover_feeds(PAGE, URL) == (
        "https://courier.example/rss.xml",
        "https://other.example/atom",
        "https://courier.example/world/news/feed/",
    )


def test_a_page_cannot_offer_more_than_twenty() -> None:
    links = "".join(f'<link rel=alternate type="application/rss+xml" href="/{n}.rss">' for n in range(100))
    found = discover_feeds(links.encode(), URL)
    assert len(found) == 20
    assert found[0] == "https://courier.example/0.rss"


def test_a_feed_and_an_empty_page_offer_nothing() -> None:
    assert discover_feeds(b"", URL) == ()
    assert discover_feeds(b"<rss version='2.0'><channel/></rss>", URL) == ()


@hypothesis_settings(deadline=None)
@given(
    st.one_of(
        st.binary(),
        st.binary(max_size=30).map(lambda href: b"<link rel=alternate type=application/rss+xml href='" + href + b"'>"),
    )
)
def test_any_bytes_give_web_addresses_or_nothing(page: bytes) -> None:
    assert all(url.startswith(("http://", "https://")) for url in discover_feeds(page, URL))
