"""Affairs: what is tied together, what is not, and that neither order nor restarts change it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.affairs import AffairIndex
from aggregator.annotate.beat import load_beat
from aggregator.model import Episode, StoredArticle, Story
from tests.builders import NOW, make_article


def story(number: int, *titles: str, days: float = 0.0, language: str = "en", outlet: str = "Example") -> Story:
    moment = NOW + timedelta(days=days)
    articles = [
        make_article(title, published=moment, language=language, outlet=outlet) for title in titles or ("Nothing",)
    ]
    stored = [
        StoredArticle(id=number * 100 + place, annotated=annotate(article, load_beat()), story=number)
        for place, article in enumerate(articles)
    ]
    return Story(id=number, articles=tuple(stored))


def placed(*stories: Story) -> list[Episode]:
    return AffairIndex(load_beat()).place_all(stories)


def affairs(episodes: Sequence[Episode]) -> list[int]:
    return [episode.affair for episode in episodes]


VISIT = story(1, "Xi Jinping arrives in Moscow for talks with Putin on Power of Siberia 2")
SIGNING = story(2, "Putin and Xi Jinping sign a deal on Power of Siberia 2", days=1)
REACTION = story(3, "Монголия приветствует договор о «Силе Сибири — 2»", days=3, language="ru")
PANDA = story(4, "Panda born in a zoo in Chengdu", days=3)


def test_visit_signing_and_reactions_are_one_affair_and_say_what_they_share() -> None:
    episodes = placed(VISIT, SIGNING, PANDA)
    assert affairs(episodes) == [1, 1, 4]
    assert episodes[0].shares == ()
    assert {"Xi Jinping", "Vladimir Putin"} < set(episodes[1].shares)
    assert any("Power of Siberia" in name for name in episodes[1].shares)


def test_languages_are_tied_by_what_they_name() -> None:
    chinese = story(2, "中俄签署“西伯利亚力量2号”协议 诺瓦克出席", days=1, language="zh")
    english = story(1, "Deal on Power of Siberia 2 is near, says Alexander Novak")
    assert affairs(placed(english, chinese)) == [1, 1]


@pytest.mark.parametrize(
    "other",
    [
        story(2, "Ukraine harvest falls", days=1),
        story(2, "Ukraine names a new coach", days=1),
        story(2, "Nothing that anybody named", days=1),
    ],
)
def test_a_country_alone_ties_nothing_together(other: Story) -> None:
    assert affairs(placed(story(1, "Ukraine raises rail tariffs"), other)) == [1, 2]


def test_what_comes_long_after_must_be_more_alike() -> None:
    again = "Xi Jinping arrives in Moscow for the parade"
    assert affairs(placed(VISIT, story(2, again, days=1))) == [1, 1]
    assert affairs(placed(VISIT, story(2, again, days=20))) == [1, 2]
    assert affairs(placed(VISIT, story(2, VISIT.first.article.title, days=20))) == [1, 1]
    assert affairs(placed(VISIT, story(2, VISIT.first.article.title, days=29))) == [1, 2]


def test_a_late_report_finds_the_affair_that_began_after_it() -> None:
    assert affairs(placed(SIGNING, VISIT)) == [2, 2]


def test_a_bulletin_draws_nobody_in() -> None:
    bulletin = story(1, "Morning briefing: Xi Jinping arrives in Moscow for talks with Putin on Power of Siberia 2")
    assert affairs(placed(bulletin, SIGNING)) == [1, 2]
    assert affairs(placed(story(2, "Xi Jinping in Moscow for talks with Putin"), bulletin)) == [2, 2]


def test_an_outlet_that_names_itself_says_nothing() -> None:
    one = story(1, "TASS: Vladivostok port reopens", outlet="TASS")
    terms = placed(one)[0].terms
    assert "c:tass" not in terms
    assert "c:vladivostok" in terms


def test_a_story_that_grows_is_looked_at_again_while_it_is_alone() -> None:
    index = AffairIndex(load_beat())
    vague = story(3, "A deal at last")
    assert affairs(index.place_all([VISIT, vague])) == [1, 3]
    grown = story(3, "A deal at last", "Putin and Xi Jinping sign a deal on Power of Siberia 2")
    assert index.place(grown).affair == 1
    assert index.place(story(3, "A deal at last")).affair == 1  # it has company now, and keeps it


def test_the_affair_of_a_story_that_leaves_its_own_is_gone() -> None:
    index = AffairIndex(load_beat())
    assert affairs(index.place_all([story(1, "Harbin ice festival opens"), SIGNING])) == [1, 2]
    assert index.place(story(1, "Putin and Xi Jinping sign a deal on Power of Siberia 2")).affair == 2
    assert index.place(story(5, "Harbin ice festival opens again")).affair == 5


def test_a_restart_changes_no_decision() -> None:
    stories = [VISIT, SIGNING, REACTION, PANDA, story(5, "Xi Jinping leaves Moscow after talks with Putin", days=3)]
    at_once, one_by_one = placed(*stories), list[Episode]()
    for one in stories:
        one_by_one.append(AffairIndex.of(one_by_one, load_beat()).place(one))
    assert one_by_one == at_once
