"""Lists of editions: in the web, as Atom feeds, and as a file beside them; what is in them is inert."""

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import feedparser
import pytest

from aggregator import pipeline
from aggregator.annotate.beat import load_beat
from aggregator.archive.sqlite import SqliteArchive, open_archive, read_archive
from aggregator.model import Delivery, DeliveryState, Edition, EditionLine
from aggregator.publish.deliver import Channels
from aggregator.publish.editions import by_month
from aggregator.publish.web.app import make_app
from aggregator.settings import DigestDefinition, Settings
from tests.builders import NOW, filled_archive, make_annotated, make_article
from tests.publish.test_digest import ATTACKS
from tests.publish.test_web import Client, assert_guarded, assert_inert, elements

DAILY = DigestDefinition(title="Every day", subject="{title}, {weekday} {date}: {stories}, {top}")
MAILED = DigestDefinition(name="mailed", outputs=("mail",))
ATOM = "{http://www.w3.org/2005/Atom}"


def edition(day: date, name: str = "daily", subject: str = "A subject", headlines: tuple[str, ...] = ()) -> Edition:
    until = datetime.combine(day, NOW.timetz())
    manifest = {"subject": subject, "headlines": list(headlines)} if subject else {}
    return Edition(
        digest=name, date=day, since=until, until=until, html=f"<p>{name}", text="", stories=(1, 2), manifest=manifest
    )


def file_of(made: Edition, folder: Path) -> Delivery:
    target = folder / f"{made.digest}-{made.date.isoformat()}.html"
    return Delivery(
        key=made.key,
        kind="edition",
        channel="file",
        target=str(target),
        subject="",
        text="",
        html=made.html,
        created=NOW,
    )


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[SqliteArchive]:
    opened = open_archive(tmp_path / "a.db")
    yield opened
    opened.close()


@contextmanager
def holding(folder: Path, *editions: Edition, out: Path | None = None) -> Iterator[SqliteArchive]:
    """An archive with these editions, and their files to deliver."""
    with closing(open_archive(folder / "a.db")) as archive:
        for one in editions:
            archive.save_edition(one, [file_of(one, out)] if out else [])
        yield archive


def client_of(tmp_path: Path, *digests: DigestDefinition) -> Client:
    path = tmp_path / "a.db"
    return Client(make_app(lambda: read_archive(path), load_beat(), clock=lambda: NOW, digests=digests))


def test_the_archive_lists_editions_the_latest_first_of_some_digests_and_so_many(archive: SqliteArchive) -> None:
    for n in range(3):
        for name in ("weekly", "daily"):
            archive.save_edition(edition(date(2026, 3, 1 + n), name, headlines=("One", "Two")), [])
    listed = archive.edition_lines()
    assert [(line.digest, line.date.day) for line in listed] == [
        (name, day) for day in (3, 2, 1) for name in ("daily", "weekly")
    ]
    assert [line.date.day for line in archive.edition_lines(["weekly"], 2)] == [3, 2]
    assert archive.edition_lines([]) == ()
    assert (listed[0].subject, listed[0].headlines) == ("A subject", ("One", "Two"))
    assert listed[0].key == edition(date(2026, 3, 3)).key


def test_an_edition_of_before_subjects_were_kept_has_a_plain_one(archive: SqliteArchive) -> None:
    archive.save_edition(edition(date(2026, 3, 1), subject=""), [])
    (line,) = archive.edition_lines()
    assert (line.subject, line.headlines) == ("daily, 2026-03-01: 2 stories", ())


def test_an_archive_began_with_its_first_article(archive: SqliteArchive, tmp_path: Path) -> None:
    assert archive.begun() is None
    early = make_annotated(make_article("One", first_seen=NOW - timedelta(days=3)))
    with filled_archive(tmp_path / "b.db", early, make_annotated(make_article("Two"))) as filled:
        assert filled.begun() == NOW - timedelta(days=3)


def test_months_follow_the_order_given() -> None:
    days = (date(2026, 3, 2), date(2026, 3, 1), date(2026, 2, 28), date(2025, 3, 1))
    lines = [EditionLine(digest="d", date=day, until=NOW, subject="") for day in days]
    assert [(month, len(members)) for month, members in by_month(lines)] == [
        ("March 2026", 2),
        ("February 2026", 1),
        ("March 2025", 1),
    ]


# --- the feeds -----------------------------------------------------------------------------------


def test_a_digest_has_a_feed_of_its_editions_with_subject_headlines_page_and_a_stable_id(
    archive: SqliteArchive, tmp_path: Path
) -> None:
    for day in (4, 5):
        archive.save_edition(edition(date(2026, 3, day), subject=f"Of {day}", headlines=("One & two", "三")), [])
    client = client_of(tmp_path, DAILY)
    answer = client.get("/digests/daily.atom")
    assert_guarded(answer)
    assert answer.headers["content-type"] == "application/atom+xml"
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert read.feed.title == "aggregator: Every day"
    assert [(link.rel, link.href) for link in read.feed.links] == [("self", "http://127.0.0.1:8000/digests/daily.atom")]
    assert [entry.title for entry in read.entries] == ["Of 5", "Of 4"]
    first = read.entries[0]
    assert (first.link, first.updated) == (
        "http://127.0.0.1:8000/digests/daily/2026-03-05",
        "2026-03-05T12:00:00+00:00",
    )
    assert first.id.startswith("urn:uuid:")
    assert ET.fromstring(answer.content).findtext(f"{ATOM}entry/{ATOM}summary") == "One & two\n三"
    assert client.get(first.link).text == "<p>daily"
    assert [e.id for e in read.entries] == [e.id for e in feedparser.parse(client.get("/digests.atom").content).entries]
    assert read.feed.id != feedparser.parse(client.get("/digests.atom").content).feed.id


