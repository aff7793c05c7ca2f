"""Language: the script where it decides, else the model, else the hint."""

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from aggregator.text.language import detect_language


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("The two presidents signed a long agreement on gas supplies and trade in Beijing", "ru", "en"),
        ("Президенты двух стран подписали соглашение о поставках газа", "en", "ru"),
        ("两国元首在北京签署了天然气供应协议", "en", "zh"),
        ("兩國元首在北京簽署了天然氣供應協議", "ru", "zh"),
        ("Президенти двох країн підписали у Києві угоду про постачання газу й нафти", "ru", "uk"),
        ("両首脳は北京でガス供給に関する協定に署名しました", "zh", "ja"),
        ("Les deux présidents ont signé hier à Pékin un accord sur la livraison de gaz", "en", "fr"),
        (
            "Die Präsidenten haben with großer Mehrheit in Peking ein Abkommen über Gaslieferungen unterzeichnet",
            "en",
            "de",
        ),
        ("Los dos presidentes firmaron el lunes en Pekín un acuerdo sobre el suministro de gas", "en", "es"),
        ("두 정상은 베이징에서 가스 공급 협정에 서명했다", "zh", "ko"),
        ("华为 Huawei Mate 60 新机发布会在北京举行", "en", "zh"),
        ("Компания Huawei открыла офис в Москве", "en", "ru"),
    ],
)
def test_a_clear_text_overrules_the_hint(text: str, hint: str, language: str) -> None:
    assert detect_language(text, hint=hint) == language


@pytest.mark.parametrize("hint", ["en", "ru", "zh"])
@pytest.mark.parametrize("text", ["", "12:30", "— 2024 —", "🙂🙂", "\n\n"])
def test_a_text_without_letters_leaves_the_hint(text: str, hint: str) -> None:
    assert detect_language(text, hint=hint) == hint


def test_only_the_start_of_a_long_text_is_read() -> None:
    assert detect_language("Россия и Китай " * 40 + "the end " * 10_000, hint="en") == "ru"


@hypothesis_settings(deadline=None)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_no_text_breaks_the_detector(text: str) -> None:
    assert detect_language(text, hint="en").islower()
