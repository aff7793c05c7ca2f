"""The faults of the field: which pairs of publications are one, and which are two."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.acquire.normalise import normalise
from aggregator.identity import find_known
from aggregator.model import Article, Entry, KnownArticle, ParsedFeed
from aggregator.settings import Camp, Feed

NOW = datetime(2024, 2, 6, 12, tzinfo=UTC)
BASE = "https://courier.example/feed"
FEED = Feed(url=BASE, outlet="Courier", language="en", country="RU", camp=Camp.RU_STATE)
SEEN = Entry(
    guid="courier-17",
    link="https://courier.example/rail-pact",
    title="Ministers sign a rail pact",
    summary="They signed it in the morning.",
    published="2024-02-05T10:00:00Z",
)
HOME = replace(SEEN, link="https://courier.example/")
UNTITLED = Entry(guid="n-1", link="https://courier.example/", summary="The bridge is open again.")


def articles(*entries: Entry) -> tuple[Article, ...]:
    return normalise(ParsedFeed(format="rss20", entries=entries), FEED, base_url=BASE, now=NOW).articles


def known(entry: Entry, number: int = 1) -> KnownArticle:
    (article,) = articles(entry)
    return KnownArticle(id=number, content_hash=article.content_hash, keys=article.keys)


SAME = {
    "nothing changed": (SEEN, SEEN),
    "the GUID changes at every fetch": (SEEN, replace(SEEN, guid="courier-17-b")),
    "the GUID changes and the date goes": (SEEN, replace(SEEN, guid="x", published="")),
    "the scheme flips": (SEEN, replace(SEEN, link="http://courier.example/rail-pact", guid="")),
    "www comes": (SEEN, replace(SEEN, link="https://www.courier.example/rail-pact", guid="x")),
    "tracking parameters come": (SEEN, replace(SEEN, link=SEEN.link + "?utm_source=rss&fbclid=1", guid="x")),
    "the link becomes an AMP page": (SEEN, replace(SEEN, link=SEEN.link + "/amp/", guid="x")),
    "the title is edited": (SEEN, replace(SEEN, title="Rail pact signed: what is in it")),
    "the title and the GUID are edited": (SEEN, replace(SEEN, title="Rail pact signed", guid="x")),
    "the text is edited": (SEEN, replace(SEEN, summary="They signed it at noon.")),
    "the title changes its typography": (HOME, replace(HOME, title="MINISTERS  sign «a» rail pact!")),
    "the date is corrected": (SEEN, replace(SEEN, published="2024-02-05T12:00:00Z")),
    "the domain moves, the date stays": (SEEN, replace(SEEN, link="https://new.example/a/17", guid="new-17")),
    "the domain moves, the GUID stays, no date": (
        replace(SEEN, published=""),
        replace(SEEN, link="https://new.example/a/17", published=""),
    ),
    "the link is the home page": (HOME, HOME),
    "home page and no date": (replace(HOME, published=""), replace(HOME, published="")),
    "nothing but a title": (Entry(title="Ministers sign"), Entry(title="Ministers sign")),
    "nothing but a text": (Entry(summary="The bridge is open."), Entry(summary="The bridge is open.")),
    "a GUID, a text and the home page": (UNTITLED, UNTITLED),
    "a title without any word": (Entry(guid="q", title="?!"), Entry(guid="q", title="?!")),
    "the GUID is the link with another scheme": (
        replace(SEEN, guid="http://courier.example/rail-pact", link="", published=""),
        replace(SEEN, guid="https://www.courier.example/rail-pact", link="", published=""),
    ),
}
DIFFERENT = {
    "another story": (SEEN, Entry(guid="x", link="/other", title="Another story", published="2024-02-05T10:00:00Z")),
    "the GUID serves two stories": (SEEN, replace(SEEN, link="/second", title="A second story")),
    "the home page serves two stories": (HOME, replace(HOME, guid="courier-18", title="A second story")),
    "a column has the same title each day": (
        SEEN,
        replace(SEEN, guid="courier-18", link="/rail-pact-2", published="2024-02-06T10:00:00Z"),
    ),
    "two stories of the same minute": (SEEN, replace(SEEN, guid="x", link="/x", title="A second story")),
    "two texts without titles": (UNTITLED, replace(UNTITLED, guid="n-2", summary="The road is closed.")),
    "the query names the page": (
        replace(SEEN, link="/show?id=1", guid="", title="One"),
        replace(SEEN, link="/show?id=2", guid="", title="Two"),
    ),
}


@pytest.mark.parametrize(("before", "after"), SAME.values(), ids=SAME.keys())
def test_one_publication_is_recognised_although(before: Entry, after: Entry) -> None:
    (article,) = articles(after)
    assert find_known(article.keys, [known(before)]) == known(before)


@pytest.mark.parametrize(("before", "after"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_two_publications_stay_two_although(before: Entry, after: Entry) -> None:
    (article,) = articles(after)
    assert find_known(article.keys, [known(before)]) is None


def test_entries_of_one_document_that_share_link_and_guid_stay_apart_and_are_known_again() -> None:
    entries = [replace(SEEN, title=f"Story number {n}") for n in range(5)]
    first = articles(*entries)
    archive: list[KnownArticle] = []
    for number, article in enumerate(first):
        assert find_known(article.keys, archive) is None
        archive.append(KnownArticle(id=number, content_hash=article.content_hash, keys=article.keys))
    found = [find_known(article.keys, archive) for article in articles(*entries)]
    assert [one.id for one in found if one] == [0, 1, 2, 3, 4]


def test_untitled_entries_with_one_link_stay_apart_and_are_known_again() -> None:
    entries = [Entry(link="/notes", summary=f"Note number {n}.") for n in range(3)] + [Entry(link="/notes", title="T")]
    archive = [KnownArticle(id=n, content_hash="", keys=a.keys) for n, a in enumerate(articles(*entries))]
    for article, own in zip(articles(*entries), archive, strict=True):
        assert find_known(article.keys, archive) == own


def test_nothing_is_known_at_first() -> None:
    assert find_known(("u1", "g1", "t1"), []) is None
    assert find_known((), [known(SEEN)]) is None


WORD = st.text(max_size=20)
ENTRIES = st.lists(
    st.builds(
        Entry,
        guid=st.sampled_from(["", "g1", "g2", "https://courier.example/a"]),
        link=st.sampled_from(["", "/", "/a", "/b?id=1", "https://courier.example"]),
        title=st.one_of(st.sampled_from(["", "One", "Two", "!"]), WORD),
        summary=st.one_of(st.sampled_from(["", "Text."]), WORD),
        published=st.sampled_from(["", "2024-02-05T10:00:00Z"]),
    ),
    max_size=6,
)


@given(ENTRIES)
def test_a_document_that_comes_again_brings_nothing_new(entries: list[Entry]) -> None:
    archive = [KnownArticle(id=n, content_hash="", keys=a.keys) for n, a in enumerate(articles(*entries))]
    assert all(find_known(article.keys, archive) for article in articles(*entries))
