"""Damaged documents: reading never raises, never takes long, and what comes out is clean."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.acquire.normalise import normalise
from aggregator.acquire.parse import parse
from aggregator.model import Article, Document, ParsedFeed
from aggregator.text.markup import plain_text
from tests.builders import NOW, make_feed
from tests.shared_data import SHARED, needs_shared_data

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").iterdir())
SEEDS = [file.read_bytes() for file in FIXTURES]
_PIECES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [b"<", b">", b"&", b"&#0;", b"&#55296;", b"&#x202e;", b"]]>", b"<![CDATA[", b"<!--", b"<script>alert(1)</script>",
         b"\x00", b"\xff", b"\xed\xa0\x80", b"<div>" * 300, b"&lt;" * 300, b"&amp;amp;lt;", b"\xe2\x80\xae", b"<a href=javascript:1>"]
    ),
)  # fmt: skip
_UNCLEAN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def check(body: bytes) -> None:
    document = Document(url="https://example.org/feed", body=body, headers=(), fetched=NOW)
    started = time.perf_counter()
    parsed = parse(document)
    articles = (
        normalise(parsed, make_feed(), base_url=document.url, now=NOW).articles
        if isinstance(parsed, ParsedFeed)
        else ()
    )
    assert time.perf_counter() - started < 1
    for article in articles:
        check_article(article)


def check_article(article: Article) -> None:
    for text in (article.title, article.summary, article.text, article.author):
        assert not _UNCLEAN.search(text)
        assert plain_text(text, limit=max(len(text), 1)) == text
    assert article.url == "" or article.url.startswith(("http://", "https://"))
    assert article.title
    assert article.date <= NOW


@st.composite
def _damaged(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = draw(st.integers(start, min(len(body), start + 60)))
        kind = draw(st.sampled_from(["replace", "repeat", "splice", "cut"]))
        if kind == "replace":
            body = body[:start] + draw(_PIECES) + body[end:]
        elif kind == "repeat":
            body = body[:start] + body[start:end] * draw(st.integers(2, 20)) + body[end:]
        elif kind == "splice":
            body = body[:start] + draw(st.sampled_from(SEEDS))[-(end - start + 200) :]
        else:
            body = body[:start] + body[end:]
    return body


@settings(deadline=None)
@given(_damaged())
def test_damaged_documents_never_raise_and_come_out_clean(body: bytes) -> None:
    check(body)


@needs_shared_data
@pytest.mark.parametrize("offset", range(4))
def test_real_documents_cut_and_spliced_come_out_clean(offset: int) -> None:
    files = [
        file for file in sorted((SHARED / "feeds_real").iterdir()) if file.is_file() and file.stat().st_size < 60_000
    ]
    for one, other in list(zip(files, files[1:], strict=False))[offset::16]:
        body, tail = one.read_bytes(), other.read_bytes()
        for share in (3, 7):
            check(body[: len(body) * share // 10] + tail[len(tail) * share // 10 :])
