"""The typical article that the program must get right."""

import json
import subprocess
import sys
from datetime import UTC, datetime

from aggregator.acquire.normalise import normalise
from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.model import Annotated, Entry, ParsedFeed, StoredArticle
from aggregator.publish.view import actors, places
from aggregator.settings import Camp, Feed
from tests.shared_data import SHARED, needs_shared_data

SEED = SHARED / "seed_article.txt"
FEED = Feed(url="https://a.example/rss", outlet="A", language="en", country="PK", camp=Camp.REGIONAL)


def _annotated(title: str) -> Annotated:
    entry = Entry(guid="1", link="https://a.example/1", title=title, content=SEED.read_text(encoding="utf-8"))
    parsed = ParsedFeed(format="rss20", entries=(entry,))
    article = normalise(parsed, FEED, base_url=FEED.url, now=datetime(2023, 4, 18, tzinfo=UTC)).articles[0]
    return annotate(article, load_beat())


@needs_shared_data
def test_it_is_relevant_with_its_actors_place_and_topics() -> None:
    annotated = _annotated("")
    stored = StoredArticle(id=1, annotated=annotated)
    assert annotated.relevance.score >= 0.9
    assert set(actors(stored, load_beat())) >= {"Vladimir Putin", "Xi Jinping", "Li Shangfu"}
    assert "Afghanistan" in places(stored, load_beat())
    assert set(annotated.topics) == {"diplomacy", "military", "central-asia"}


@needs_shared_data
def test_a_headline_of_its_own_does_not_change_the_judgement() -> None:
    assert _annotated("Putin, Chinese defence minister discuss military cooperation").relevance.score >= 0.9


@needs_shared_data
def test_explain_prints_why() -> None:
    command = [sys.executable, "-m", "aggregator", "explain", "--title", "Putin meets Li Shangfu", "--text", str(SEED)]
    told = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True, text=True).stdout)
    assert told["relevance"] >= 0.9
    assert told["language"] == "en"
    assert any("both sides" in line["what"] and line["points"] > 0 for line in told["evidence"])
    shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "both sides" in shown
    assert "Li Shangfu" in shown
