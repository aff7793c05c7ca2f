"""Filters of feeds: read with the settings, judged with the document, remembered until they change."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.annotate.beat import load_beat
from aggregator.config import load_settings
from aggregator.errors import ConfigurationError
from aggregator.model import NOTHING_KEPT_OUT, Document, KeptOut, KnownArticle, Reading
from aggregator.reading import read_document
from aggregator.settings import Feed
from tests.builders import NOW, make_feed

BEAT = "china-russia"
LEAST = """\
feeds:
  - url: https://example.com/rss
    outlet: Example
    language: en
    country: DE
    camp: western
"""
KEPT_OUT = "kept out by the feed's filter"
Load = Callable[[str], tuple[Feed, ...]]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(text: str) -> tuple[Feed, ...]:
        path = tmp_path / "feeds.yaml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path, {}).feeds

    return loaded


# --- settings ----------------------------------------------------------------------------------


def test_a_feed_says_what_to_keep_and_what_to_drop(load: Load) -> None:
    (feed,) = load(LEAST + "    keep: 'actor:Putin OR topic:energy'\n    drop: title:horoscope\n")
    assert (feed.keep, feed.drop) == ("actor:Putin OR topic:energy", "title:horoscope")


def test_a_filter_of_all_feeds_is_that_of_each_that_names_none(load: Load) -> None:
    other = LEAST.partition("\n")[2].replace("/rss", "/other")
    feeds = load(f"keep: relevance>=0.05\ndrop: horoscope\n{LEAST}    keep: ''\n{other}    drop: title:sport\n")
    assert [(feed.keep, feed.drop) for feed in feeds] == [(None, "horoscope"), ("relevance>=0.05", "title:sport")]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (LEAST + "    keep: topic:enrgy\n", 7, "feeds[1].keep: there is no topic 'enrgy'; did you mean energy? (column 7)"),
        (LEAST + "    drop: 'a (b'\n", 7, "feeds[1].drop: this parenthesis is not closed (column 3)"),
        (LEAST + "    drop: gas sources>2\n", 7, "feeds[1].drop: sources: a filter looks at articles that have no story yet; leave it out (column 5)"),
        (LEAST + "    keep: actor:nobody1\n", 7, "feeds[1].keep: no actor is known as 'nobody1'; search for the word itself (column 7)"),
        ("keep: outlt:x\n" + LEAST, 1, "keep: there is no field 'outlt'; did you mean outlet?"),
        (LEAST + "drop: story:3\n", 7, "drop: story: a filter looks at"),
        (LEAST + "digests:\n  - name: a\n    query: topic:enrgy\n", 9, "digests[1].query: there is no topic 'enrgy'; did you mean energy? (column 7)"),
        (LEAST + "alerts:\n  - name: a\n    query: a\n  - name: b\n    query: (a\n", 11, "alerts[2].query: this parenthesis is not closed (column 1)"),
        (LEAST + "beat: no-such\nalerts: [{name: a, query: b}]\n", 7, "beat: there is no beat 'no-such'"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_used_is_told_with_its_line_field_and_column(
    load: Load, text: str, line: int, said: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert f"feeds.yaml:{line}: {said}" in str(caught.value)


def test_digests_and_alerts_may_ask_for_stories_and_names(load: Load) -> None:
    assert load(LEAST + "digests: [{query: 'actor:Путин sources>=2'}]\nalerts: [{name: a, query: 'first:wire 普京'}]\n")


# --- documents ---------------------------------------------------------------------------------


def document(*titles: str, at: timedelta = timedelta(0)) -> Document:
    items = "".join(
        f"<item><title>{title}</title><link>https://e.example/{title[:9]}</link></item>" for title in titles
    )
    body = f"<rss version='2.0'><channel><title>T</title>{items}</channel></rss>".replace(" ", "\n").encode()
    return Document(url="https://e.example/rss", body=body, headers=(), fetched=NOW + at)


def read(
    feed: Feed, *titles: str, known: tuple[KnownArticle, ...] = (), before: KeptOut = NOTHING_KEPT_OUT, at: timedelta = timedelta(0)
) -> Reading:  # fmt: skip
    reading = read_document(document(*titles, at=at), feed, known, BEAT, before)
    assert isinstance(reading, Reading)
    assert reading.fetched == len(reading.records) + reading.known + len(reading.dropped)
    return reading


def titles(reading: Reading) -> list[object]:
    return [record.values[6] for record in reading.records]


def remembered(reading: Reading) -> int:
    return len(reading.kept_out.contents.split())


TIE = "Putin and Xi sign a gas deal"
STARS = "Horoscope of the day"


def test_without_a_filter_all_is_let_in_and_nothing_remembered() -> None:
    reading = read(make_feed(), TIE, STARS)
    assert titles(reading) == [TIE, STARS]
    assert reading.kept_out == NOTHING_KEPT_OUT


@pytest.mark.parametrize(
    ("keep", "drop"),
    [("actor:Putin", None), ("relevance>=0.5", None), (None, "title:horoscopes"), ("actor:普京 lang:en", "horoscope")],
)
def test_what_a_filter_keeps_out_is_counted_under_its_reason(keep: str | None, drop: str | None) -> None:
    reading = read(replace(make_feed(), keep=keep, drop=drop), TIE, STARS)
    assert titles(reading) == [TIE]
    assert reading.dropped == (KEPT_OUT,)
    assert remembered(reading) == 1


def test_what_was_kept_out_is_not_judged_again_while_the_filter_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    beat, judged = load_beat(BEAT), list[str]()
    monkeypatch.setattr("aggregator.reading.annotate", _noting(judged))
    feed = replace(make_feed(), drop="horoscope")
    first = read(feed, STARS)
    again = read(feed, TIE, STARS, before=first.kept_out)
    assert judged == [STARS, TIE]
    assert again.dropped == (KEPT_OUT,)
    assert again.kept_out == first.kept_out
    # An edit, another filter and another judgement are looked at anew; what the document has no more is forgotten.
    read(feed, STARS + " and more", before=first.kept_out)
    assert titles(read(replace(feed, drop="weather"), STARS, before=first.kept_out)) == [STARS]
    monkeypatch.setattr("aggregator.reading.load_beat", lambda name: replace(beat, version="another"))
    assert remembered(read(feed, STARS, before=first.kept_out)) == 1
    assert judged == [STARS, TIE, STARS + " and more", STARS, STARS]
    assert remembered(read(feed, TIE, before=first.kept_out)) == 0


def _noting(judged: list[str]) -> Callable[..., object]:
    from aggregator.annotate import annotate
    from aggregator.annotate.beat import Beat
    from aggregator.model import Annotated, Article

    def noting(article: Article, beat: Beat) -> Annotated:
        judged.append(article.title)
        return annotate(article, beat)

    return noting


def test_since_is_counted_from_the_polling_and_an_article_decided_on_once() -> None:
    feed = replace(make_feed(), drop="since:1d")
    first = read(feed, STARS)
    assert titles(first) == []
    assert titles(read(feed, STARS, before=first.kept_out, at=timedelta(days=9))) == []
    assert titles(read(replace(feed, drop="date<2026-03-05"), STARS)) == [STARS]


def test_an_edit_of_an_article_in_the_archive_is_let_in() -> None:
    kept = read(make_feed(), TIE).records[0]
    known = KnownArticle(id=1, content_hash=kept.content_hash, keys=kept.keys)
    feed = replace(make_feed(), drop="horoscope")
    edited = read(feed, TIE + " after a horoscope", known=(known,))
    assert titles(edited) == [TIE + " after a horoscope"]
    same = read(replace(feed, drop="Putin"), TIE, known=(known,))
    assert (same.known, same.records, same.dropped) == (1, (), ())
