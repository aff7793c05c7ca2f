"""Names in running text, and what only looks like one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.annotate.beat import load_beat
from aggregator.annotate.concepts import find_names
from aggregator.annotate.matcher import Matcher, Pattern, prepare

FOUND = [
    ("Владимира Путина встретили в аэропорту", {"vladimir-putin"}),
    ("普京會見習近平", {"vladimir-putin", "xi-jinping"}),
    ("普京会见李尚福", {"vladimir-putin", "li-shangfu"}),
    ("Talks with Russia's Gazprom", {"russia", "gazprom"}),
    ("о «Силе Сибири» говорили в Пекине", {"power-of-siberia", "china"}),
    ("российско-китайские отношения", {"china-russia"}),
    ("中俄两国青年", {"china-russia"}),
    ("习近平和普京出席仪式", {"xi-jinping", "vladimir-putin"}),
    ("习近平向普京致贺电", {"xi-jinping", "vladimir-putin"}),
    ("Xi arrives in Moscow", {"xi-jinping", "russia"}),
]
ABSENT = [
    ("白俄罗斯总统", "russia"),
    ("埃塞俄比亚总理", "russia"),
    ("作为最大的发展中国家", "china"),
    ("订单来自40国，其中俄罗斯最多", "china-russia"),
    ("Russian dressing on the side", "russia"),
    ("A letter xi in the alphabet", "xi-jinping"),
]


def _concepts(text: str) -> set[str]:
    return {mention.concept for mention in find_names(text, "", load_beat()).mentions}


@pytest.mark.parametrize(("text", "concepts"), FOUND)
def test_names_are_found_in_all_their_forms(text: str, concepts: set[str]) -> None:
    assert _concepts(text) >= concepts


@pytest.mark.parametrize(("text", "concept"), ABSENT)
def test_what_only_looks_like_a_name_is_not_one(text: str, concept: str) -> None:
    assert concept not in _concepts(text)


def test_offsets_point_into_the_text() -> None:
    text = "После визита Си Цзиньпина в Россию"
    (mention,) = (m for m in find_names(text, "", load_beat()).mentions if m.concept == "xi-jinping")
    assert text[mention.start : mention.end] == "Си Цзиньпина"


def test_a_name_at_no_word_border_hides_nothing() -> None:
    matcher = Matcher(
        prepare([Pattern("fine china", None), Pattern("China", "china")]), prepare([Pattern("set", "set")])
    )
    assert [hit.meaning for hit in matcher.find("They define China as a rival").claimed] == ["china"]
    assert matcher.find("a set of fine china") == ([], [("set", 2, 5)])


@settings(deadline=None)  # the first Chinese text loads a dictionary
@given(st.text(alphabet=st.sampled_from("абвПутинаChina 中俄罗斯其白-'.,"), max_size=60))
def test_mentions_never_overlap_and_stay_inside(text: str) -> None:
    end = 0
    for hit in load_beat().matcher.find(text).claimed:
        assert 0 <= hit.start < hit.end <= len(text)
        assert hit.start >= end or hit.end == end
        end = hit.end


def test_the_beat_has_enough_concepts_most_of_them_in_three_languages() -> None:
    concepts = load_beat().concepts.values()
    whole = [concept for concept in concepts if all(concept.names.values())]
    assert len(whole) >= 2800
    assert len(concepts) - len(whole) <= 40
