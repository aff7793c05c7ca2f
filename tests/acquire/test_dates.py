"""Dates as outlets write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.acquire.dates import read_date
from aggregator.model import DateConfidence

EARLIEST, LATEST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2100-01-01")


@pytest.mark.parametrize(
    ("text", "language", "moment"),
    [
        ("Mon, 05 Feb 2024 10:00:00 GMT", "en", "2024-02-05T10:00"),
        ("Mon, 05 Feb 2024 10:00:00 +0300", "ru", "2024-02-05T07:00"),
        ("Mon, 05 Feb 24 10:00:00 GMT", "en", "2024-02-05T10:00"),
        ("05 Feb 2024 10:00:00 EST", "en", "2024-02-05T15:00"),
        ("Mon, 05 Feb 2024 10:00:00 MSK", "ru", "2024-02-05T07:00"),
        ("Mon, 05 Feb 2024 10:00:00 MSK", "en", "2024-02-05T07:00"),
        ("Mon, 05 Feb 2024 10:00:00 CST", "zh", "2024-02-05T02:00"),
        ("Mon, 05 Feb 2024 10:00:00 CST", "en", "2024-02-05T16:00"),
        ("Mon, 05 Feb 2024 10:00:00", "ru", "2024-02-05T07:00"),
        ("2024-02-05T10:00:00Z", "ru", "2024-02-05T10:00"),
        ("2024-02-05T10:00:00+08:00", "zh", "2024-02-05T02:00"),
        ("2024-02-05T10:00:00.123+0800", "zh", "2024-02-05T02:00:00.123"),
        ("2024-02-05 10:00", "en", "2024-02-05T10:00"),
        ("2024-02-05 10:00", "ru", "2024-02-05T07:00"),
        ("2024-02-05 10:00", "zh", "2024-02-05T02:00"),
        ("05.02.2024", "ru", "2024-02-04T21:00"),
        ("05.02.2024 10:30", "ru", "2024-02-05T07:30"),
        ("5 февраля 2024, 10:30", "ru", "2024-02-05T07:30"),
        ("Пн, 05 фев 2024 10:00:00 +0300", "ru", "2024-02-05T07:00"),
        ("2024年02月05日", "zh", "2024-02-04T16:00"),
        ("2024年2月5日 10:30", "zh", "2024-02-05T02:30"),
        ("2024/02/05 10:00", "zh", "2024-02-05T02:00"),
        ("02/05/2024", "en", "2024-02-05T00:00"),
        ("February 5, 2024", "en", "2024-02-05T00:00"),
        ("\n  2024-02-05T10:00:00Z\t", "en", "2024-02-05T10:00"),
        ("2999-01-01T00:00:00Z", "en", "2999-01-01T00:00"),
    ],
)
def test_a_date_is_read_in_the_zone_and_order_of_its_press(text: str, language: str, moment: str) -> None:
    stated = read_date(text, language)
    assert stated is not None
    assert stated.moment == datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language", "confidence"),
    [
        ("Mon, 05 Feb 2024 10:00:00 GMT", "en", DateConfidence.STATED),
        ("2024-02-05T10:00:00+08:00", "zh", DateConfidence.STATED),
        ("Mon, 05 Feb 2024 10:00:00 MSK", "ru", DateConfidence.STATED),
        ("2024-02-05T00:00:01Z", "en", DateConfidence.STATED),
        ("Mon, 05 Feb 2024 10:00:00", "ru", DateConfidence.NO_ZONE),
        ("Mon, 05 Feb 2024 10:00:00 -0000", "ru", DateConfidence.NO_ZONE),
        ("2024年2月5日 10:30", "zh", DateConfidence.NO_ZONE),
        ("5 февраля 2024, 10:30", "ru", DateConfidence.NO_ZONE),
        ("2024-02-05", "en", DateConfidence.DAY),
        ("20240205", "en", DateConfidence.DAY),
        ("2024年02月05日", "zh", DateConfidence.DAY),
        ("05.02.2024", "ru", DateConfidence.DAY),
        ("Mon, 05 Feb 2024 00:00:00 +0300", "ru", DateConfidence.DAY),
        ("2024-02-05T00:00:00Z", "en", DateConfidence.DAY),
    ],
)
def test_a_date_says_how_exact_it_is(text: str, language: str, confidence: DateConfidence) -> None:
    stated = read_date(text, language)
    assert stated is not None
    assert stated.confidence is confidence


@pytest.mark.parametrize("language", ["en", "ru", "zh"])
@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "nonsense", "yesterday", "вчера", "昨天", "10:30", "2024", "2024-02-30", "32.13.2024"),
        *("1" + "0" * 20, "-1", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "2024-02-05" * 20),
        *("Mon, 99 Feb 2024 10:00:00 GMT", "Mon, 05 Feb 99999999999 10:00:00 GMT", "0000-00-00 00:00:00"),
        *("Mon, 05 Feb 2024 10:00:00 +9999999999", "\ud800", "\x00", "٢٠٢٤-٠٢"),
    ],
)
def test_what_names_no_moment_is_no_date(text: str, language: str) -> None:
    assert read_date(text, language) is None


DATE_LIKE = st.lists(
    st.sampled_from([*"0123456789-:/.,+TZ ", "Feb", "MSK", "年", "月", "日", "февраля", "2024", "PM", "GMT", "Mon"]),
    max_size=16,
).map("".join)


@hypothesis_settings(deadline=None, max_examples=200)
@given(
    st.one_of(DATE_LIKE, st.text(alphabet=st.characters(exclude_categories=()))), st.sampled_from(["en", "ru", "zh"])
)
def test_no_text_raises_and_every_moment_is_utc(text: str, language: str) -> None:
    stated = read_date(text, language)
    assert stated is None or stated.moment.tzinfo is UTC


@given(
    st.datetimes(min_value=EARLIEST, max_value=LATEST, timezones=st.just(UTC)),
    st.integers(-720, 720),
)
def test_an_iso_date_comes_back_exactly(moment: datetime, offset: int) -> None:
    sign, minutes = "-" if offset < 0 else "+", abs(offset)
    text = f"{moment.replace(tzinfo=None).isoformat()}{sign}{minutes // 60:02}:{minutes % 60:02}"
    stated = read_date(text)
    assert stated is not None
    assert stated.moment == moment - timedelta(minutes=offset)
