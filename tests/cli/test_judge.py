"""Verdicts by keyboard, and weights learnt from them."""

import json
from pathlib import Path

from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import open_archive, read_archive
from tests.builders import make_annotated, make_article, make_harvest
from tests.cli.test_commands import run


def archive_of(folder: Path, *titles: str) -> Path:
    path = folder / "archive.db"
    store = open_archive(path)
    store.save(make_harvest(*(make_annotated(make_article(title), score=0.5) for title in titles)))
    store.close()
    return path


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def labels(path: Path) -> list[int]:
    store = read_archive(path)
    try:
        return [label for _, label in store.verdicts()]
    finally:
        store.close()


def test_keys_give_skip_and_take_back_verdicts(tmp_path: Path) -> None:
    path = archive_of(tmp_path, "Putin meets Xi", "A storm", "Gas for China", "Rice")
    done = run("judge", "--archive", path, folder=tmp_path, typed="y\n?\nn\nu\np\ns\nn\n")
    assert done.code == 0
    assert "Verdicts in the archive: 3" in done.out
    assert sorted(labels(path)) == [0, 1, 2]


def test_what_was_said_is_kept_when_the_input_ends(tmp_path: Path) -> None:
    path = archive_of(tmp_path, "Putin meets Xi", "A storm")
    assert run("judge", "--archive", path, folder=tmp_path, typed="y\n").code == 0
    assert labels(path) == [2]


def test_the_uncertain_are_listed_for_machines(tmp_path: Path) -> None:
    path = archive_of(tmp_path, "Putin meets Xi")
    (row,) = json.loads(run("judge", "--archive", path, "--json", folder=tmp_path).out)
    assert (row["title"], row["relevance"]) == ("Putin meets Xi", 0.5)
    assert "nobody has judged" in run("judge", "--archive", archive_of(_made(tmp_path / "empty")), folder=tmp_path).out


def test_weights_are_learnt_from_verdicts_and_files_and_written_only_when_asked(tmp_path: Path) -> None:
    path = archive_of(
        tmp_path, *(f"Putin meets Xi for the {n}th time" for n in range(8)), *(f"Storm {n}" for n in range(8))
    )
    run("judge", "--archive", path, folder=tmp_path, typed="y\n" * 4 + "n\n" * 12)
    items = tmp_path / "items.jsonl"
    row = {"lang": "en", "title": "China and Russia sign a pact", "label": 2}
    items.write_text("\n".join(json.dumps({**row, "id": str(n)}) for n in range(8)), encoding="utf-8")
    done = run("train", items, "--verdicts", path, folder=tmp_path)
    assert done.code == 0
    assert "24" in done.out
    assert not (tmp_path / "weights.json").exists()
    assert run("train", items, "--verdicts", path, "--write", "weights.json", folder=tmp_path).code == 0
    assert json.loads((tmp_path / "weights.json").read_text())["features"]
    assert run("train", folder=tmp_path).code == 2


def test_adjusted_weights_keep_what_the_beat_knows(tmp_path: Path) -> None:
    items = tmp_path / "items.jsonl"
    row = {"lang": "en", "title": "China and Russia sign a pact", "label": 0}
    items.write_text("\n".join(json.dumps({**row, "id": str(n)}) for n in range(8)), encoding="utf-8")
    assert run("train", items, "--adjust", "--write", "weights.json", folder=tmp_path).code == 0
    adjusted, shipped = json.loads((tmp_path / "weights.json").read_text())["features"], load_beat().weights.features
    assert adjusted["sport"] == shipped["sport"]
    assert adjusted["title_together"] < shipped["title_together"]
