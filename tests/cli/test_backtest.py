"""`aggregator backtest`: stories gained and lost by a changed beat, weights or rule, before anything is changed."""

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import open_archive, read_archive
from aggregator.model import Placement, Verdict
from tests.builders import NOW, make_annotated, make_article, make_harvest
from tests.cli.test_commands import Done, run_here

TINY = Path(__file__).parents[1] / "beats" / "india-russia"
#: By the beat as it is 1, 2, 4 and 5 are relevant; 1 and 2 are one story.
TITLES = {
    1: "Modi in Moscow for talks on missiles",
    2: "Moscow and New Delhi meet",
    3: "Jaishankar lands in Moscow for talks",
    4: "BrahMos order grows",
    5: "India and Russia sign a pact",
    6: "A storm",
}
JAISHANKAR = (
    "- {id: jaishankar, kind: person, side: in, weight: 1.0, en: [Jaishankar], ru: [Джайшанкар], zh: [苏杰生]}\n"
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    with closing(open_archive(tmp_path / "archive.db")) as store:
        beat = load_beat(str(TINY))
        store.save(make_harvest(*(annotate(make_article(title), beat) for title in TITLES.values())))
        store.place(Placement(article=number, joins=1 if number == 2 else None) for number in TITLES)
    file = tmp_path / "feeds.yaml"
    file.write_text(
        f"beat: {TINY}\nalerts:\n  - {{name: arms, query: 'topic:military', minimum_relevance: 0.6}}\n",
        encoding="utf-8",
    )
    return file


def changed_beat(folder: Path) -> Path:
    """One concept more, and one less."""
    copy = folder / "changed"
    shutil.copytree(TINY, copy)
    concepts = (copy / "concepts.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in concepts if "brahmos" not in line]
    assert len(kept) == len(concepts) - 1
    (copy / "concepts.yaml").write_text("".join(kept) + JAISHANKAR, encoding="utf-8")
    return copy


def weights(folder: Path, **changes: float) -> Path:
    data = json.loads((TINY / "weights.json").read_text())
    data["bias"] += changes.pop("bias", 0.0)
    data["features"] |= changes
    file = folder / "weights.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def tried(config: Path, *arguments: str | Path) -> Any:
    return run_here("backtest", "--config", config, *arguments, "--json").json


def articles(changes: list[dict[str, Any]]) -> list[int]:
    return [change["article"] for change in changes]


def test_a_changed_lexicon_gains_and_loses_stories_and_writes_nothing(config: Path) -> None:
    archive = config.with_name("archive.db")
    before = archive.read_bytes()
    found = tried(config, "--beat", changed_beat(config.parent))
    assert (found["articles"], found["rejudged"], found["outdated"]) == (6, 6, 0)
    assert found["stories"] == {"before": 3, "after": 3, "gained": 1, "lost": 1}
    (gained,), (lost,) = found["gained"], found["lost"]
    assert (gained["article"], gained["title"], gained["story"]) == (3, TITLES[3], 2)
    assert gained["old"] < 0.5 <= gained["new"]
    assert any("Jaishankar" in evidence["what"] for evidence in gained["evidence"])
    assert articles([lost]) == [4]
    assert lost["new"] < 0.5 <= lost["old"]
    assert {evidence["new"] for evidence in lost["evidence"]} == {0.0}, "what BrahMos said is not said any more"
    assert archive.read_bytes() == before


def test_changed_weights_are_told_by_what_they_weigh_otherwise(config: Path) -> None:
    found = tried(config, "--weights", weights(config.parent, bias=-0.8))
    assert articles(found["lost"]) == [4, 5], "the formerly most relevant first; story 1 has article 2 still"
    assert found["stories"]["after"] == 1
    assert [evidence["what"] for evidence in found["lost"][0]["evidence"]] == ["bias"]
    found = tried(config, "--weights", weights(config.parent, title_pair=-9.0))
    assert articles(found["lost"]) == [4]
    (evidence,) = found["lost"][0]["evidence"]
    assert (evidence["where"], evidence["new"]) == ("title", -9.0)
    assert "as a pair" in evidence["what"]


def test_a_changed_threshold_and_query_change_what_counts_and_judge_nothing_anew(config: Path) -> None:
    found = tried(config, "--minimum-relevance", "0.9")
    assert (articles(found["lost"]), found["rejudged"]) == ([4, 5], 0)
    assert found["lost"][0]["evidence"] == []
    found = tried(config, "--query", "pact OR storm")
    assert set(articles(found["lost"])) == {2, 4}, "2 speaks for the story of 1 and 2"
    assert found["gained"] == []


def test_a_rule_of_the_configuration_is_where_a_changed_query_starts(config: Path) -> None:
    found = tried(config, "--rule", "arms", "--query", "topic:military OR pact")
    assert articles(found["gained"]) == [5]
    assert (found["lost"], found["stories"]["before"]) == ([], 2)
    found = tried(config, "--rule", "arms", "--beat", changed_beat(config.parent))
    assert (articles(found["gained"]), articles(found["lost"])) == ([], [4]), "under both beats the rule's own query"


def test_a_query_asks_the_changed_concepts(config: Path) -> None:
    found = tried(config, "--beat", changed_beat(config.parent), "--query", "actor:苏杰生")
    assert articles(found["gained"]) == [3]
    assert run_here("backtest", "--config", config, "--query", "actor:苏杰生").code == 2, (
        "the beat as it is knows no such"
    )


def test_precision_and_recall_come_of_verdicts_and_judged_items(config: Path) -> None:
    with closing(open_archive(config.with_name("archive.db"))) as store:
        for article in TITLES.keys() - {2, 5}:
            store.save_verdict(Verdict(article=article, label=2 if article in (1, 3) else 0, given=NOW))
    judged = config.with_name("judged.jsonl")
    rows = [{"title": TITLES[3], "label": 2}, {"title": TITLES[4], "label": 2}, {"title": TITLES[6], "label": 1}]
    judged.write_text("\n".join(json.dumps({"id": str(n), "lang": "en", **row}) for n, row in enumerate(rows)))
    beat = changed_beat(config.parent)
    found = tried(config, "--beat", beat, "--against", judged)
    assert found["verdicts"] == {
        "items": 4,
        "relevant": 2,
        "before": {"precision": 0.5, "recall": 0.5, "f1": 0.5},
        "after": {"precision": 1.0, "recall": 1.0, "f1": 1.0},
    }
    assert (found["against"]["items"], found["against"]["relevant"]) == (3, 2)
    assert found["against"]["before"] == found["against"]["after"] == {"precision": 1.0, "recall": 0.5, "f1": 2 / 3}
    shown = run_here("backtest", "--config", config, "--beat", beat, "--against", judged).out
    assert "0.500 → 1.000" in shown
    assert tried(config, "--minimum-relevance", "0.99")["verdicts"]["after"]["recall"] == 0.0


def test_only_the_period_is_gone_through_and_only_so_many_are_listed(config: Path) -> None:
    with closing(open_archive(config.with_name("archive.db"))) as store:
        store.save(make_harvest(annotate(make_article("Modi in Moscow", published=None), load_beat(str(TINY)))))
    assert tried(config, "--since", "2026-03-05")["articles"] == 7
    assert tried(config, "--since", "2026-03-06")["articles"] == 0
    found = tried(config, "--weights", weights(config.parent, bias=-9.0), "--limit", "1")
    assert (len(found["lost"]), found["stories"]["lost"]) == (1, 4)
    shown = run_here("backtest", "--config", config, "--minimum-relevance", "1", "--limit", "1").out
    assert "Lost: 4 stories, of which 1 are shown" in shown
    assert "only the rule" in shown


def test_it_is_told_when_nothing_is_changed_or_the_archive_is_behind(config: Path, tmp_path: Path) -> None:
    copy = tmp_path / "same"
    shutil.copytree(TINY, copy)
    for arguments in ((), ("--beat", copy), ("--weights", TINY / "weights.json")):
        done = run_here("backtest", "--config", config, *arguments)
        assert (done.code, "Nothing is changed" in done.out) == (0, True)
    assert "Nothing is changed" not in run_here("backtest", "--config", config, "--minimum-relevance", "0.4").out
    with closing(open_archive(config.with_name("archive.db"))) as store:
        store.save(make_harvest(make_annotated(make_article("Judged by a version that nobody knows"))))
    done = run_here("backtest", "--config", config)
    assert "1 of the articles were judged by an older version" in done.out
    assert "Lost: 1 story" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--beat", "nowhere"), 1, "no beat 'nowhere'"),
        (("--weights", "nowhere.json"), 1, "nowhere.json"),
        (("--rule", "nothing"), 2, "arms, daily"),
        (("--query", "colour:red"), 2, "no field 'colour'"),
        (("--since", "a while"), 2, "is not a date"),
        (("--minimum-relevance", "1.1"), 2, "--minimum-relevance"),
        (("--against", "nowhere.jsonl"), 1, "nowhere.jsonl"),
        (("--archive", "nowhere.db"), 1, "there is no archive"),
        (("--config", "nowhere.yaml", "--archive", "a.db"), 2, "nowhere.yaml"),
    ],
)
def test_what_is_wrong_is_told(config: Path, arguments: tuple[str, ...], code: int, told: str) -> None:
    done: Done = run_here("backtest", "--config", config, *arguments)
    assert (done.code, done.out) == (code, "")
    assert told in " ".join(done.err.replace("│", " ").split())


def test_an_article_without_a_story_stands_for_itself(config: Path) -> None:
    with closing(open_archive(config.with_name("archive.db"))) as store:
        store.save(make_harvest(annotate(make_article("Jaishankar and Russia hold talks"), load_beat(str(TINY)))))
    found = tried(config, "--beat", changed_beat(config.parent))
    assert {(change["article"], change["story"]) for change in found["gained"]} == {(3, 2), (7, None)}
    with closing(read_archive(config.with_name("archive.db"))) as store:
        assert len(store.unplaced(10)) == 1
