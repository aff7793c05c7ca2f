"""Addresses: what may be clicked, and which spellings are one page."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.text.urls import _PLAIN_URL, canonical_url, is_web_url, resolve, url_key

BASE = "https://news.example.org/world/feed.xml"
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))
PIECE = st.text(alphabet="abcXYZ019.-_~%/?#&=;:@!$'()*+,[]| \t\u0436中é", max_size=30)
URLS = st.one_of(
    st.builds("{}://{}/{}?{}#{}".format, st.sampled_from(["http", "https"]), PIECE, PIECE, PIECE, PIECE),
    st.builds(
        "https://example.org/{}?{}".format,
        PIECE,
        st.lists(
            st.sampled_from(["utm_source=x", "from=rss", "id=7", "ref", "fbclid=1", "at_medium=RSS", "amp", ""])
        ).map("&".join),
    ),
    ANY_TEXT,
)


@pytest.mark.parametrize(
    "spelling",
    [
        "http://example.org/world/story-1",
        "https://www.example.org/world/story-1",
        "https://m.example.org/world/story-1",
        "https://amp.example.org/world/story-1",
        "https://mobile.example.org/world/story-1/",
        "https://EXAMPLE.org/world/story-1",
        "https://example.org:443/world/story-1",
        "https://example.org/world/story-1/amp",
        "https://example.org/world/story-1/amp/",
        "https://example.org/world/story-1#comments",
        "https://example.org/world/story-1?utm_source=rss&utm_medium=feed",
        "https://example.org/world/story-1?at_medium=RSS&at_campaign=X",
        "https://example.org/world/story-1?fbclid=abc",
        "https://example.org/world/story-1?from=rss",
        "https://example.org/world/story-1?ref=rss&cmpid=1",
    ],
)
def test_spellings_of_one_page_share_a_key(spelling: str) -> None:
    assert url_key(spelling) == url_key("https://example.org/world/story-1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/story-1", "https://example.org/story-2"),
        ("https://example.org/?id=1", "https://example.org/?id=2"),
        ("https://example.org/show?id=1&from=rss", "https://example.org/show?id=2&from=rss"),
        ("https://one.example.org/a", "https://two.example.org/a"),
        ("https://example.org/example", "https://example.org/ex"),
        ("https://example.org/a?frame=1", "https://example.org/a?frame=2"),
    ],
)
def test_different_pages_have_different_keys(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("https://example.org/a?utm_source=x&id=7", "https://example.org/a?id=7"),
        ("https://example.org/a?id=7&from=rss", "https://example.org/a?id=7"),
        ("https://example.org/a#top", "https://example.org/a"),
        ("https://example.org/#!/story/7", "https://example.org/#!/story/7"),
    ],
)
def test_the_canonical_address_keeps_what_names_the_page(url: str, canonical: str) -> None:
    assert canonical_url(url) == canonical


@hypothesis_settings(deadline=None, max_examples=300)
@given(URLS)
@example("https://example.org/?from=a&&from=b")
def test_a_canonical_address_is_its_own_canonical_address(url: str) -> None:
    once = canonical_url(resolve(BASE, url))
    assert canonical_url(once) == once


@hypothesis_settings(deadline=None)
@given(URLS)
def test_the_canonical_address_has_the_key_of_the_original(url: str) -> None:
    page = resolve(BASE, url)
    assert url_key(canonical_url(page)) == url_key(page)


@pytest.mark.parametrize(
    ("link", "absolute"),
    [
        ("/story", "https://news.example.org/story"),
        ("story", "https://news.example.org/world/story"),
        ("//other.example/story", "https://other.example/story"),
        ("  https://other.example/x\n", "https://other.example/x"),
        ("https:///x", "https://news.example.org/x"),
        ("?id=1", "https://news.example.org/world/feed.xml?id=1"),
    ],
)
def test_relative_links_are_resolved_against_the_document(link: str, absolute: str) -> None:
    assert resolve(BASE, link) == absolute


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " \tjavascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.org/x",
        "mailto:a@example.org",
        "http://",
        "http://[broken",
        "blob:https://example.org/x",
    ],
)
def test_what_is_no_web_address_is_refused(link: str) -> None:
    assert resolve(BASE, link) == ""


@given(ANY_TEXT)
def test_a_resolved_link_is_empty_or_a_storable_web_address(link: str) -> None:
    absolute = resolve(BASE, link)
    assert not absolute or (is_web_url(absolute) and urlsplit(absolute).scheme in {"http", "https"})
    assert absolute.isprintable()
    absolute.encode("utf-8")


def test_bidirectional_overrides_and_surrogates_do_not_survive_in_an_address() -> None:
    assert resolve(BASE, "/\u202egpj.exe") == "https://news.example.org/%E2%80%AEgpj.exe"
    assert resolve(BASE, "/\ud800x") == "https://news.example.org/%3Fx"


@hypothesis_settings(deadline=None)
@given(ANY_TEXT)
def test_a_guid_that_only_looks_like_an_address_has_a_key(rest: str) -> None:
    assert isinstance(url_key("http://" + rest), str)
    assert isinstance(url_key("https://[" + rest), str)


PLAIN = st.builds(
    "{}://{}.{}/{}".format,
    st.sampled_from(["http", "https"]),
    st.from_regex(r"(www\.|m\.|amp\.)?[a-z0-9-]{1,6}", fullmatch=True),
    st.from_regex(r"[a-z]{2,3}", fullmatch=True),
    st.text(alphabet="ab/.%+,@=:!*'()$~_-1A", max_size=12),
)


@given(PLAIN)
def test_a_plain_address_is_taken_as_it_stands_where_taking_it_apart_would_change_nothing(url: str) -> None:
    assert _PLAIN_URL.fullmatch(url)
    other = url.replace("://", "://user@", 1)  # not plain, so it goes the long way
    assert resolve("https://example.org/base/x", url) == url
    assert resolve("https://example.org/base/x", other) == other
    assert canonical_url(url) == canonical_url(url + "#fragment") == canonical_url(url + "?utm_source=x") == url
    assert url_key(url) == url_key(url + "#fragment")
