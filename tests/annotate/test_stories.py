"""Gathering: order, restarts, bridges, verdicts; on the judged sample feeds and on small made events."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.annotate.rarity import Rarity
from aggregator.annotate.sameness import explain, load_weights, sameness, weighed
from aggregator.annotate.signature import signature
from aggregator.annotate.stories import MEMORY, StoryIndex
from aggregator.evaluate_stories import b_cubed, grouped
from aggregator.model import Placement, StoredArticle, StoryVerdict
from tests.annotate.test_judgement import sample
from tests.builders import NOW, make_article


def _sample() -> list[StoredArticle]:
    return [stored for stored, _ in sorted(sample(), key=lambda pair: (pair[0].article.date, pair[0].id))]


def _article(
    number: int, title: str, text: str = "", *, language: str = "en", outlet: str = "", hours: float = 0.0
) -> StoredArticle:
    article = make_article(
        title,
        text=text,
        language=language,
        outlet=outlet or f"Outlet {number}",
        published=NOW + timedelta(hours=hours),
    )
    return StoredArticle(id=number, annotated=annotate(article, load_beat()))


def _placed(*articles: StoredArticle, verdicts: Sequence[StoryVerdict] = ()) -> dict[int, int]:
    return grouped(StoryIndex.of([], load_beat(), verdicts).place_all(articles))


# --- order and restarts ------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_within_an_hour_hardly_matters(seed: int) -> None:
    wanted = {stored.id: row["event"] or f"alone {stored.id}" for stored, row in sample()}
    chance = random.Random(seed)
    ordered = _sample()
    shuffled = sorted(ordered, key=lambda stored: (_hour(stored), chance.random()))
    assert [stored.id for stored in shuffled] != [stored.id for stored in ordered]
    scores = [b_cubed(grouped(StoryIndex(load_beat()).place_all(a)), wanted).f1 for a in (ordered, shuffled)]
    assert abs(scores[0] - scores[1]) < 0.02


def _hour(stored: StoredArticle) -> datetime:
    return stored.article.date.replace(minute=0, second=0)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_restart_in_the_middle_changes_nothing(share: float) -> None:
    ordered = _sample()
    middle = int(len(ordered) * share)
    whole = StoryIndex(load_beat()).place_all(ordered)
    known = whole[:middle]
    since = ordered[middle].article.date - MEMORY
    recent = [stored for stored in _as_stored(ordered[:middle], known) if stored.article.date >= since]
    assert len(recent) < middle or share < 0.9
    rest = StoryIndex.of(recent, load_beat()).place_all(ordered[middle:])
    assert grouped([*known, *rest]) == grouped(whole)


def _as_stored(articles: Sequence[StoredArticle], placements: Sequence[Placement]) -> Iterator[StoredArticle]:
    story = grouped(placements)
    for stored, placement in zip(articles, placements, strict=True):
        yield replace(stored, story=story[stored.id], copy_of=placement.copy_of)


# --- what is one event -------------------------------------------------------------------------


def test_one_event_in_three_languages_is_one_story() -> None:
    story = _placed(
        _article(1, "Russian Prime Minister Mishustin arrives in Harbin to open trade expo on Tuesday"),
        _article(2, "Мишустин прибыл в Харбин на открытие выставки", language="ru", hours=1),
        _article(3, "俄罗斯总理米舒斯京抵达哈尔滨出席博览会开幕式", language="zh", hours=2),
    )
    assert set(story.values()) == {1}


@pytest.mark.parametrize(
    "other",
    [
        "Li Qiang departs Harbin after talks with regional leaders",  # another actor, another act
        "Wheat harvest in Altai beats forecasts",
    ],
)
def test_other_events_stay_apart(other: str) -> None:
    assert len(set(_placed(_article(1, "Mishustin arrives in Harbin for expo"), _article(2, other)).values())) == 2


def test_a_later_development_is_another_story() -> None:
    title = "Explosion at fireworks depot near Harbin kills three"
    near = _placed(_article(1, title), _article(2, f"{title}, officials say", hours=2))
    far = _placed(_article(1, title), _article(2, f"{title}, officials say", hours=100))
    assert len(set(near.values())) == 1
    assert len(set(far.values())) == 2


@pytest.mark.parametrize(
    ("verdicts", "stories"), [([], 1), ([StoryVerdict(1, 2, True)], 1), ([StoryVerdict(1, 2, False)], 2)]
)
def test_a_bridge_makes_two_stories_one_unless_a_person_said_otherwise(
    verdicts: Sequence[StoryVerdict], stories: int
) -> None:
    halves = [
        _article(1, "Fire at Harbin chemical depot kills three workers"),
        _article(2, "Blaze in warehouse: three dead, depot near Harbin destroyed overnight", hours=1),
    ]
    bridge = _article(3, "Fire: three workers dead as blaze destroys Harbin chemical depot warehouse", hours=2)
    apart = [Placement(article=1), Placement(article=2)]
    eager = replace(load_weights(), alone=0.0, join=-3.0, merge=-3.0)
    index = StoryIndex.of(_as_stored(halves, apart), load_beat(), verdicts, eager)
    assert len(set(grouped([*apart, index.place(bridge)]).values())) == stories


def test_what_counted_adds_up() -> None:
    rarity, beat = Rarity(), load_beat()
    one = weighed(signature(_article(1, "Putin meets Xi in Beijing"), beat), rarity)
    other = weighed(signature(_article(2, "Путин встретился с Си в Пекине", language="ru"), beat), rarity)
    points = explain(one, other, load_weights())
    assert sum(evidence.points for evidence in points) == pytest.approx(sameness(one, other, load_weights()))
    assert any(evidence.what.startswith("title facts known") for evidence in points)


# --- copies ------------------------------------------------------------------------------------

TEXT = "Russia and China agreed on Thursday to build a second bridge over the Amur, the transport ministry said in Moscow. "


@pytest.mark.parametrize(
    ("title", "text", "copied"),
    [
        ("Second Amur bridge agreed", TEXT, True),  # same text, another title
        ("Moscow, Beijing to build bridge", TEXT + "(Wire)", True),  # with a credit
        ("Russia and China agree to build a second Amur bridge", "We learnt it at a dinner.", True),  # same title
        ("Russia and China agree to build a 3rd Amur bridge", TEXT[:-20] + "in Harbin.", False),  # other numbers
        (
            "Residents protest against plans for another bridge over the river",
            "They fear noise and traffic. " * 4,
            False,
        ),
    ],
)
def test_copies_are_told_from_separate_reports(title: str, text: str, copied: bool) -> None:
    first = _article(1, "Russia and China agree to build a second Amur bridge", TEXT)
    placements = StoryIndex(load_beat()).place_all([first, _article(2, title, text, hours=1)])
    assert placements[1].copy_of == (1 if copied else None)


def test_a_copy_of_a_copy_is_traced_to_who_had_it_first() -> None:
    articles = [_article(n, f"Second Amur bridge agreed {'I' * n}", TEXT, hours=n) for n in (1, 2, 3)]
    assert [p.copy_of for p in StoryIndex(load_beat()).place_all(articles)] == [None, 1, 1]


def test_an_outlet_does_not_copy_itself() -> None:
    articles = [_article(n, "Second Amur bridge agreed", TEXT, outlet="One", hours=n) for n in (1, 2)]
    assert [p.copy_of for p in StoryIndex(load_beat()).place_all(articles)] == [None, None]
