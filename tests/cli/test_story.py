"""`aggregator story`: what it shows, and what people's corrections do to later runs."""

from datetime import timedelta
from pathlib import Path

from aggregator.model import Placement
from aggregator.settings import Camp
from tests.builders import NOW, filled_archive, make_annotated, make_article, make_harvest
from tests.cli.test_commands import run_here

WIRE = make_article("Pipeline signed", outlet="Wire", camp=Camp.RU_STATE, text="Gas will flow, the ministry says.")
REPRINT = make_article(
    "Pipeline signed!", outlet="Daily", camp=Camp.RU_STATE, published=NOW + timedelta(minutes=20), text="Gas will flow."
)
CHINESE = make_article(
    "中俄签署管道协议", outlet="Beijing", camp=Camp.CN_STATE, language="zh", published=NOW + timedelta(hours=3)
)
OTHER = make_article("Panda born in zoo", outlet="Zoo", published=NOW + timedelta(hours=4))


def _archive(path: Path) -> Path:
    articles = [make_annotated(article) for article in (WIRE, REPRINT, CHINESE, OTHER)]
    with filled_archive(path, *articles) as archive:
        archive.place([Placement(article=2, joins=1, copy_of=1), Placement(article=3, joins=1)])
    return path


def test_a_story_is_told_with_ladder_lineage_and_framing(tmp_path: Path) -> None:
    told = run_here("story", "1", "--archive", _archive(tmp_path / "a.db"), "--json").json
    assert told["independent_sources"] == 2
    assert told["languages"] == ["en", "zh"]
    assert [(r["of"], r["minutes_behind"]) for r in told["ladder"]] == [
        ("first", 0),
        ("language en", 0),
        ("camp Russian state", 0),
        ("language zh", 180),
        ("camp Chinese state", 180),
    ]
    assert {rung["confidence"] for rung in told["ladder"]} == {"stated"}
    assert [article["copy_of"] for article in told["articles"]] == [None, 1, None]
    assert told["framing"][0]["terms"]["pipeline"] == 2
    assert told["framing"][1]["headline"] == "中俄签署管道协议"


def test_the_tables_name_the_reprint_and_the_delay(tmp_path: Path) -> None:
    shown = run_here("story", "1", "--archive", _archive(tmp_path / "a.db")).out
    assert "independent sources: 2" in shown
    assert "One text, one source" in shown
    assert "+3 h" in shown


def test_a_story_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run_here("story", "99", "--archive", _archive(tmp_path / "a.db"))
    assert done.code == 1
    assert "there is no story 99" in done.err


def test_split_and_merge_change_the_story_and_old_ids_lead_to_the_new(tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.db")
    assert "Story 5" in run_here("story", "split", "1", "3", "--archive", path).out
    assert [a["id"] for a in run_here("story", "5", "--archive", path, "--json").json["articles"]] == [3]
    assert run_here("story", "merge", "4", "5", "--archive", path).code == 0
    assert [a["id"] for a in run_here("story", "5", "--archive", path, "--json").json["articles"]] == [3, 4]


def test_nothing_is_split_that_is_not_part_of_it(tmp_path: Path) -> None:
    path = _archive(tmp_path / "a.db")
    assert run_here("story", "split", "1", "4", "--archive", path).code == 1
    assert run_here("story", "split", "1", "1", "2", "3", "--archive", path).code == 1
    assert run_here("story", "merge", "1", "1", "--archive", path).code == 1


def _edited(path: Path) -> Path:
    old = make_article("Pipeline delayed", url="https://example.com/p", text="Not this year, <b>they</b> say.")
    new = make_article(
        "Pipeline signed",
        url="https://example.com/p",
        text="This year, <b>they</b> say.",
        first_seen=NOW + timedelta(hours=2),
    )
    with filled_archive(path, make_annotated(old)) as archive:
        archive.save(make_harvest(make_annotated(new)))
    return path


def test_an_edited_article_is_one_with_what_was_changed(tmp_path: Path) -> None:
    path = _edited(tmp_path / "a.db")
    told = run_here("story", "1", "--archive", path, "--json").json
    assert len(told["articles"]) == 1
    assert told["edits"] == [
        {
            "article": 1,
            "seen": "2026-03-05T14:00:00Z",
            "title": {
                "before": "Pipeline delayed",
                "after": "Pipeline signed",
                "diff": [["equal", "Pipeline "], ["delete", "delayed"], ["insert", "signed"]],
            },
            "text": {
                "diff": [["delete", "Not this "], ["insert", "This "], ["equal", "year, <b>they</b> say."]],
            },
        }
    ]
    assert run_here("explain", "1", "--archive", path, "--json").json["edits"] == told["edits"]


def test_a_diff_can_be_read_without_colours(tmp_path: Path) -> None:
    path = _edited(tmp_path / "a.db")
    for command in ("story", "explain"):
        shown = run_here(command, "1", "--archive", path).out
        assert "Pipeline [-delayed-]{+signed+}" in shown
        assert "Edited since" in shown
