"""Which hub and topic a document offers."""

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.acquire.hubs import offered
from aggregator.model import Document, Offer
from tests.builders import NOW

URL = "https://paper.example/feed"
OFFER = Offer(hub="https://hub.example/", topic=URL)
HUB = '<{0}link rel="hub" href="https://hub.example/"/>'
SELF = '<{0}link rel="self" href="https://paper.example/feed"/>'
ATOM = 'xmlns:a="http://www.w3.org/2005/Atom"'


def document(body: str | bytes = "<rss/>", *links: str) -> Document:
    encoded = body if isinstance(body, bytes) else body.encode()
    return Document(url=URL, body=encoded, headers=tuple(("Link", link) for link in links), fetched=NOW)


def rss(inside: str, behind: str = "") -> str:
    return f'<?xml version="1.0"?><rss version="2.0" {ATOM}><channel>{inside}<item><title>x</title></item>{behind}</channel></rss>'


IN_THE_DOCUMENT = [
    rss(HUB.format("a:") + SELF.format("a:")),
    f'<feed xmlns="http://www.w3.org/2005/Atom">{HUB.format("")}{SELF.format("")}<entry/></feed>',
    rss(f'{HUB.format("a:")}<a:link rel="self" href="/feed"/>'),
    rss(f"<title>&broken</title>{HUB.format('a:')}{SELF.format('a:')}"),
    (
        f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" {ATOM}>'
        f"<channel>{HUB.format('a:')}{SELF.format('a:')}</channel><item/></rdf:RDF>"
    ),
    json.dumps({"feed_url": URL, "hubs": [{"type": "rssCloud", "url": "x"}, {"type": "WebSub", "url": OFFER.hub}]}),
]


@pytest.mark.parametrize("body", IN_THE_DOCUMENT)
def test_hub_and_topic_stand_in_the_document(body: str) -> None:
    assert offered(document(body)) == OFFER


IN_THE_HEADER = [
    ('<https://hub.example/>; rel="hub"', f'<{URL}>; rel="self"'),
    (f'<https://hub.example/>; rel=hub, <{URL}>; rel="self"',),
    ('<https://hub.example/>;title="a, b; c";REL="HUB" , </feed> ; rel = "alternate self"',),
    ('<https://hub.example/>; rel="hub"; rel="next", </other>; rel=next; rel=self, </feed>; rel=self',),
    ('<https://evil.example/>; rel=hub; anchor="/other", <https://hub.example/>; rel=hub, </feed>; rel=self',),
]


@pytest.mark.parametrize("links", IN_THE_HEADER)
def test_hub_and_topic_stand_in_the_header(links: tuple[str, ...]) -> None:
    assert offered(document("<rss/>", *links)) == OFFER


def test_the_header_wins_over_the_document() -> None:
    body = rss(
        '<a:link rel="hub" href="https://other.example/"/><a:link rel="self" href="https://other.example/feed"/>'
    )
    assert offered(document(body, f"<https://hub.example/>; rel=hub, <{URL}>; rel=self")) == OFFER
    assert offered(document(body, "<https://hub.example/>; rel=hub")).topic == "https://other.example/feed"


NOT_OFFERED = [
    "",
    "hub",
    rss(HUB.format("a:")),
    rss(SELF.format("a:")),
    rss(f'<a:link rel="hub" href="javascript:x"/>{SELF.format("a:")}'),
    rss(f'<a:link rel="hub" href="https://hub.example/{"a" * 3000}"/>{SELF.format("a:")}'),
    rss(f"<image>{HUB.format('a:')}{SELF.format('a:')}</image>"),
    rss(HUB.format("") + SELF.format("")),
    rss("", f"<item>{HUB.format('a:')}{SELF.format('a:')}</item>"),
    f'<!DOCTYPE rss [<!ENTITY h "https://hub.example/">]>{rss(HUB.format("a:") + SELF.format("a:"))}',
    f"<html><head>{HUB.format('')}{SELF.format('')}</head></html>",
    "{hub",
    '{"hubs": "hub"}',
    '{"hubs": [7, {"type": "WebSub", "url": 7}], "feed_url": 7}',
    "[" * 100_000 + "hub",
    '{"hub":' * 100_000,
]


@pytest.mark.parametrize("body", NOT_OFFERED)
def test_what_is_no_offer(body: str) -> None:
    assert offered(document(body)) == Offer()


@pytest.mark.parametrize(
    "link", ["<" * 100_000, "<a>;" * 30_000, '<a>;"' * 30_000, '<a>; rel="' + "\\" * 100_000, "<a>" + ";a" * 50_000]
)
def test_a_hostile_header_costs_little(link: str) -> None:
    started = time.perf_counter()
    assert offered(document("<rss/>", link)) == Offer()
    assert time.perf_counter() - started < 1


@given(st.binary(max_size=300), st.text(max_size=300))
def test_nothing_that_a_server_says_raises(body: bytes, link: str) -> None:
    offered(document(b"<rss>hub" + body, link))
    offered(document(b'{"hubs":' + body, f"<{link}>; rel=hub"))
