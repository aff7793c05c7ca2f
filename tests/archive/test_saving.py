"""What the archive keeps of a harvest, and that it keeps all of it or nothing."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from aggregator.archive.engine import sqlite3
from aggregator.archive.rows import delivery_row
from aggregator.archive.schema import migrations
from aggregator.archive.sqlite import SqliteArchive, open_archive, read_archive
from aggregator.errors import ArchiveError
from aggregator.model import (
    Annotated,
    DateConfidence,
    DeliveryState,
    Evidence,
    FailureKind,
    Health,
    Moved,
    Placement,
    Rhythm,
    Saved,
    UrlChange,
)
from aggregator.model.query import Compare, ConceptIs, Everything, NameIs, Not, Term
from tests.builders import (
    NOW,
    filled_archive,
    make_annotated,
    make_article,
    make_delivery,
    make_feed,
    make_harvest,
    make_state,
    place_alone,
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    opened = open_archive(tmp_path / "archive.db")
    yield opened
    opened.close()


def rows_of(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def texts(archive: SqliteArchive, word: str) -> int:
    return archive.search(Term(word), order="newest", limit=10, offset=0).total


def test_an_article_comes_back_as_it_was_saved(archive: SqliteArchive) -> None:
    given = make_annotated(
        make_article("普京访华", text="Текст, 文本 & text", language="zh", published=None),
        concepts=["vladimir-putin", "beijing"],
        topics=["diplomacy"],
        score=0.123456789,
        evidence=(Evidence("who", "title", 1.5), Evidence("what", "text", -0.5)),
    )
    assert archive.save(make_harvest(given)) == Saved(new=1)
    stored = archive.article(1)
    assert stored is not None
    assert stored.annotated == replace(given, title_words="", text_words="")
    assert (stored.id, stored.story, stored.copy_of) == (1, None, None)


def test_the_state_of_a_feed_comes_back_as_it_was_saved(archive: SqliteArchive) -> None:
    state = replace(
        make_state(etag='"a"'),
        next_due=NOW + timedelta(minutes=15),
        failures=3,
        health=Health.FAILING,
        failure=FailureKind.TIMEOUT,
        last_whole=NOW,
        rhythm=Rhythm(articles=12.5, days=3.25, learnt=NOW, last_new=NOW, hours=(1.0,) * 24, hint_minutes=30),
        moved=Moved(
            asked="https://new.example/rss",
            target="https://newer.example/rss",
            times=2,
            since=NOW,
            history=(UrlChange(when=NOW, url="https://new.example/rss"),),
        ),
    )
    archive.save(make_harvest(state=state))
    assert archive.feed_states() == {state.url: state}
    newer = replace(state, etag='"b"', failures=0)
    archive.save(make_harvest(state=newer))
    assert archive.feed_states() == {state.url: newer}


def test_a_second_save_of_the_same_articles_adds_none(archive: SqliteArchive) -> None:
    one, other = make_annotated(make_article("One")), make_annotated(make_article("Other"))
    assert archive.save(make_harvest(one, other)) == Saved(new=2)
    assert archive.save(make_harvest(one, other)) == Saved(known=2)
    assert archive.counts()["articles"] == 2


def test_an_article_that_stands_twice_in_a_harvest_is_kept_once(archive: SqliteArchive) -> None:
    one = make_annotated()
    assert archive.save(make_harvest(one, one)) == Saved(new=1, known=1)


def test_the_known_of_the_harvest_are_counted_with_those_that_the_archive_recognises(archive: SqliteArchive) -> None:
    archive.save(make_harvest(make_annotated()))
    again = replace(make_harvest(make_annotated()), known=4)
    assert archive.save(again) == Saved(known=5)


def test_one_page_brought_by_two_feeds_of_one_outlet_is_one_article(archive: SqliteArchive) -> None:
    politics, world = make_feed("https://example.com/politics"), make_feed("https://example.com/world")
    page = "https://example.com/page"
    archive.save(make_harvest(make_annotated(make_article(url=page, feed_url=politics.url)), feed=politics))
    saved = archive.save(make_harvest(make_annotated(make_article(url=page, feed_url=world.url)), feed=world))
    assert saved == Saved(known=1)
    assert archive.counts()["articles"] == 1
    assert set(archive.feed_states()) == {politics.url, world.url}


def test_one_page_claimed_by_two_outlets_is_two_articles(archive: SqliteArchive) -> None:
    for outlet in ("One", "Other"):
        archive.save(make_harvest(make_annotated(make_article(url="https://example.com/p", outlet=outlet))))
    assert archive.counts()["articles"] == 2


@pytest.mark.parametrize(
    ("second", "same"),
    [
        ({"url": "https://example.com/1", "guid": "2", "title": "Edited title"}, True),
        ({"url": "https://moved.example/1", "guid": "1", "title": "Title"}, True),
        ({"url": "https://example.com/2", "guid": "1", "title": "Another title"}, False),
        ({"url": "https://example.com/2", "guid": "2", "title": "Title"}, False),
    ],
)
def test_page_or_guid_with_title_identify_a_publication(
    archive: SqliteArchive, second: dict[str, str], same: bool
) -> None:
    first = make_article("Title", url="https://example.com/1", guid="1")
    archive.save(make_harvest(make_annotated(first)))
    archive.save(make_harvest(make_annotated(make_article(second["title"], url=second["url"], guid=second["guid"]))))
    assert archive.counts()["articles"] == (1 if same else 2)


def test_known_articles_are_those_of_the_feed_latest_first(archive: SqliteArchive) -> None:
    one, two = make_article("One"), make_article("Two")
    elsewhere = make_article("Three", feed_url="https://example.org/rss")
    archive.save(make_harvest(*map(make_annotated, (one, two, elsewhere))))
    known = archive.known_articles(one.feed_url, 100)
    assert [k.content_hash for k in known] == [two.content_hash, one.content_hash]
    assert known[0].keys == two.keys


def test_an_edited_article_takes_the_new_text_and_keeps_the_old_as_a_revision(tmp_path: Path) -> None:
    page = "https://example.com/page"
    old = make_article("Pipeline delayed", text="sorghum", url=page)
    later = NOW + timedelta(hours=3)
    new = make_article(
        "Pipeline signed",
        text="barley",
        url=page,
        first_seen=later,
        published=later,
        updated=later,
        date_confidence=DateConfidence.DAY,
    )
    with filled_archive(tmp_path / "a.db", make_annotated(old, topics=["energy"])) as archive:
        assert archive.save(make_harvest(make_annotated(new, score=0.3, topics=["trade"]))) == Saved(revised=1)
        stored = archive.article(1)
        assert stored is not None
        assert (stored.article.title, stored.article.text, stored.annotated.topics) == (
            "Pipeline signed",
            "barley",
            ("trade",),
        )
        assert stored.annotated.relevance.score == 0.3
        assert (stored.article.first_seen, stored.article.published, stored.story) == (NOW, NOW, 1)
        assert (stored.article.updated, stored.article.date_confidence) == (later, DateConfidence.STATED)
        assert archive.counts()["revisions"] == 1
        assert (texts(archive, "sorghum"), texts(archive, "barley")) == (0, 1)
        assert archive.save(make_harvest(make_annotated(new))) == Saved(known=1)
    assert rows_of(tmp_path / "a.db", "SELECT article_id, title, text, replaced FROM revisions") == [
        (1, "Pipeline delayed", "sorghum", "2026-03-05T15:00:00+00:00")
    ]


def test_an_edited_article_is_recognised_by_its_old_and_by_its_new_keys(archive: SqliteArchive) -> None:
    page = "https://example.com/page"
    archive.save(make_harvest(make_annotated(make_article("Old", url=page, guid="g1"))))
    archive.save(make_harvest(make_annotated(make_article("New", url=page, guid="g1"))))
    moved = make_article("New", text="longer", url="https://moved.example/page", guid="g1")
    assert archive.save(make_harvest(make_annotated(moved))) == Saved(revised=1)


def test_a_save_that_fails_in_the_middle_leaves_neither_articles_nor_validators(archive: SqliteArchive) -> None:
    archive.save(make_harvest(make_annotated(make_article("First")), state=make_state(etag='"old"')))
    good = make_annotated(make_article("Second quokka"))
    bad = replace(good, article=replace(make_article("Third"), title=None))  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        archive.save(make_harvest(good, bad, state=make_state(etag='"new"')))
    assert archive.counts()["articles"] == 1
    assert archive.feed_states()[make_feed().url].etag == '"old"'
    assert texts(archive, "quokka") == 0
    assert archive.save(make_harvest(good, state=make_state(etag='"new"'))) == Saved(new=1)


def test_a_state_that_cannot_be_kept_takes_its_articles_with_it(archive: SqliteArchive) -> None:
    broken = replace(make_state(), etag=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        archive.save(make_harvest(make_annotated(), state=broken))
    assert archive.counts()["articles"] == 0
    assert archive.feed_states() == {}


# --- stories -----------------------------------------------------------------------------------


def test_placing_founds_and_joins_stories_in_order(archive: SqliteArchive) -> None:
    archive.save(make_harvest(*(make_annotated(make_article(f"Title {n}", outlet=f"O{n}")) for n in range(1, 5))))
    archive.place(
        [
            Placement(article=1),
            Placement(article=2, joins=1, copy_of=1),
            Placement(article=3, joins=2),
            Placement(article=4),
        ]
    )
    story = archive.story(1)
    assert story is not None
    assert [stored.id for stored in story.articles] == [1, 2, 3]
    assert [stored.copy_of for stored in story.articles] == [None, 1, None]
    assert story.independent_sources == 2
    other = archive.story(2)
    assert other is not None
    assert [stored.id for stored in other.articles] == [4]
    assert archive.story(3) is None
    assert archive.copies() == 1
    assert archive.last_article_id() == 4


def test_a_placement_that_fails_leaves_none_of_its_batch(archive: SqliteArchive) -> None:
    archive.save(make_harvest(make_annotated(make_article("One")), make_annotated(make_article("Two"))))
    with pytest.raises(sqlite3.IntegrityError):
        archive.place([Placement(article=1), Placement(article=2, copy_of=999)])
    assert len(archive.unplaced(10)) == 2
    assert archive.counts()["stories"] == 0


def test_unplaced_are_earliest_first_and_limited_and_recent_are_the_placed(archive: SqliteArchive) -> None:
    hours = (5, 1, 3)
    archive.save(
        make_harvest(*(make_annotated(make_article(f"Hour {h}", published=NOW - timedelta(hours=h))) for h in hours))
    )
    assert [s.article.title for s in archive.unplaced(2)] == ["Hour 5", "Hour 3"]
    assert archive.recent(NOW - timedelta(days=1)) == ()
    archive.place([Placement(article=1), Placement(article=2)])
    assert [s.article.title for s in archive.unplaced(9)] == ["Hour 3"]
    assert [s.article.title for s in archive.recent(NOW - timedelta(days=1))] == ["Hour 5", "Hour 1"]
    assert [s.article.title for s in archive.recent(NOW - timedelta(hours=2))] == ["Hour 1"]
    place_alone(archive)
    assert archive.unplaced(9) == ()


def test_stories_are_those_with_a_relevant_matching_article_in_the_window(archive: SqliteArchive) -> None:
    def one(title: str, hours: float, score: float, text: str = "") -> None:
        article = make_article(title, text=text, published=NOW - timedelta(hours=hours))
        archive.save(make_harvest(make_annotated(article, score=score)))

    one("Old root", 30, 0.9)
    one("Fresh branch", 5, 0.6, "gas")
    one("Weak", 4, 0.4, "gas")
    one("Strong", 3, 0.9)
    one("At the end", 0, 0.9)
    archive.place(
        [
            Placement(article=1),
            Placement(article=2, joins=1),
            Placement(article=3),
            Placement(article=4),
            Placement(article=5),
        ]
    )
    since = NOW - timedelta(hours=24)

    def found(minimum: float, query: Term | Everything) -> list[list[str]]:
        ids = archive.story_ids(since, NOW, minimum_relevance=minimum, query=query)
        ranked = archive.ranked_stories(since, NOW, minimum_relevance=minimum, query=query)
        assert {story.id for story in ranked} == ids
        stories = archive.told_stories(ids, NOW)
        return [[stored.article.title for stored in story.articles] for story in stories]

    assert found(0.5, Everything()) == [["Old root", "Fresh branch"], ["Strong"]]
    assert found(0.3, Term("gas")) == [["Old root", "Fresh branch"], ["Weak"]]
    assert found(0.7, Everything()) == [["Strong"]]
    assert found(0.7, Term("gas")) == []


def test_volume_counts_relevant_articles_in_each_24_hours_before(archive: SqliteArchive) -> None:
    day = 24 * 3600
    for seconds, score in (
        (0, 0.9),
        (1, 0.9),
        (day, 0.5),
        (day + 1, 0.9),
        (day + 2, 0.2),
        (3 * day, 0.9),
        (3 * day + 1, 1),
    ):
        article = make_article(f"Before {seconds}", published=NOW - timedelta(seconds=seconds))
        archive.save(make_harvest(make_annotated(article, score=score)))
    assert [
        (volume.back, volume.camp, volume.topics, volume.articles)
        for volume in archive.volumes(NOW, days=3, minimum_relevance=0.5)
    ] == [(0, "other", (), 2), (1, "other", (), 1), (2, "other", (), 1)]


# --- opening -----------------------------------------------------------------------------------


def test_an_archive_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="there is no archive at"):
        read_archive(tmp_path / "none.db")
    with pytest.raises(ArchiveError, match="there is no archive at"):
        open_archive(tmp_path / "none.db", must_exist=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_told_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.db"
    path.write_text("Dear reader, " * 200)
    for opener in (open_archive, read_archive):
        with pytest.raises(ArchiveError, match=r"letter\.db"):
            opener(path)
    assert path.read_text() == "Dear reader, " * 200


def test_a_database_of_another_program_is_no_archive_to_read(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    rows_of(path, "CREATE TABLE things (id)")
    with pytest.raises(ArchiveError, match=r"other\.db"):
        read_archive(path)


@pytest.mark.parametrize("path", ["folder", "file/archive.db"])
def test_a_path_that_cannot_be_a_file_is_told(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError):
        open_archive(tmp_path / path)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db", make_annotated()):
        reader = read_archive(tmp_path / "a.db")
        with pytest.raises(ArchiveError, match="readonly"):
            reader.save(make_harvest(make_annotated(make_article("More"))))
        assert reader.counts()["articles"] == 1
        reader.close()


def test_a_reader_sees_what_a_writer_beside_it_adds(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db", make_annotated()) as writer:
        reader = read_archive(tmp_path / "a.db")
        writer.save(make_harvest(make_annotated(make_article("More"))))
        assert reader.counts()["articles"] == 2
        reader.close()


def test_migrations_are_applied_once_and_two_writers_may_be_open(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "a.db"
    one, other = open_archive(path), open_archive(path)
    assert one.save(make_harvest(make_annotated(make_article("One")))) == Saved(new=1)
    assert other.save(make_harvest(make_annotated(make_article("One")))) == Saved(known=1)
    assert other.save(make_harvest(make_annotated(make_article("Other")))) == Saved(new=1)
    one.close()
    other.close()
    again = open_archive(path)
    assert again.counts()["articles"] == 2
    again.close()
    names = ["m001_tables", "m002_feed_memory", "m003_bulk_writes", "m004_subscriptions", "m005_full_texts"]
    names += ["m006_date_confidence", "m007_verdicts", "m008_story_verdicts", "m009_annotation_version"]
    names += ["m010_episodes", "m011_positions", "m012_story_sources", "m020_captures", "m021_views", "m022_retention"]
    names += ["m023_index_words", "m024_outbox", "m025_notices", "m026_mutes"]
    assert rows_of(path, "SELECT name FROM _sqlite_migrations") == [(name,) for name in names]


def _first_version(path: Path, *articles: Annotated) -> None:
    """An archive as the first version made it."""
    with filled_archive(path.with_suffix(".new"), *articles):
        pass
    old = Database(path)
    migrations.apply(old, stop_before="m002_feed_memory")
    old.attach("new", path.with_suffix(".new"))
    for table in ("feed_states", "articles", "article_keys", "stories"):
        columns = ", ".join(old[table].columns_dict)
        old.execute(f"INSERT INTO {table}({columns}) SELECT {columns} FROM new.{table}")
    for number, annotated in enumerate(articles, 1):
        indexed = (number, annotated.title_words, annotated.text_words, "c_vladimir_putin t_energy")
        old.execute("INSERT INTO article_words(rowid, title, text, concepts) VALUES (?, ?, ?, ?)", indexed)
    old.conn.commit()
    old.close()


def test_deliveries_of_an_older_version_keep_their_words(tmp_path: Path) -> None:
    old = Database(tmp_path / "a.db")
    migrations.apply(old, stop_before="m024_outbox")
    queued = [make_delivery(f"{name}@example.org", text="Same", html="<p>") for name in "ab"]
    queued += [make_delivery("c@example.org", text="Other"), make_delivery("d@example.org", text="")]
    for one in queued:
        row = {"text": one.text, "html": one.html, **delivery_row(one)}
        del row["next_attempt"]
        old.table("deliveries").insert(row)
    old.close()
    with closing(open_archive(tmp_path / "a.db")) as archive:
        assert archive.deliveries(*DeliveryState) == archive.ready_deliveries(NOW, limit=9) == tuple(queued)
        assert len(rows_of(tmp_path / "a.db", "SELECT id FROM delivery_texts")) == 2
        assert len(archive.drop(queued[0].key)) == 4
        assert rows_of(tmp_path / "a.db", "SELECT id FROM delivery_texts") == []


def test_an_archive_of_an_older_version_is_upgraded_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    two = make_article("Two companies", published=None, language="ru", outlet="Second")
    _first_version(path, make_annotated(make_article("One"), concepts=["vladimir-putin"]), make_annotated(two))
    reader = read_archive(path)
    assert list(reader.feed_states().values()) == [make_state()]
    dates = [(stored.article.updated, stored.article.date_confidence) for stored in reader.recent(NOW)]
    assert dates == [(None, DateConfidence.NO_ZONE), (None, DateConfidence.FIRST_SEEN)]
    for query, ids in (
        (Term("company"), [2]),
        (ConceptIs("vladimir-putin", "Putin"), [1]),
        (NameIs("outlet", "second"), [2]),
        (Not(NameIs("lang", "ru")), [1]),
        (Compare("sources", ">=", 1), [1, 2]),
    ):
        page = reader.search(query, order="oldest", limit=9, offset=0)
        assert [one.id for one in page.articles] == ids
    assert reader.facets(Everything()).concept == (("vladimir-putin", 1),)
    reader.close()
