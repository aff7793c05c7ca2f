"""Which text, author and dates each format gives: documents with their expectation beside them, in `formats/`."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from aggregator.acquire.fastparse import parse_fast
from aggregator.acquire.parse import parse_with_feedparser
from aggregator.acquire.source import parse_source
from aggregator.model import Document, Entry, ParsedFeed, ParseFailure
from aggregator.settings import Camp, Feed
from tests.builders import NOW

FOLDER = Path(__file__).parent / "formats"
CASES = sorted(path for path in FOLDER.iterdir() if path.suffix != ".yaml")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_format_gives_its_fields(case: Path) -> None:
    expected = YAML(typ="safe", pure=True).load(case.with_suffix(".yaml").read_text(encoding="utf-8"))
    url = "https://source.example/feed"
    document = Document(url=url, body=case.read_bytes(), headers=(), fetched=NOW)
    kind = expected.get("kind", "feed")
    parsed = parse_source(document, Feed(url=url, outlet="O", language="en", country="XX", camp=Camp.OTHER, kind=kind))
    if "failure" in expected:
        assert isinstance(parsed, ParseFailure)
        assert expected["failure"] in parsed.reason
        return
    assert isinstance(parsed, ParsedFeed), parsed
    assert parsed.format == expected["format"]
    assert list(parsed.entries) == [Entry(**fields) for fields in expected["entries"]], expected["why"]
    if tier := expected.get("tier"):
        assert (parse_fast(document) is not None) == (tier == "fast")
        assert parse_with_feedparser(document) == parsed


def test_each_document_has_its_expectation() -> None:
    assert {case.stem for case in CASES} == {path.stem for path in FOLDER.glob("*.yaml")}
