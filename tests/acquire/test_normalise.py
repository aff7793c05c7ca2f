"""From untrusted entries to clean, dated, identified articles."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.acquire.normalise import identity_keys, normalise
from aggregator.acquire.parse import ENTRY_LIMIT
from aggregator.model import Article, DateConfidence, Entry, ParsedFeed
from aggregator.settings import Camp, Feed

NOW = datetime(2024, 2, 6, 12, tzinfo=UTC)
BASE = "https://courier.example/feed"
FEED = Feed(url=BASE, outlet="Courier", language="en", country="RU", camp=Camp.RU_STATE)
ENTRY = Entry(
    guid="g1",
    link="https://courier.example/story?utm_source=rss",
    title="Ministers sign a rail pact",
    summary="<p>The ministers of both countries signed it in the morning.</p>",
    published="Mon, 05 Feb 2024 10:00:00 GMT",
)


def articles(*entries: Entry, feed: Feed = FEED) -> tuple[Article, ...]:
    return normalise(ParsedFeed(format="rss20", entries=entries), feed, base_url=BASE, now=NOW).articles


def article(entry: Entry, feed: Feed = FEED) -> Article:
    (made,) = articles(entry, feed=feed)
    return made


def test_an_article_carries_its_outlet_and_its_clean_parts() -> None:
    made = article(ENTRY)
    assert (made.feed_url, made.outlet, made.camp, made.country) == (BASE, "Courier", Camp.RU_STATE, "RU")
    assert made.url == "https://courier.example/story"
    assert made.title == "Ministers sign a rail pact"
    assert made.summary == "The ministers of both countries signed it in the morning."
    assert made.published == datetime(2024, 2, 5, 10, tzinfo=UTC)
    assert made.first_seen == NOW
    assert made.language == "en"


def test_markup_in_a_title_or_author_becomes_text() -> None:
    made = article(replace(ENTRY, title="<b>Gas</b> &amp;amp; <script>x()</script>oil", author="<i>I.</i> Writer"))
    assert made.title == "Gas & oil"
    assert made.author == "I. Writer"


@pytest.mark.parametrize(
    ("summary", "content", "title"),
    [
        ("First things first. Then more.", "", "First things first."),
        ("", "<p>Главное сегодня! Потом остальное.</p>", "Главное сегодня!"),
        ("两国签署协议。更多内容。", "", "两国签署协议。"),
        ("no stop at all", "", "no stop at all"),
        ("word " * 100, "", ("word " * 100)[:120]),
    ],
)
def test_a_missing_title_is_the_first_sentence(summary: str, content: str, title: str) -> None:
    assert article(Entry(link="/a", summary=summary, content=content)).title == title


def test_an_entry_whose_text_is_all_markup_is_called_by_its_address() -> None:
    assert article(Entry(link="https://a.example/x", title="<img src=x>")).title == "https://a.example/x"


def test_an_entry_without_any_text_is_dropped_with_a_reason() -> None:
    parsed = ParsedFeed(format="rss20", entries=(Entry(title="<img src=x>"), ENTRY))
    made = normalise(parsed, FEED, base_url=BASE, now=NOW)
    assert len(made.articles) == 1
    assert made.dropped == ("neither title nor text nor link",)


@pytest.mark.parametrize(
    ("published", "updated", "moment"),
    [
        ("", "2024-02-05T10:00:00Z", datetime(2024, 2, 5, 10, tzinfo=UTC)),
        ("nonsense", "2024-02-05T10:00:00Z", datetime(2024, 2, 5, 10, tzinfo=UTC)),
        ("2024-02-04T10:00:00Z", "2024-02-05T10:00:00Z", datetime(2024, 2, 4, 10, tzinfo=UTC)),
        ("", "", None),
        ("nonsense", "", None),
        ("2024-02-06T18:00:00Z", "", NOW),
        ("2024-02-08T18:00:00Z", "", None),
        ("2999-01-01T00:00:00Z", "", None),
        ("1970-01-01T00:00:00Z", "", None),
    ],
)
def test_only_a_believable_date_is_believed(published: str, updated: str, moment: datetime | None) -> None:
    made = article(replace(ENTRY, published=published, updated=updated))
    assert made.published == moment
    assert made.date == (moment or NOW)


@pytest.mark.parametrize(
    ("published", "updated", "expected", "changed", "confidence"),
    [
        ("2024-02-05T10:00:00Z", "2024-02-06T10:00:00Z", "2024-02-05T10", "2024-02-06T10", DateConfidence.STATED),
        ("2024-02-05T10:00:00", "2024-02-05T10:00:00", "2024-02-05T10", None, DateConfidence.NO_ZONE),
        ("2024-02-05T10:00:00Z", "2024-02-04T10:00:00Z", "2024-02-05T10", None, DateConfidence.STATED),
        ("2024-02-05T10:00:00Z", "2999-01-01", "2024-02-05T10", None, DateConfidence.STATED),
        ("2024-02-05T10:00:00Z", "junk", "2024-02-05T10", None, DateConfidence.STATED),
        ("1970-01-01T00:00:00Z", "2024-02-05T10:00:00", "2024-02-05T10", None, DateConfidence.NO_ZONE),
        ("", "2024-02-05", "2024-02-05T00", None, DateConfidence.DAY),
        ("2024-02-06T18:00:00Z", "", "2024-02-06T12", None, DateConfidence.FIRST_SEEN),
        ("2999-01-01T00:00:00Z", "1970-01-01", None, None, DateConfidence.FIRST_SEEN),
        ("", "", None, None, DateConfidence.FIRST_SEEN),
    ],
)
def test_dates_say_when_it_was_changed_and_how_well_they_are_known(
    published: str, updated: str, expected: str | None, changed: str | None, confidence: DateConfidence
) -> None:
    made = article(replace(ENTRY, published=published, updated=updated))
    assert made.published == (datetime.fromisoformat(f"{expected}:00+00:00") if expected else None)
    assert made.updated == (datetime.fromisoformat(f"{changed}:00+00:00") if changed else None)
    assert made.date_confidence is confidence


def test_a_date_without_zone_is_read_in_the_zone_of_the_feed() -> None:
    made = article(replace(ENTRY, published="05.02.2024 10:30"), feed=replace(FEED, language="ru"))
    assert made.published == datetime(2024, 2, 5, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("Министры подписали договор о железной дороге", "ru"),
        ("两国部长签署铁路协议", "zh"),
        ("Ministers of the two countries have signed a treaty about the railway", "en"),
        ("1234", "ru"),
    ],
)
def test_the_language_is_that_of_the_text_not_of_the_feed(title: str, language: str) -> None:
    assert article(Entry(title=title), feed=replace(FEED, language="ru")).language == language


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", ""])
def test_a_link_that_is_no_web_address_is_no_address(link: str) -> None:
    assert article(replace(ENTRY, link=link)).url == ""


def test_the_text_is_not_kept_twice_and_the_summary_is_never_empty() -> None:
    assert article(replace(ENTRY, summary="Same.", content="<p>Same.</p>")).text == ""
    only_content = article(replace(ENTRY, summary="", content="Only content."))
    assert (only_content.summary, only_content.text) == ("Only content.", "Only content.")


def test_entries_beyond_the_limit_are_counted_as_dropped() -> None:
    entries = tuple(Entry(title=f"Story number {n}") for n in range(ENTRY_LIMIT + 7))
    made = normalise(ParsedFeed(format="rss20", entries=entries), FEED, base_url=BASE, now=NOW)
    assert len(made.articles) == ENTRY_LIMIT == 2000
    assert made.dropped == ("beyond the first 2000 entries",) * 7


def kinds(made: Article) -> str:
    return "".join(sorted(key[0] for key in made.keys))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ENTRY, "dgtu"),
        (replace(ENTRY, published=""), "gtu"),
        (replace(ENTRY, guid="", published=""), "gtu"),
        (replace(ENTRY, link="", published=""), "gt"),
        (replace(ENTRY, link="https://courier.example/", published=""), "gt"),
        (replace(ENTRY, link="https://courier.example", guid="", published=""), "t"),
        (Entry(summary="Only a summary"), "t"),
        (Entry(title="!!!"), "t"),
        (Entry(guid="g1", summary="Only a summary"), "gt"),
    ],
)
def test_an_article_has_the_keys_that_its_entry_supports(entry: Entry, expected: str) -> None:
    assert kinds(article(entry)) == expected


def test_what_one_document_gives_to_two_stories_identifies_neither() -> None:
    same_guid = articles(replace(ENTRY, link="/1", title="One"), replace(ENTRY, link="/2", title="Two"))
    assert [kinds(made) for made in same_guid] == ["dtu", "dtu"]
    same_link = articles(replace(ENTRY, guid="1", title="One"), replace(ENTRY, guid="2", title="Two"))
    assert [kinds(made) for made in same_link] == ["dgt", "dgt"]


def test_keys_differ_from_entry_to_entry_but_not_from_time_to_time() -> None:
    assert identity_keys(ENTRY, BASE) == identity_keys(ENTRY, BASE)
    other = Entry(guid="g2", link="/other", title="Another")
    assert not set(identity_keys(ENTRY, BASE)) & set(identity_keys(other, BASE))


def test_the_content_hash_changes_with_the_text_only() -> None:
    before = article(ENTRY).content_hash
    assert article(replace(ENTRY, guid="x", published="", link="/elsewhere")).content_hash == before
    assert article(replace(ENTRY, summary="Edited.")).content_hash != before
    assert article(replace(ENTRY, title="Edited")).content_hash != before


ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@hypothesis_settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Entry, guid=ANY_TEXT, link=ANY_TEXT, title=ANY_TEXT, summary=ANY_TEXT, content=ANY_TEXT, author=ANY_TEXT
        ),
        max_size=5,
    )
)
def test_every_entry_is_an_article_or_dropped_and_every_text_can_be_stored(entries: list[Entry]) -> None:
    made = normalise(ParsedFeed(format="rss20", entries=tuple(entries)), FEED, base_url=BASE, now=NOW)
    assert len(made.articles) + len(made.dropped) == len(entries)
    for one in made.articles:
        assert one.title
        assert one.keys
        for text in (one.title, one.summary, one.text, one.author, one.url, one.language):
            text.encode("utf-8")


@given(st.datetimes(timezones=st.just(UTC)))
def test_no_article_appears_after_it_was_seen(moment: datetime) -> None:
    made = article(replace(ENTRY, published=moment.isoformat()))
    assert made.date <= NOW
    assert made.published is None or made.published == min(moment, NOW)
    if made.published is None:
        assert moment.year < 1990 or moment > NOW + timedelta(days=1)
