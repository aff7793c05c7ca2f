"""The judged searches of `tests/gold/search.yaml`, in an archive of their own articles."""

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML

from aggregator.annotate import annotate
from aggregator.annotate.beat import Beat
from aggregator.archive.sqlite import SqliteArchive, open_archive
from aggregator.model import Article, Placement
from aggregator.query import parse_query
from aggregator.settings import Camp
from tests.builders import make_article, make_harvest

_FILE = Path(__file__).parents[1] / "gold" / "search.yaml"
#: The morning after the last articles.
NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)


class Case(NamedTuple):
    """A query and the articles that it must find, and those that it may find, by id."""

    kind: str
    query: str
    finds: frozenset[str]
    also: frozenset[str]


def read_gold() -> tuple[dict[str, Article], list[Case], list[dict[str, Any]]]:
    """The articles by id, the cases, and the stories."""
    data = _read()
    founders = {story["articles"][0] for story in data["stories"]}
    articles = {name: _article(name, row, first=name in founders) for name, row in data["articles"].items()}
    cases = [
        Case(row[0], str(row[1]), frozenset(row[2]), frozenset(row[3] if len(row) > 3 else ())) for row in data["cases"]
    ]
    return articles, cases, data["stories"]


def read_open() -> list[Case]:
    """The cases that this version is known to fail; their kind is why."""
    return [Case(why, query, frozenset(finds), frozenset()) for query, finds, why in _read()["open"]]


@lru_cache(maxsize=1)
def _read() -> dict[str, Any]:
    return dict(YAML(typ="safe").load(_FILE))


def _article(name: str, row: list[Any], *, first: bool) -> Article:
    outlet, camp, country, day, title, text, *later = row
    hour = 7 if first else 9
    published = datetime(2026, 3, day, hour, tzinfo=UTC) if day else None
    first_seen = datetime(2026, 3, later[0] if later else day, hour, tzinfo=UTC)
    return make_article(
        title,
        text=text,
        url=f"https://example.com/{name}",
        outlet=outlet,
        camp=Camp(camp),
        country=country,
        language=name[:2],
        published=published,
        first_seen=first_seen,
    )


class GoldArchive:
    """The archive, and which ids its articles have."""

    def __init__(self, archive: SqliteArchive, names: list[str], beat: Beat) -> None:
        self._archive, self._names, self._beat = archive, names, beat

    def found(self, query: str) -> frozenset[str]:
        """Ids of the articles that a query finds."""
        parsed = parse_query(query, vocabulary=self._beat, now=NOW)
        page = self._archive.search(parsed, order="newest", limit=1000, offset=0)
        return frozenset(self._names[stored.id - 1] for stored in page.articles)


def gold_archive(path: Path, beat: Beat) -> GoldArchive:
    """Fill an archive with the articles and their stories."""
    articles, _, stories = read_gold()
    names = list(articles)
    filled = open_archive(path)
    filled.save(make_harvest(*(annotate(article, beat) for article in articles.values())))
    number = {name: place for place, name in enumerate(names, 1)}
    founder = {member: story["articles"][0] for story in stories for member in story["articles"]}
    copies = {copy: original for story in stories for copy, original in map(tuple, story["copies"])}
    filled.place(
        Placement(
            article=number[name],
            joins=number[founder[name]] if founder.get(name, name) != name else None,
            copy_of=number[copies[name]] if name in copies else None,
        )
        for name in sorted(names, key=lambda name: founder.get(name, name) != name)
    )
    return GoldArchive(filled, names, beat)
