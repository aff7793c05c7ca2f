"""The index of recent articles lives on between rounds, and is made anew where others have changed the archive."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import Annotated
from aggregator.pipeline import Gatherer, gather
from aggregator.settings import Settings
from tests.builders import NOW, make_annotated, make_article, make_harvest

TITLES = [
    "Putin meets Xi in Moscow for talks on gas",
    "Putin and Xi meet in Moscow for gas talks",
    "Quake of magnitude 6 hits Sichuan, dozens hurt",
    "Magnitude 6 quake in Sichuan hurts dozens",
    "Moscow and Beijing sign a pact on Arctic shipping",
    "Putin, Xi in Moscow: talks on gas end late",
]


def article(number: int, *, hours: float) -> Annotated:
    moment = NOW + timedelta(hours=hours)
    made = make_article(TITLES[number], outlet=f"Outlet {number}", published=moment, first_seen=moment)
    return make_annotated(made)


def stories(archive: SqliteArchive) -> list[set[str]]:
    grouped: dict[int | None, set[str]] = {}
    for stored in archive.recent(NOW - timedelta(days=30)):
        grouped.setdefault(stored.story, set()).add(stored.article.title)
    return sorted(grouped.values(), key=min)


def in_rounds(path: Path, rounds: Sequence[Sequence[Annotated]], *, kept: bool) -> list[set[str]]:
    archive = open_archive(path)
    gatherer = Gatherer(archive, Settings())
    for fresh in rounds:
        archive.save(make_harvest(*fresh))
        placed = gatherer.gather() if kept else gather(archive, Settings())
        assert placed == len(fresh)
    return stories(archive)


def test_a_kept_index_decides_as_one_made_anew(tmp_path: Path) -> None:
    rounds = [
        [article(0, hours=0), article(2, hours=0.5)],
        [article(1, hours=1)],
        [article(4, hours=2), article(3, hours=3)],
    ]
    rounds.append([article(5, hours=-20)])  # late
    kept = in_rounds(tmp_path / "kept.db", rounds, kept=True)
    assert kept == in_rounds(tmp_path / "anew.db", rounds, kept=False)
    assert {TITLES[0], TITLES[1]} <= kept[[TITLES[0] in one for one in kept].index(True)]


def test_what_another_process_placed_is_known(tmp_path: Path) -> None:
    archive = open_archive(tmp_path / "a.db")
    gatherer = Gatherer(archive, Settings())
    archive.save(make_harvest(article(2, hours=0)))
    gatherer.gather()
    archive.save(make_harvest(article(0, hours=1)))
    gather(archive, Settings())
    archive.save(make_harvest(article(1, hours=2)))
    gatherer.gather()
    assert {TITLES[0], TITLES[1]} in stories(archive)
