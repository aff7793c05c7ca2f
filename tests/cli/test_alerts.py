"""`aggregator alerts`: what a rule would have told, rules written into feeds.yaml, and what is muted."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.archive.sqlite import open_archive
from aggregator.cli.service import utc_now
from aggregator.config import load_settings
from aggregator.model import Annotated, Placement
from aggregator.pipeline import alert
from tests.builders import make_annotated, make_article, make_harvest
from tests.cli.test_commands import run_here

FEEDS = """\
archive: a.db
alerts:
  # ours
  - {name: gas, query: pipeline}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Five stories on a pipeline in ten days, four of them by one outlet; one of them below the relevance."""
    file = tmp_path / "feeds.yaml"
    file.write_text(FEEDS, encoding="utf-8")
    archive = open_archive(tmp_path / "a.db")
    for n in range(10):
        told = article(f"Pipeline no. {n}" if n % 2 else f"Harvest {n}", "Bee" if n > 1 else "Ant", days=n)
        archive.save(make_harvest(make_annotated(told.article, score=0.4 if n == 9 else 0.9)))
    archive.place([Placement(article=n) for n in range(1, 11)])
    archive.close()
    return file


def article(title: str, outlet: str, *, days: int = 0) -> Annotated:
    when = utc_now() - timedelta(days=days, hours=1)
    return make_annotated(make_article(title, outlet=outlet, published=when, first_seen=when), score=0.9)


def test_a_query_is_tried_on_the_archive_before_it_is_a_rule(config: Path) -> None:
    done = run_here("alerts", "try", "pipeline", "--config", config, "--since", "30d", "--json")
    tried = done.json
    assert (done.code, tried["total"]) == (0, 4)
    assert [story["headline"] for story in tried["stories"]] == [f"Pipeline no. {n}" for n in (1, 3, 5, 7)]
    assert sum(day["stories"] for day in tried["days"]) == 4
    assert len(tried["days"]) == 31
    assert tried["reasons"] == [{"words": "pipeline", "stories": 4}]
    assert (
        run_here("alerts", "try", "pipeline", "--config", config, "--minimum-relevance", "0.3", "--json").json["total"]
        == 5
    )
    table = run_here("alerts", "try", "--rule", "gas", "--config", config)
    assert "4 stories would have fired in 91 days: pipeline, relevance 0.5" in " ".join(table.out.split())
    assert "Pipeline no. 7" in table.out


def test_a_query_that_finds_nothing_or_is_wrong_says_so(config: Path) -> None:
    nothing = run_here("alerts", "try", "zinc", "--config", config)
    assert (nothing.code, "would never have fired" in nothing.err) == (1, True)
    wrong = run_here("alerts", "try", "zinc AND (", "--config", config)
    assert (wrong.code, "a word is expected" in wrong.err) == (2, True)
    assert run_here("alerts", "try", "--config", config).code == 2
    assert "there are gas" in run_here("alerts", "try", "--rule", "oil", "--config", config).err


def test_what_nags_is_told_with_what_to_do(config: Path, tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "a.db")
    archive.save(make_harvest(*(article(f"Pipeline more {n}", "Bee") for n in range(20))))
    archive.place([Placement(article=n) for n in range(11, 31)])
    archive.close()
    tried = run_here("alerts", "try", "pipeline", "--config", config, "--since", "2d", "--json").json
    assert (
        "7.0 a day: raise minimum_relevance (now 0.5), narrow the query, or set cooldown_minutes"
        in tried["suggestions"]
    )
    assert '95% come with Bee: -outlet:"Bee" would leave it out' in tried["suggestions"]


def test_a_query_is_held_against_judged_items(config: Path, tmp_path: Path) -> None:
    items = [
        {
            "id": "1",
            "lang": "en",
            "title": "Putin and Xi agree on a pipeline from Russia to China",
            "text": "",
            "label": 2,
        },
        {
            "id": "2",
            "lang": "en",
            "title": "Xi and Putin talk in Beijing about Russia and China",
            "text": "",
            "label": 2,
        },
        {"id": "3", "lang": "en", "title": "A pipeline in Texas", "text": "", "label": 0},
    ]
    file = tmp_path / "judged.jsonl"
    file.write_text("\n".join(map(json.dumps, items)), encoding="utf-8")
    done = run_here("alerts", "try", "pipeline", "--config", config, "--against", file, "--json").json["against"]
    assert done == {"items": 3, "fired": 1, "precision": 1.0, "recall": 0.5}


def test_a_rule_is_written_into_feeds_yaml_or_nothing_is(config: Path) -> None:
    assert run_here("alerts", "add", "oil", "oil OR нефть", "--minimum-relevance", "0.7", "--config", config).code == 0
    text = config.read_text(encoding="utf-8")
    assert text.startswith(FEEDS)
    rule = load_settings(config, {}).alerts[1]
    assert (rule.name, rule.query, rule.minimum_relevance) == ("oil", "oil OR нефть", 0.7)
    assert "there is a rule called 'oil' already" in run_here("alerts", "add", "oil", "x", "--config", config).err
    wrong = run_here("alerts", "add", "bad", "oil AND (", "--config", config)
    assert (wrong.code, "alerts[3].query" in wrong.err) == (2, True)
    assert (
        "no `mail:` section" in run_here("alerts", "add", "m", "oil", "--to", "a@example.org", "--config", config).err
    )
    assert config.read_text(encoding="utf-8") == text


def test_what_is_muted_is_not_told_until_then(config: Path, tmp_path: Path) -> None:
    assert run_here("alerts", "mute", "gas", "--story", "11", "--config", config).code == 0
    assert run_here("alerts", "mute", "gas", "--outlet", "Bee", "--for", "2d", "--config", config).code == 0
    assert "no rule is called 'oil'" in run_here("alerts", "mute", "oil", "--config", config).err
    settings, archive = load_settings(config, {}), open_archive(tmp_path / "a.db")
    archive.save_notices([], [], mark=10)
    archive.save(make_harvest(*(article(f"Pipeline of {o}", o) for o in ("Ant", "Bee", "Cat"))))
    archive.place([Placement(article=n) for n in (11, 12, 13)])
    assert alert(archive, settings, now=datetime.now(UTC)) == 1
    assert [notice.headline for notice in archive.notices(9)] == ["Pipeline of Cat"]
    archive.close()
    listed = run_here("alerts", "list", "--config", config, "--json").json
    assert [(rule["name"], rule["week"]) for rule in listed["rules"]] == [("gas", 1)]
    assert [(one["story"], one["outlet"]) for one in listed["mutes"]] == [(0, "Bee"), (11, "")]
    assert "pipeline" in run_here("alerts", "list", "--config", config).out


def test_a_sample_is_sent_to_all_whom_a_rule_tells(config: Path) -> None:
    nobody = run_here("alerts", "test", "gas", "--config", config)
    assert (nobody.code, "neither recipients nor channels" in nobody.err) == (0, True)
    text = config.read_text(encoding="utf-8").replace("query: pipeline}", "query: pipeline, channels: [hook]}")
    config.write_text(f'{text}channels: [{{name: hook, url: "http://127.0.0.1:9/x"}}]\n', encoding="utf-8")
    done = run_here("alerts", "test", "gas", "--config", config, "--json")
    assert (done.code, done.json) == (
        1,
        {"sent": [{"to": "hook", "state": "queued", "reason": "no answer: ConnectError"}]},
    )
    assert "there are gas" in run_here("alerts", "test", "oil", "--config", config).err
