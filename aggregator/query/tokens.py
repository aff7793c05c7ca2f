"""The text of a query → its tokens, each with its column."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from aggregator.errors import QueryError


class Token(NamedTuple):
    """A piece of a query; the text of a field has its operator behind a space, that of a phrase is without quotes."""

    kind: str
    text: str
    column: int
    distance: int | None = None
    """Of a phrase: how far apart its words may stand."""


#: Opening quotes with what closes them: phones and word processors write them for straight ones.
_QUOTES = {'"': '"', "“": "”“", "„": "“”", "«": "»", "「": "」", "『": "』", "《": "》"}
_PHRASES = "|".join(f"{opening}[^{closing}]*[{closing}]?" for opening, closing in _QUOTES.items())
_TOKEN = re.compile(
    rf"""\s*(?:
      (?P<open>\()|(?P<close>\))
    | (?P<phrase>{_PHRASES})(?:~(?P<distance>[0-9]+))?
    | (?P<field>[A-Za-z]+)(?P<operator>>=|<=|>|<|:(?:>=|<=|>|<)?)(?=[^\s)])
    | (?P<not>-(?=[\w({"".join(_QUOTES)}]))
    | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)
#: Words farther apart than this have nothing to do with each other, and SQLite would have to look.
_FARTHEST = 100


def tokens(text: str) -> Iterator[Token]:
    """The tokens of a query; every text has some.

    Raises:
        QueryError: a distance is too large; names the column.
    """
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise QueryError(f"{text[position:].strip()[0]!r} cannot be read", column=position + 1)
        yield _token(match)
        position = match.end()


def _token(match: re.Match[str]) -> Token:
    if match["field"]:
        return Token("field", f"{match['field'].lower()} {match['operator']}", match.start("field") + 1)
    if match["phrase"] is not None:
        return Token("phrase", _inside(match["phrase"]), match.start("phrase") + 1, _distance(match))
    kind = match.lastgroup or ""
    word = match[kind]
    return Token(word if word in ("AND", "OR", "NOT") else kind, word, match.start(kind) + 1)


def _inside(phrase: str) -> str:
    """The phrase without its quotes, of which the closing one may be missing; straight ones inside others are spaces."""
    closed = len(phrase) > 1 and phrase[-1] in _QUOTES[phrase[0]]
    return (phrase[1:-1] if closed else phrase[1:]).replace('"', " ")


def _distance(match: re.Match[str]) -> int | None:
    if match["distance"] is None:
        return None
    if len(match["distance"]) > 3 or int(match["distance"]) > _FARTHEST:
        raise QueryError(f"words may be {_FARTHEST} apart at most", column=match.start("distance") + 1)
    return int(match["distance"])
