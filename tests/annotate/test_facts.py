"""Quantities, days and notions: one fact in three languages."""

from datetime import date

import pytest

from aggregator.annotate.days import days_named
from aggregator.annotate.glossary import load_glossary
from aggregator.annotate.quantities import quantities
from aggregator.text.fold import fold
from aggregator.text.words import words


@pytest.mark.parametrize(
    ("texts", "fact"),
    [
        (("worth $5 billion", "на 5 млрд долларов", "价值50亿美元"), "n:5e+09"),
        (("up 7 percent", "выросли на 7 процентов", "增长百分之七"), "p:7"),
        (("30.5 per cent", "30,5%", "百分之30.5"), "p:30.5"),
        (("on March 21", "21 марта", "3月21日"), "d:3-21"),
        (("the 28th meeting", "28-я встреча", "第二十八次会晤"), "o:28"),
        (("1,007 people", "1 007 человек", "1007人"), "n:1007"),
        (("1.3 million tonnes", "1,3 миллиона тонн", "130万吨"), "n:1.3e+06"),
        (("two killed", "двое погибших", "2人遇难"), "n:2"),
    ],
)
def test_a_quantity_is_one_fact_in_three_languages(texts: tuple[str, str, str], fact: str) -> None:
    assert all(fact in quantities(text) for text in texts)


@pytest.mark.parametrize("text", ["at 12:30", "in 2023", "23时59分", "в 2023 году", "G20", "no digits"])
def test_times_years_and_names_are_no_quantities(text: str) -> None:
    assert [fact for fact in quantities(text) if fact[:2] == "n:" and fact != "n:59"] == []


@pytest.mark.parametrize(
    "text", ["on Monday", "в понедельник", "周一", "3月20日", "20日上午", "20 March", "yesterday", "昨天"]
)
def test_the_day_of_an_event_is_found(text: str) -> None:
    tuesday = date(2023, 3, 21).toordinal()
    assert days_named(text, tuesday) == {tuesday - 1}


def test_a_day_far_from_publication_is_background() -> None:
    assert days_named("On 24 February 2022 and on 30 February", date(2023, 3, 21).toordinal()) == frozenset()


@pytest.mark.parametrize(
    ("notion", "english", "russian", "chinese"),
    [
        ("arrive", "Xi lands in Moscow", "Си прибыл в Москву", "习近平抵达莫斯科"),
        ("quake", "Strong earthquake hits Gansu", "Землетрясение в Ганьсу", "甘肃发生地震"),
        ("ru_premier", "Russian Prime Minister visits", "Михаил Мишустин посетил", "会见俄罗斯总理"),
    ],
)
def test_a_notion_is_found_in_three_languages(notion: str, english: str, russian: str, chinese: str) -> None:
    glossary = load_glossary()
    assert notion in glossary.notions(words(english))
    assert notion in glossary.notions(words(russian))
    assert notion in glossary.han_notions(fold(chinese))


def test_each_notion_has_words_in_three_languages() -> None:
    glossary = load_glossary()
    in_words = {notion for rows in glossary._phrases.values() for _, notion in rows}
    in_han = {notion for rows in glossary._han.values() for _, notion in rows}
    assert in_words == in_han
    assert glossary.actors <= in_han
