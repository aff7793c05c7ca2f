"""Annotations know their version: it changes with all that they come from, and with nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.beat import beat_version, load_beat, reweighted
from aggregator.annotate.version import CODE
from aggregator.errors import LexiconError
from tests.builders import make_article

ROOT = Path(__file__).parents[2]
TINY = ROOT / "tests" / "beats" / "india-russia"
#: What is loaded with it and decides nothing, and what other files hold.
_BESIDE = {"annotate/version.py", "text/__init__.py"}


def test_the_code_of_a_version_is_what_annotating_loads() -> None:
    asked = (
        "import sys, aggregator.annotate; print(*(m.__file__ for n, m in sys.modules.items() if 'aggregator.' in n))"
    )
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = {str(Path(file).relative_to(ROOT / "aggregator")) for file in done.stdout.split()}
    assert {file for file in loaded if file.startswith(("annotate/", "text/"))} - _BESIDE == set(CODE)


@pytest.mark.parametrize("file", ["concepts.yaml", "decoys.yaml", "topics.yaml", "weights.json"])
def test_a_version_changes_with_each_file_of_the_beat(tmp_path: Path, file: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(TINY, copy)
    assert beat_version(str(copy)) == beat_version(str(TINY)), "the folder's name says nothing"
    with (copy / file).open("a", encoding="utf-8") as changed:
        changed.write("\n")
    assert beat_version(str(copy)) != beat_version(str(TINY))


def test_an_annotation_carries_the_version_of_its_beat() -> None:
    annotated = annotate(make_article("Modi in Moscow"), load_beat(str(TINY)))
    assert annotated.version == beat_version(str(TINY)) != ""


def test_other_weights_make_another_version_and_the_same_ones_do_not(tmp_path: Path) -> None:
    other = tmp_path / "weights.json"
    other.write_text('{"version": "x", "bias": 9, "features": {}}', encoding="utf-8")
    beat = reweighted(str(TINY), other)
    assert beat.version != beat_version(str(TINY)) == reweighted(str(TINY), TINY / "weights.json").version
    assert annotate(make_article("A storm"), beat).relevance.score > 0.99


@pytest.mark.parametrize("text", ["", "[]", '{"version": "x", "bias": 1}', '{"version": 1, "bias": 1, "features": []}'])
def test_weights_that_are_none_are_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "weights.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(LexiconError, match=r"weights\.json"):
        reweighted(str(TINY), file)
