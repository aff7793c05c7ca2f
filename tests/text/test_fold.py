"""Folding: one spelling for matching, and never another length."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.fold import _TABLE, fold, is_han

ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        pytest.param("Ещё ЁЛКА", "еще елка", id="yo becomes ye"),
        pytest.param("МОСКВА и Пекин", "москва и пекин", id="Cyrillic capitals"),
        pytest.param("俄羅斯與中國", "俄罗斯与中国", id="traditional Han becomes simplified"),
        pytest.param("中国", "中国", id="simplified Han stays"),
        pytest.param("ＢＲＩＣＳ２０２４", "brics2024", id="full-width letters and digits"),
        pytest.param("（Ａ）", "(a)", id="full-width brackets"),
        pytest.param("«Сила Сибири»", '"сила сибири"', id="guillemets"),
        pytest.param("“x” „y” 「z」 『w』 《v》", '"x" "y" "z" "w" "v"', id="quotation marks"),
        pytest.param("Xi’s ‘x’", "xi's 'x'", id="apostrophes"),
        pytest.param("Китай–Россия — 1‑2 −3", "китай-россия - 1-2 -3", id="dashes"),
        pytest.param("习近平・普京•x", "习近平·普京·x", id="middle dots"),
        pytest.param("İstanbul", "İstanbul", id="a capital whose small form is longer stays"),
        pytest.param("ﬁn…", "ﬁn…", id="a ligature whose plain form is longer stays"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_spellings_meet_in_one_folded_text(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(ANY_TEXT)
def test_folding_never_changes_the_length(text: str) -> None:
    assert len(fold(text)) == len(text)


@given(ANY_TEXT, ANY_TEXT)
def test_folding_works_character_by_character(left: str, right: str) -> None:
    assert fold(left + right) == fold(left) + fold(right)


@given(st.text(alphabet="абвгдеёжзийклмнопрстуфхцчшщъыьэюяABCXYZ中俄羅斯國「」—’ "))
def test_case_does_not_matter_and_folding_twice_changes_nothing(text: str) -> None:
    assert fold(text.upper()) == fold(text.lower()) == fold(fold(text))


@pytest.mark.parametrize(
    ("character", "answer"), [("中", True), ("㐀", True), ("あ", False), ("я", False), ("。", False)]
)
def test_han_is_told_from_the_rest(character: str, answer: bool) -> None:
    assert is_han(character) is answer


def test_a_character_folds_the_same_among_latin_ones_and_by_the_table() -> None:
    for code in (*range(0x80, 0xD800), *range(0xE000, 0x20000)):
        assert fold("A" + chr(code)) == "a" + chr(code).translate(_TABLE), hex(code)
