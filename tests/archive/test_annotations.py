"""Going through the archive's articles, and giving them a new judgement."""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from aggregator.annotate import annotate
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.archive.trial import Trial
from aggregator.model import Selection, StoredArticle
from aggregator.query import parse_query
from aggregator.reannotation import batches, reannotate, rejudged
from tests.builders import NOW, make_annotated, make_article, make_harvest, place_alone

TINY = str(Path(__file__).parents[1] / "beats" / "india-russia")
TITLES = ("Modi in Moscow for talks", "Missile for the army", "Нарендра Моди в Москве", "莫迪访问俄罗斯", "A storm")
QUERIES = (
    *("", "Modi", "topic:military", "title:moscow", "missile OR storm", "-Modi relevance>=0", "relevance>=0.5"),
    *("since:1d", "lang:en storm", "story:2", 'Modi AND "talks"', "actor:莫迪", "miss*"),
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    with closing(open_archive(tmp_path / "a.db")) as opened:
        days = enumerate(TITLES)
        articles = [make_article(title, published=NOW - timedelta(days=n)) for n, title in days]
        opened.save(make_harvest(*map(make_annotated, articles)))
        place_alone(opened)
        yield opened


def all_of(archive: SqliteArchive, selection: Selection = Selection()) -> list[StoredArticle]:  # noqa: B008 - frozen
    return [stored for batch in batches(archive, selection) for stored in batch]


def matching(archive: SqliteArchive, query: str) -> set[int]:
    parsed = parse_query(query, vocabulary=load_beat(TINY), now=NOW)
    return set(archive.matching(parsed, [stored.id for stored in all_of(archive)]))


def test_a_selection_is_walked_by_id_and_counted(archive: SqliteArchive) -> None:
    assert [stored.id for stored in archive.selected(Selection(), after=1, limit=2)] == [2, 3]
    assert [stored.id for stored in all_of(archive)] == [1, 2, 3, 4, 5]
    recent = Selection(since=NOW - timedelta(days=1))
    assert {stored.article.title for stored in all_of(archive, recent)} == set(TITLES[:2])
    assert archive.count_selected(recent) == 2
    assert archive.count_selected(Selection()) == 5


def test_a_new_judgement_is_found_by_its_words_concepts_and_topics(archive: SqliteArchive) -> None:
    before = {stored.id: (stored.story, stored.article) for stored in all_of(archive)}
    assert matching(archive, "actor:Modi") == {1}, "by the word alone, as long as nobody knows the names"
    done = reannotate(archive, load_beat(TINY))
    assert (done.judged, done.passed_over, done.left) == (5, 0, 0)
    assert matching(archive, "actor:Modi") == {1, 3, 4}
    assert matching(archive, "topic:military") == {2}
    after = all_of(archive)
    assert {stored.id: (stored.story, stored.article) for stored in after} == before
    for stored in after:
        expected = annotate(stored.article, load_beat(TINY))
        found = stored.annotated
        assert (found.mentions, found.topics, found.relevance) == (
            expected.mentions,
            expected.topics,
            expected.relevance,
        )
    assert (done.gained, done.lost) == (0, sum(one.annotated.relevance.score < 0.5 for one in after))
    assert archive.count_selected(Selection(not_version=done.version)) == 0


def test_what_this_version_has_judged_is_passed_over(archive: SqliteArchive) -> None:
    seen: list[int] = []
    reannotate(archive, load_beat(TINY), since=NOW - timedelta(days=1), progress=seen.append)
    done = reannotate(archive, load_beat(TINY), progress=seen.append)
    assert (done.judged, done.passed_over) == (3, 2)
    assert seen == [2, 3]


def test_an_article_revised_in_between_is_not_given_the_judgement_of_its_old_text(archive: SqliteArchive) -> None:
    beat = load_beat(TINY)
    old = archive.selected(Selection(), after=0, limit=2)
    revised = make_article(TITLES[0], summary="Modi has not come.", published=NOW)
    archive.save(make_harvest(make_annotated(revised, score=0.3)))
    kept = archive.save_annotations([(stored, annotate(stored.article, beat)) for stored in old])
    assert kept == {old[1].id}
    after = archive.article(old[0].id)
    assert after is not None
    assert (after.annotated.relevance.score, after.article.summary) == (0.3, "Modi has not come.")
    assert reannotate(archive, beat).judged == 4, "it is taken the next time"


@pytest.mark.parametrize("text", QUERIES)
def test_a_query_finds_on_trial_what_it_would_find_in_the_archive(archive: SqliteArchive, text: str) -> None:
    beat = load_beat(TINY)
    parsed = parse_query(text, vocabulary=beat, now=NOW)
    trial = Trial()
    anew = [rejudged(stored, beat) for stored in all_of(archive)]
    assert trial.matching(parsed, anew[:2]) <= {1, 2}
    tried = trial.matching(parsed, anew)
    reannotate(archive, beat)
    assert tried == matching(archive, text)
    assert 0 < len(tried) <= len(anew)