def test_only_digests_whose_outputs_hold_feed_are_in_one(archive: SqliteArchive, tmp_path: Path) -> None:
    for name in ("daily", "mailed", "former"):
        archive.save_edition(edition(date(2026, 3, 5), name, subject=name), [])
    client = client_of(tmp_path, DAILY, MAILED)
    assert [e.title for e in feedparser.parse(client.get("/digests.atom").content).entries] == ["daily"]
    for name in ("mailed", "former", "nothing"):
        assert client.get(f"/digests/{name}.atom").status_code == 404
    shown = client.get("/digests").text
    assert "/digests/daily.atom" in shown
    assert "/digests/mailed.atom" not in shown
    assert "/digests/mailed/2026-03-05" in shown


def test_a_feed_without_an_edition_is_an_empty_feed(archive: SqliteArchive, tmp_path: Path) -> None:
    read = feedparser.parse(client_of(tmp_path, DAILY).get("/digests/daily.atom").content)
    assert (read.bozo, read.entries, read.feed.updated) == (False, [], NOW.isoformat())


@pytest.mark.parametrize("address", ["/digests/daily/2026-03-06", "/digests/none/2026-03-05", "/digests/daily/today"])
def test_an_edition_that_is_not_there_is_a_page_that_says_so(
    archive: SqliteArchive, tmp_path: Path, address: str
) -> None:
    archive.save_edition(edition(date(2026, 3, 5)), [])
    assert client_of(tmp_path).get(address).status_code == 404


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_headlines_are_shown_in_lists_and_do_nothing(tmp_path: Path, attack: str) -> None:
    made = edition(date(2026, 3, 5), subject=attack, headlines=(attack,))
    with holding(tmp_path, made) as archive:
        client = client_of(tmp_path, DAILY)
        assert_inert(client.get("/digests").text)
        assert not feedparser.parse(client.get("/digests.atom").content).bozo
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "daily-2026-03-05.html").touch()
        assert pipeline.write_index(archive, tmp_path / "out", NOW).state is DeliveryState.SENT
    html = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert not {e.tag for e in elements(html)} & {"script", "iframe", "object", "embed", "img", "base", "form", "link"}
    assert [e.get("href") for e in elements(html) if e.tag == "a"] == ["daily-2026-03-05.html"]


# --- the file ------------------------------------------------------------------------------------


def test_delivering_files_writes_the_list_of_those_that_are_there_newest_first_by_month(tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = [edition(date(2026, month, 1), subject=f"Of month {month}") for month in (2, 3)]
    with holding(tmp_path, *made, out=out) as archive:
        archive.save_edition(edition(date(2026, 3, 5), "mailed"), [])
        counts = asyncio.run(pipeline.deliver(archive, Channels(mail=None), now=NOW))
    assert counts == {DeliveryState.SENT: 2}
    html = (out / "index.html").read_text(encoding="utf-8")
    links = [e for e in elements(html) if e.tag == "a"]
    assert [(e.get("href"), e.text) for e in links] == [
        ("daily-2026-03-01.html", "Of month 3"),
        ("daily-2026-02-01.html", "Of month 2"),
    ]
    assert [e.text for e in elements(html) if e.tag == "h2"] == ["March 2026", "February 2026"]
    assert all((out / str(e.get("href"))).is_file() for e in links)
    assert "<script" not in html


def test_a_list_that_cannot_be_written_counts_as_failed(tmp_path: Path) -> None:
    (tmp_path / "out" / "index.html").mkdir(parents=True)
    with holding(tmp_path, edition(date(2026, 3, 5)), out=tmp_path / "out") as archive:
        counts = asyncio.run(pipeline.deliver(archive, Channels(mail=None), now=NOW))
    assert counts == {DeliveryState.SENT: 1, DeliveryState.FAILED: 1}


def test_the_path_makes_the_line_the_file_and_the_list(tmp_path: Path) -> None:
    article = make_annotated(make_article("Gas flows", published=NOW - timedelta(hours=2)))
    settings = Settings(digests=(DAILY,), digest_folder=tmp_path / "out")
    with filled_archive(tmp_path / "a.db", article) as archive:
        pipeline.digest(archive, settings, now=NOW, day=date(2026, 3, 5))
        asyncio.run(pipeline.deliver(archive, Channels(mail=None), now=NOW))
        (line,) = archive.edition_lines()
    assert (line.subject, line.headlines) == ("Every day, Thursday 2026-03-05: 1, Gas flows", ("Gas flows",))
    assert "Every day, Thursday 2026-03-05: 1, Gas flows" in (tmp_path / "out" / "index.html").read_text("utf-8")
