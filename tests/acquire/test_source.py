"""Sites without feeds: news sitemaps, and pages read by selectors."""

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.acquire.page import parse_page, selector_problem
from aggregator.acquire.sitemap import parse_sitemap
from aggregator.acquire.source import parse_source
from aggregator.config import load_settings
from aggregator.errors import ConfigurationError
from aggregator.model import Document, Entry, ParsedFeed, ParseFailure
from aggregator.settings import Camp, Feed, Selectors
from tests.builders import NOW

SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">
  <url><loc>https://m.example/1</loc><news:news><news:publication><news:name>M</news:name></news:publication>
    <news:publication_date>2026-03-04T10:00:00+03:00</news:publication_date><news:title>Первая &amp; новость</news:title>
  </news:news></url>
  <url><loc>https://m.example/2</loc><lastmod>2026-03-05</lastmod><news:news><news:title>Вторая</news:title></news:news></url>
  <url><loc>https://m.example/about</loc></url>
</urlset>"""
PAGE = """<html><head><meta charset="utf-8"><title>港口新闻</title></head><body><nav><a href="/">首页</a></nav><ul>
  <li class="release"><h3><a href="/press/1">中俄 港口\n 合作</a></h3><p>摘要</p><time datetime="2026-03-05T08:00+08:00">昨天</time></li>
  <li class="release"><h3><a href="/press/2">第二条</a></h3><span class="day">2026年3月4日</span></li>
  <li class="release"><h3>没有链接</h3></li>
</ul></body></html>"""
SELECTORS = Selectors(item="li.release", title="h3", summary="p", date="time, .day")


def document(body: str | bytes, content_type: str = "") -> Document:
    data = body if isinstance(body, bytes) else body.encode()
    return Document(url="https://m.example/x", body=data, headers=(("Content-Type", content_type),), fetched=NOW)


def test_a_news_sitemap_gives_its_titled_pages_newest_first() -> None:
    parsed = parse_sitemap(document(SITEMAP))
    assert isinstance(parsed, ParsedFeed)
    assert [(entry.title, entry.link, entry.published) for entry in parsed.entries] == [
        ("Вторая", "https://m.example/2", "2026-03-05"),
        ("Первая & новость", "https://m.example/1", "2026-03-04T10:00:00+03:00"),
    ]


def test_a_packed_sitemap_is_unpacked_within_a_bound() -> None:
    assert parse_sitemap(document(gzip.compress(SITEMAP.encode()))) == parse_sitemap(document(SITEMAP))
    bomb = parse_sitemap(document(gzip.compress(b" " * 20_000_000)))
    assert isinstance(bomb, ParseFailure)
    assert "larger than" in bomb.reason


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (
            "<sitemapindex><sitemap><loc>https://m.example/news.xml</loc></sitemap></sitemapindex>",
            "https://m.example/news.xml",
        ),
        ("<urlset><url><loc>https://m.example/1</loc></url></urlset>", "only news sitemaps"),
        ("<rss version='2.0'/>", "its root is <rss>"),
        ("<urlset><url>", "no sitemap"),
        ("<!DOCTYPE urlset [<!ENTITY a 'b'>]><urlset><url><loc>&a;</loc></url></urlset>", "document type"),
        ("", "no sitemap"),
    ],
)
def test_what_is_no_news_sitemap_is_told_why(body: str, told: str) -> None:
    parsed = parse_sitemap(document(body))
    assert isinstance(parsed, ParseFailure)
    assert told in parsed.reason


def test_a_page_gives_its_items() -> None:
    parsed = parse_page(document(PAGE), SELECTORS)
    assert isinstance(parsed, ParsedFeed)
    assert parsed.title == "港口新闻"
    assert parsed.entries == (
        Entry(
            guid="/press/1",
            link="/press/1",
            title="中俄 港口 合作",
            summary="摘要",
            published="2026-03-05T08:00+08:00",
        ),
        Entry(guid="/press/2", link="/press/2", title="第二条", published="2026年3月4日"),
    )


def test_links_are_items_too_and_titles_default_to_them() -> None:
    parsed = parse_page(document("<p><a href='/a'>A</a> <a href='/b'>B</a> <a>no</a></p>"), Selectors(item="p a"))
    assert isinstance(parsed, ParsedFeed)
    assert [(entry.title, entry.link) for entry in parsed.entries] == [("A", "/a"), ("B", "/b")]


@pytest.mark.parametrize(
    ("encoding", "declared"), [("gb18030", "gb2312"), ("cp1251", "windows-1251"), ("utf-8", "nonsense")]
)
def test_a_page_is_read_in_the_encoding_that_it_declares(encoding: str, declared: str) -> None:
    text = f'<meta charset="{declared}"><a href="/1">Путин</a>'
    for made in (document(text.encode(encoding)), document(text.encode(encoding), f"text/html; charset={declared}")):
        parsed = parse_page(made, Selectors(item="a"))
        assert isinstance(parsed, ParsedFeed)
        assert parsed.entries[0].title == "Путин"


@pytest.mark.parametrize(
    ("selectors", "told"),
    [(Selectors(item="div.gone"), "has the page changed"), (Selectors(item="li", link="b"), "has a title and a link")],
)
def test_a_page_that_has_changed_is_told(selectors: Selectors, told: str) -> None:
    parsed = parse_page(document(PAGE), selectors)
    assert isinstance(parsed, ParseFailure)
    assert told in parsed.reason


@given(st.binary(max_size=400))
def test_any_bytes_are_a_feed_or_a_reason(body: bytes) -> None:
    for kind, selectors in (("news-sitemap", None), ("page", SELECTORS)):
        feed = Feed(
            url="https://m.example/x",
            outlet="M",
            language="ru",
            country="RU",
            camp=Camp.OFFICIAL,
            kind="page" if kind == "page" else "news-sitemap",
            selectors=selectors,
        )
        assert isinstance(parse_source(document(body), feed), ParsedFeed | ParseFailure)


def test_selectors_are_checked_before_they_are_used(tmp_path: Path) -> None:
    assert selector_problem("li > a[href]") == ""
    assert selector_problem("li[[")
    file = tmp_path / "feeds.yaml"
    source = "feeds:\n  - {url: 'https://m.example', outlet: M, language: ru, country: RU, camp: official, "
    file.write_text(source + "kind: page, selectors: {item: 'li[['}}\n")
    with pytest.raises(ConfigurationError, match=r"feeds.yaml:2: feeds\[1\].selectors.item"):
        load_settings(file)
    file.write_text(source + "kind: page}\n")
    with pytest.raises(ConfigurationError, match="belong together"):
        load_settings(file)
