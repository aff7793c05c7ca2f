"""The analyser: what counts as the same word in index and query."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.text.words import alternatives, analyse_word, folded_words, words

PUTIN = ("Путин", "Путина", "Путину", "Путиным", "Путине")
CHINA = ("Китай", "Китая", "Китаю", "Китаем", "Китае")
RUSSIA = ("Россия", "России", "Россию", "Россией")


@pytest.mark.parametrize(
    "forms",
    [
        CHINA,
        RUSSIA,
        ("газопровод", "газопровода", "газопроводу", "газопроводом", "газопроводы", "газопроводов"),
        ("санкция", "санкции", "санкций", "санкциями"),
        ("китайский", "китайская", "китайского", "китайскими"),
        ("переговоры", "переговоров", "переговорам"),
        ("расчёт", "расчет", "РАСЧЁТАМИ"),
    ],
    ids=lambda forms: forms[0],
)
def test_russian_inflections_meet_at_one_form(forms: tuple[str, ...]) -> None:
    assert len({tuple(words(form)) for form in forms}) == 1


@pytest.mark.parametrize("forms", [PUTIN, CHINA, RUSSIA], ids=lambda forms: forms[0])
def test_a_query_in_any_form_finds_a_text_in_any_other(forms: tuple[str, ...]) -> None:
    for asked, written in itertools.product(forms, forms):
        (query,) = folded_words(asked)
        assert words(written)[0] in alternatives(query), (asked, written)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("steal", "stolen"),
        ("stealing", "stole"),
        ("memoranda", "memorandum"),
        ("memorandums", "memoranda"),
        ("gas", "gases"),
        ("analyse", "analyses"),
        ("defenses", "defence"),
        ("organise", "organizing"),
        ("nationalized", "nationalise"),
        ("maneuvers", "manoeuvring"),
        ("škoda", "Skoda"),
        ("skoda", "Škoda"),
        ("ərdoğan", "Ərdoğan"),
        ("着", "著"),
        ("了", "瞭"),
    ],
)
def test_irregular_forms_and_other_spellings_are_asked_for(asked: str, written: str) -> None:
    assert words(written)[0] in alternatives(asked)


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("goods", "better"),
        ("meeting", "met"),
        ("thesis", "these"),
        ("basis", "based"),
        ("index", "indicated"),
        ("wind", "wounded"),
        ("prize", "praise"),
    ],
)
def test_words_that_only_look_alike_are_not_asked_for(asked: str, written: str) -> None:
    assert words(written)[0] not in alternatives(asked)


@pytest.mark.parametrize("word", ["путин", "китай", "санкции", "summit", "中"])
def test_the_alternatives_of_a_word_hold_its_own_index_form(word: str) -> None:
    assert analyse_word(word) in alternatives(word)


def test_a_rare_reading_does_not_widen_a_query() -> None:
    # «стали»: steel, or "became"; «Китай» must not open the door to other words.
    assert not set(alternatives("китай")) & set(alternatives("россия"))
    assert len(alternatives("россия")) <= 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pipelines pipeline Pipeline's", ["pipelin", "pipelin", "pipelin", "s"]),
        ("sanctions sanctioned", ["sanction", "sanction"]),
        ("trading trades", ["trade", "trade"]),
        ("中俄关系", ["中", "俄", "关", "系"]),
        ("中俄關係", ["中", "俄", "关", "系"]),
        ("G7峰会2024", ["g7", "峰", "会", "2024"]),
        ("СУ-35 COVID-19", ["су", "35", "covid", "19"]),
        ("snake_case — !", ["snake", "case"]),
        ("", []),
    ],
)
def test_a_text_becomes_its_index_words_in_order(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_no_text_breaks_the_analyser_and_no_word_is_empty(text: str) -> None:
    found = words(text)
    assert all(found)
    assert len(found) == len(folded_words(text))


@given(st.text(alphabet="㐀一中國俄罗斯龥鿿", min_size=1))
def test_each_han_character_is_a_word_of_its_own(text: str) -> None:
    assert [len(word) for word in words(text)] == [1] * len(text)
