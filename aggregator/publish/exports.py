"""Pure: what a search has found as CSV, Markdown and HTML."""

import csv
import io
import re
import unicodedata
from collections.abc import Sequence

from aggregator.publish.found import Found, Hit
from aggregator.publish.render import render
from aggregator.publish.snippets import Piece
from aggregator.text.markup import without_forbidden
from aggregator.text.urls import is_web_url, link_target

_COLUMNS = (
    *("id", "date", "outlet", "camp", "country", "language", "relevance", "topics", "story", "sources"),
    *("title", "text", "url"),
)
#: What makes a cell a formula (OWASP, «CSV Injection»).
_FORMULA = ("=", "+", "-", "@")
#: What begins a list.
_LIST = re.compile(r"^([0-9]*)([-+.)])")
#: Signs of CommonMark and GitHub's tables, links, footnotes and mentions wherever in a line they count.
_MARKDOWN = re.compile(r"[\\`*_\[\]<>&|~!:@#$^{}=]|(?<=www)\.", re.IGNORECASE)


def as_csv(found: Found) -> str:
    """RFC 4180, a line for each article, the names of the columns first."""
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows(map(_row, found.hits))
    return sheet.getvalue()


def _row(hit: Hit) -> tuple[str, ...]:
    stored, article = hit.stored, hit.stored.article
    cells = (
        str(stored.id),
        article.date.isoformat(timespec="seconds"),
        article.outlet,
        article.camp.value,
        article.country,
        article.language,
        f"{stored.annotated.relevance.score:.2f}",
        " ".join(stored.annotated.topics),
        str(stored.story or ""),
        "" if hit.sources is None else str(hit.sources),
        article.title,
        hit.text,
        article.url,
    )
    return tuple(map(harmless_cell, cells))


def harmless_cell(cell: str) -> str:
    """The cell as text for spreadsheets: what they would take for a formula is led by an apostrophe."""
    cleaned = without_forbidden(cell)
    # Programs differ in what they pass over before a formula: none of it counts.
    seen = (c for c in cell if not (c.isspace() or unicodedata.category(c) in ("Cc", "Cf")))
    sign = unicodedata.normalize("NFKC", next(seen, ""))
    return f"'{cleaned}" if sign.startswith(_FORMULA) or cell.startswith(("\t", "\r")) else cleaned


def as_markdown(found: Found) -> str:
    """CommonMark: a heading and a list. Nothing fetched becomes markup; titles are linked where they have a web address."""
    heading = f"# {_escaped(found.name)}\n\n{found.count}, {found.made:%Y-%m-%d %H:%M} UTC\n"
    return "\n".join([heading, *map(_item, found.hits)])


def _item(hit: Hit) -> str:
    article = hit.stored.article
    title = _marked(hit.snippet.title) or "untitled"
    link = f"[{title}](<{link_target(article.url)}>)" if is_web_url(article.url) else title
    sources = f" · {hit.sources} independent source{'' if hit.sources == 1 else 's'}" if hit.sources else ""
    about = f"{_line(_escaped(article.outlet))} · {article.date:%Y-%m-%d %H:%M} UTC · {article.language}{sources}"
    text = _marked(hit.snippet.text)
    # A backslash ends the line; one behind which nothing stands would be seen.
    return f"- {link}\\\n  {about}" + (f"\\\n  {text}\n" if text else "\n")


def _marked(pieces: Sequence[Piece]) -> str:
    """Pieces in Markdown, matches bold where the asterisks are sure to be read so: beside letters and digits."""
    return _line(
        "".join(
            f"**{_escaped(text)}**" if matched and text[0].isalnum() and text[-1].isalnum() else _escaped(text)
            for text, matched in pieces
        )
    )


def _line(text: str) -> str:
    """Escaped text that can begin a line, where a sign or number would begin a list."""
    return _LIST.sub(r"\1\\\2", text.strip())


def _escaped(text: str) -> str:
    """Text in one line without the meaning that its signs have in Markdown."""
    line = re.sub(r"\s", " ", without_forbidden(text))
    # Behind a word joiner an @ begins neither an address nor the name of a user, even where escaping does not help.
    return _MARKDOWN.sub(lambda sign: f"\\{sign[0]}" + ("\u2060" if sign[0] == "@" else ""), line)


def as_html(found: Found) -> str:
    """A page that needs nothing else: no script, nothing from elsewhere."""
    return render("found.html", found=found)
