"""From a page to the text of its article: without what stands around it, clean, bounded; or the reason why not."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.acquire.fulltext import full_text
from aggregator.model import Document, ParseFailure
from aggregator.text.markup import plain_text
from tests.builders import NOW

ARTICLE = (Path(__file__).parents[1] / "fixtures" / "article.html").read_bytes()
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
SENTENCE = {
    "ru": "Министры транспорта России и Китая договорились открыть новый переход через реку Аргунь до конца года. ",
    "zh": "中俄两国交通部长周四商定，明年年底以前在额尔古纳河上开通新的公路口岸，货运先行，双方各承担一半费用。",
}


def page(body: bytes, kind: str = "text/html; charset=utf-8") -> Document:
    headers = (("Content-Type", kind),) if kind else ()
    return Document(url="https://example.org/a", body=body, headers=headers, fetched=NOW)


def text_of(body: bytes, kind: str = "text/html; charset=utf-8") -> str:
    text = full_text(page(body, kind))
    assert isinstance(text, str), text
    return text


def why_not(body: bytes, kind: str = "text/html") -> str:
    failure = full_text(page(body, kind))
    assert isinstance(failure, ParseFailure), failure
    return failure.reason


def test_the_article_is_read_and_what_stands_around_it_is_not() -> None:
    text = text_of(ARTICLE)
    for told in ("river Argun", "two hundred lorries a day & in both directions", "steel will come from Harbin."):
        assert told in text
    for around in ("Television", "privacy", "Penguins", "mark my words", "rights reserved", "SCRIPTED", "STYLED"):
        assert around not in text
    assert plain_text(text) == text


@pytest.mark.parametrize("kind", ["", "text/html", "application/xhtml+xml", "TEXT/HTML;charset=x"])
def test_html_is_read_under_all_its_names(kind: str) -> None:
    assert "river Argun" in text_of(ARTICLE, kind)


@pytest.mark.parametrize("kind", ["application/pdf", "image/png", "application/json", "text/plain"])
def test_what_is_no_html_is_told(kind: str) -> None:
    assert kind in why_not(ARTICLE, kind)


@pytest.mark.parametrize(
    ("language", "encoding", "header", "meta"),
    [
        ("ru", "windows-1251", "", "windows-1251"),
        ("ru", "koi8-r", "koi8-r", "utf-8"),
        ("ru", "utf-8", "windows-1251", "windows-1251"),
        ("ru", "windows-1251", "", ""),
        ("zh", "gbk", "", "gb2312"),
        ("zh", "utf-8", "", ""),
        ("zh", "big5", "no-such", "big5"),
    ],
)
def test_pages_are_read_in_their_encodings(language: str, encoding: str, header: str, meta: str) -> None:
    sentence = SENTENCE[language].replace("国", "國").replace("两", "兩") if encoding == "big5" else SENTENCE[language]
    sentence = sentence.encode(encoding, "ignore").decode(encoding)
    declared = f'<meta charset="{meta}">' if meta else ""
    html = f"<html><head>{declared}</head><body><article>{''.join(f'<p>{n}. {sentence}</p>' for n in range(8))}"
    text = text_of(html.encode(encoding), f"text/html; charset={header}" if header else "text/html")
    assert sentence.strip() in text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"<html></html>",
        b"<html><body><div id=root></div><script>render()</script></body></html>",
        b"<html><body><noscript>Please enable JavaScript.</noscript></body></html>",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"<div>" * 40_000,
        b"<ul><li>" * 20_000,
        b"\x00" * 10_000,
    ],
)
def test_a_page_without_an_article_has_no_text(body: bytes) -> None:
    assert why_not(body)


def test_a_text_is_bounded() -> None:
    html = b"<html><body><article>" + b"".join(
        b"<p>%d ministers met in hall %d of the palace.</p>" % (n, n) for n in range(6_000)
    )
    assert 10_000 < len(text_of(html)) <= 20_000


def test_markup_inside_of_the_text_is_gone() -> None:
    hostile = ARTICLE.replace(b"in Chita", "in &lt;script&gt;alert(1)&lt;/script&gt;\u202eChita".encode())
    text = text_of(hostile)
    assert "<script" not in text
    assert "\u202e" not in text
    assert plain_text(text) == text


_PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"<", b">", b"&", b"&#0;", b"&#55296;", b"&#x202e;", b"]]>", b"<!--", b"<script>", b"</article>", b"<table><tr><td colspan=99999999>",
         b"\x00", b"\xff", b"\xed\xa0\x80", b"<div>" * 300, b"&amp;lt;" * 100, b"\xe2\x80\xae", b"<meta charset=utf-7>", b"<?xml version='1.0' encoding='x'?>", b"<svg><math>"]
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(ARTICLE)), _PIECES), min_size=1, max_size=8))
def test_damaged_pages_never_raise_and_come_out_clean(damage: list[tuple[int, bytes]]) -> None:
    body = ARTICLE
    for position, piece in damage:
        body = body[:position] + piece + body[position:]
    started = time.perf_counter()
    text = full_text(page(body))
    assert time.perf_counter() - started < 5
    if isinstance(text, str):
        assert 200 <= len(text) <= 20_000
        assert not _UNCLEAN.search(text)
        assert plain_text(text) == text


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=400), st.sampled_from(["", "text/html", "text/html; charset=utf-16", "text/html; charset=\x00"])
)
def test_noise_never_raises(noise: bytes, kind: str) -> None:
    assert isinstance(full_text(page(noise, kind)), str | ParseFailure)
