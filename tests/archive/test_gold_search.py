"""Judged searches: each query finds the articles that an analyst expects, and no other."""

import pytest

from aggregator.annotate.beat import load_beat
from tests.archive.gold import Case, GoldArchive, gold_archive, read_gold, read_open


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> GoldArchive:
    return gold_archive(tmp_path_factory.mktemp("gold") / "archive.db", load_beat())


@pytest.mark.parametrize("case", read_gold()[1], ids=lambda case: f"{case.kind}: {case.query}")
def test_a_search_finds_what_is_expected(gold: GoldArchive, case: Case) -> None:
    found = gold.found(case.query)
    assert case.finds <= found
    assert found <= case.finds | case.also


@pytest.mark.parametrize("case", read_open(), ids=lambda case: case.query)
def test_an_open_case_still_fails(gold: GoldArchive, case: Case) -> None:
    assert gold.found(case.query) != case.finds, "mended: move it up to the cases"


def test_there_are_enough_cases_of_each_kind() -> None:
    cases = read_gold()[1]
    assert len(cases) >= 600
    assert len({case.query for case in cases}) == len(cases)
