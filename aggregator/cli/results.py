"""What `aggregator search` tells on the terminal and as JSON."""

from collections.abc import Iterator, Sequence

from rich.bar import Bar
from rich.text import Text

from aggregator.annotate.beat import Beat
from aggregator.cli import output
from aggregator.model import Facets
from aggregator.model.query import (
    And,
    Compare,
    ConceptIs,
    Everything,
    FirstIs,
    NameIs,
    Near,
    Not,
    Or,
    Query,
    Term,
    TopicIs,
)
from aggregator.publish.facets import FacetTable, span_of, stretch_name
from aggregator.publish.found import Found, Hit
from aggregator.publish.snippets import Piece
from aggregator.query import printed

#: Rows of a table of facets; the JSON has all.
_ROWS = 10
_BAR = 40
_FIELDS = {"lang": "language", "date": "time"}


def print_found(found: Found) -> None:
    """A row for each article or story: what it is on the left, its title and snippet on the right, matches bold."""
    output.print_table(
        found.count, ("story" if found.stories else "article", "title"), [_row(hit) for hit in found.hits]
    )


def _row(hit: Hit) -> tuple[object, object]:
    stored, article = hit.stored, hit.stored.article
    title = _marked(hit.snippet.title)
    if hit.snippet.text:
        title.append("\n").append_text(_marked(hit.snippet.text, "dim"))
    number = f"{stored.id}" if hit.sources is None else f"story {stored.story}"
    sources = [] if hit.sources is None else [f"{hit.sources} source{'' if hit.sources == 1 else 's'}"]
    relevance = f"{stored.annotated.relevance.score:.2f} relevant"
    about = [f"{number} · {article.language}", f"{article.date:%Y-%m-%d %H:%M}", article.outlet, *sources, relevance]
    return "\n".join(about), title


def _marked(pieces: Sequence[Piece], style: str = "") -> Text:
    text = Text()
    for piece in pieces:
        text.append(" ".join(piece.text.split("\n")), "bold" if piece.matched else style)
    return text


def print_next(command: str) -> None:
    """How to see what comes after this page."""
    output.out.print(f"More:  {command}", markup=False, soft_wrap=True)


def print_nothing(query: Query, nowhere: Sequence[Query]) -> None:
    """That nothing was found, and why perhaps: to people, whatever form was asked for."""
    output.err.print("Nothing matches.")
    if not isinstance(query, Everything):
        output.err.print(f"Read as:  {printed(query)}", markup=False, soft_wrap=True)
    if nowhere:
        words = ", ".join(map(printed, nowhere))
        output.err.print(f"Found nowhere, even alone:  {words}", markup=False, soft_wrap=True)


def print_timeline(facets: Facets) -> None:
    """A bar for each day, month or year."""
    span = span_of(facets.timeline)
    most = max(bucket.articles for bucket in facets.timeline)
    rows = [
        (stretch_name(bucket), f"{bucket.articles:,}", Bar(most, 0, bucket.articles, width=_BAR))
        for bucket in facets.timeline
    ]
    output.print_table(f"{facets.total:,} articles by {span}", (span, "articles", ""), rows)


def print_facets(facets: Facets, tables: Sequence[FacetTable]) -> None:
    """A table for each field, with the queries that narrow to a row."""
    newest = f", of which the newest {facets.counted:,} are told of" if facets.counted < facets.total else ""
    output.out.print(f"{facets.total:,} articles{newest}", style="bold")
    for table in tables:
        if table.rows:
            name = _FIELDS.get(table.field, table.field)
            rows = [(row.name, f"{row.articles:,}", row.query) for row in table.rows[:_ROWS]]
            output.print_table("", (name, "articles", "query"), rows)


def as_json(found: Found) -> str:
    """`aggregator search --json`; docs/machines.md describes it."""
    return output.json_text(
        {
            "query": found.read,
            "total": found.page.total,
            "more": found.page.more,
            "as_of": found.page.as_of,
            "next_offset": found.next_offset,
            "hits": [_hit_json(hit) for hit in found.hits],
        }
    )


def _hit_json(hit: Hit) -> dict[str, object]:
    stored, article = hit.stored, hit.stored.article
    return {
        "id": stored.id,
        "title": article.title,
        "url": article.url,
        "outlet": article.outlet,
        "camp": article.camp.value,
        "country": article.country,
        "language": article.language,
        "published": output.when(article.date),
        "updated": output.when(article.updated),
        "date_confidence": article.date_confidence.value,
        "relevance": stored.annotated.relevance.score,
        "topics": stored.annotated.topics,
        "story": stored.story,
        **({} if hit.sources is None else {"independent_sources": hit.sources}),
        "snippet": {"title": hit.snippet.title, "text": hit.snippet.text},
    }


def facets_json(facets: Facets, tables: Sequence[FacetTable]) -> str:
    """`aggregator search --facets --json`, and `--timeline --json` where there are no tables."""
    if tables:
        rows = {table.field: [row._asdict() for row in table.rows] for table in tables}
        return output.json_text({"total": facets.total, "counted": facets.counted, "facets": rows})
    buckets = [
        {"since": output.when(one.since), "until": output.when(one.until), "articles": one.articles}
        for one in facets.timeline
    ]
    return output.json_text({"total": facets.total, "timeline": buckets})


def print_reading(query: Query, beat: Beat) -> None:
    """How a query is read: as text that reads to the same, and part by part."""
    output.out.print(f"Read as:  {printed(query) or '(everything)'}", markup=False, soft_wrap=True)
    for depth, line in _told(query, beat):
        output.out.print(f"{'  ' * depth}{line}", markup=False, soft_wrap=True)


def _told(query: Query, beat: Beat, depth: int = 1) -> Iterator[tuple[int, str]]:
    """The lines of a query's reading, each with its depth."""
    match query:
        case And(parts) | Or(parts):
            yield depth, "all of" if isinstance(query, And) else "one of"
            for part in parts:
                yield from _told(part, beat, depth + 1)
        case Not(part):
            yield depth, "not"
            yield from _told(part, beat, depth + 1)
        case _:
            yield depth, _condition(query, beat)


def _condition(query: Query, beat: Beat) -> str:
    match query:
        case ConceptIs(concept, text):
            known = beat.concepts.get(concept)
            return f"{text}: {known.name() if known else concept} under any name in any language, or the word itself"
        case Term(text, scope, prefix):
            what = (
                "words that begin so"
                if prefix
                else "this in any form"
                if len(text.split()) < 2
                else "these together, in any form"
            )
            return f"{text}: {what}{_where(scope)}"
        case Near(words, distance, scope):
            return (
                f"{', '.join(words)}: with at most {distance} other words between the first and the last{_where(scope)}"
            )
        case TopicIs(topic):
            return f"the topic {topic}"
        case NameIs(attribute, value):
            return f"{attribute} is {value}"
        case FirstIs(camp):
            return f"the story was reported first by {camp}"
        case Compare(attribute, operator, value):
            return f"{attribute} {operator} {value}"
    return "every article"


def _where(scope: str) -> str:
    return "" if scope == "any" else f", in the {scope} only"
