"""The words of title and lead, with the sides masked."""

import re

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.annotate.concepts import find_names
from aggregator.annotate.relevance import observed
from aggregator.annotate.sentences import Sentences
from aggregator.annotate.wording import wording
from aggregator.evaluate import make_article


def read(title: str, text: str = "", language: str = "en") -> Sentences:
    article = make_article(title, text, language)
    return Sentences(article, find_names(article.title, article.body, load_beat()), load_beat())


@pytest.mark.parametrize(
    ("language", "title", "there"),
    [
        ("en", "Beijing snubs Moscow's request", ["SIDE snub", "snub SIDE", "SIDE s", "request"]),
        ("en", "France warns China over Russia", ["THIRD warn", "warn SIDE", "SIDE over", "over SIDE"]),
        ("en", "Sino-Russian ties cool", ["PAIR tie", "tie cool"]),
        ("ru", "Россия продаст Китаю больше зерна", ["SIDE продать", "продать SIDE", "SIDE большой"]),
        ("zh", "俄罗斯感谢中国", ["SIDE 感", "感 谢", "谢 SIDE"]),
    ],
)
def test_names_of_the_sides_are_masked(language: str, title: str, there: list[str]) -> None:
    found = wording(read(title, language=language), load_beat(), "title")
    assert {f"title: {gram}" for gram in there} <= found.keys()
    assert not any(name in gram for gram in found for name in ("beijing", "china", "russia", "росси", "俄", "france"))


def test_only_what_can_speak_of_both_sides_has_words() -> None:
    assert not observed(read("Putin opens a bridge"), load_beat(), "en")
    assert {"title: open", "title_apart"} <= observed(read("Putin opens a bridge to China"), load_beat(), "en").keys()


def test_the_words_are_a_line_of_evidence_each_for_title_and_lead() -> None:
    article = make_article(
        "China and Russia sign gas deal", "Both sides agreed on the price. Talks on a second pipeline go on.", "en"
    )
    relevance = annotate(article, load_beat()).relevance
    lines = {line.where: line for line in relevance.evidence if line.what.startswith("its words: ")}
    assert lines.keys() == {"title", "lead"}
    assert re.fullmatch(r"its words: (\S+ (\S+ )?[+-]\d\.\d(, )?){5}", lines["title"].what)


def test_of_a_long_lead_the_beginning_counts() -> None:
    found = wording(read("China and Russia", " ".join(f"word{n}" for n in range(100))), load_beat(), "lead")
    assert "lead: word39" in found
    assert "lead: word40" not in found
