"""What searches find: this program beside FTS5's own tokenizers, on the judged searches of tests/gold/search.yaml.

    python benchmarks/search_recall.py

Counted are pairs of a query and an article that it must find. The tokenizers get title and text as they are, and the
query as this program reads it: words in quotes, phrases, NEAR, prefixes, title: and text:, AND, OR and NOT, without pasted
quotes, stray signs and full-width letters. What asks for a field, a date, a story or a name's other names they cannot be
asked; those pairs stand in a column of their own. Open cases count as cases here, so this program does not find all.
"""

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from aggregator.annotate.beat import load_beat
from aggregator.archive.engine import sqlite3
from aggregator.errors import QueryError
from aggregator.model import Article
from aggregator.model.query import And, Near, Not, Or, Query, Scope, Term
from aggregator.query import parse_query
from tests.archive.gold import NOW, Case, gold_archive, read_gold, read_open
from tests.builders import NOTHING

#: What a query finds; None if it cannot be asked.
Search = Callable[[str], frozenset[str] | None]


class CannotAskError(Exception):
    """The query asks for more than words."""


def plain_query(text: str) -> str:
    """The query as FTS5 writes it.

    Raises:
        CannotAskError: FTS5 has no word for a part of it.
    """
    try:
        return _written(parse_query(text, vocabulary=NOTHING, now=NOW))
    except QueryError as error:
        raise CannotAskError from error


def _written(query: Query) -> str:
    match query:
        case Term(text, scope, prefix):
            return _scoped(scope, _quoted(text) + (" *" if prefix else ""))
        case Near(words, distance, scope):
            return _scoped(scope, f"NEAR({' '.join(map(_quoted, words))}, {distance})")
        case Or(parts):
            return f"({' OR '.join(map(_written, parts))})"
        case And(parts):
            return _all_of(parts)
    raise CannotAskError


def _all_of(parts: Sequence[Query]) -> str:
    wanted = [_written(part) for part in parts if not isinstance(part, Not)]
    barred = [_written(part.part) for part in parts if isinstance(part, Not)]
    if not wanted:
        raise CannotAskError
    both = f"({' AND '.join(wanted)})"
    return f"({both} NOT ({' OR '.join(barred)}))" if barred else both


def _scoped(scope: Scope, text: str) -> str:
    return text if scope == "any" else f"{scope} : {text}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@contextmanager
def plain_index(articles: Mapping[str, Article], tokenizer: str) -> Iterator[Search]:
    """The search of an index with one of FTS5's tokenizers."""
    names = list(articles)
    texts = [(number, one.title, one.body) for number, one in enumerate(articles.values())]
    with closing(sqlite3.connect(":memory:")) as plain:
        plain.execute(f"CREATE VIRTUAL TABLE words USING fts5(title, text, tokenize = '{tokenizer}')")
        plain.executemany("INSERT INTO words(rowid, title, text) VALUES (?, ?, ?)", texts)

        def search(query: str) -> frozenset[str] | None:
            try:
                asked = plain_query(query)
            except CannotAskError:
                return None
            rows = plain.execute("SELECT rowid FROM words WHERE words MATCH ?", (asked,))
            return frozenset(names[number] for (number,) in rows)

        yield search


class Tally:
    """Pairs of one kind: how many there are, how many each index finds, and how many it cannot be asked for."""

    def __init__(self) -> None:
        self.cases = self.pairs = self.not_asked = 0
        self.found: dict[str, int] = defaultdict(int)
        self.wrong: dict[str, int] = defaultdict(int)

    def add(self, case: Case, answers: Mapping[str, frozenset[str] | None]) -> None:
        """Count a case and what each index answered."""
        self.cases += 1
        self.pairs += len(case.finds)
        if None in answers.values():
            self.not_asked += len(case.finds)
        for name, answer in answers.items():
            self.found[name] += len(case.finds & (answer or frozenset()))
            self.wrong[name] += len((answer or frozenset()) - case.finds - case.also)


def main() -> None:
    """Print a table by kind of case."""
    articles, cases, _ = read_gold()
    tallies: dict[str, Tally] = defaultdict(Tally)
    with (
        tempfile.TemporaryDirectory() as scratch,
        plain_index(articles, "unicode61") as unicode61,
        plain_index(articles, "porter unicode61") as porter,
        plain_index(articles, "trigram") as trigram,
    ):
        gold = gold_archive(Path(scratch) / "archive.db", load_beat())
        searches: dict[str, Search] = {
            "this program": gold.found,
            "unicode61": unicode61,
            "porter": porter,
            "trigram": trigram,
        }
        for case in (*cases, *(one._replace(kind="open") for one in read_open())):
            answers = {name: search(case.query) for name, search in searches.items()}
            tallies[case.kind].add(case, answers)
            tallies["all"].add(case, answers)
    _print_table(tallies, list(searches))


def _print_table(tallies: Mapping[str, Tally], indexes: Sequence[str]) -> None:
    print(f"| kind | cases | pairs | {' | '.join(indexes)} | not to be asked |")
    print(f"|---|---|---|{'---|' * len(indexes)}---|")
    ordered = sorted(tallies.items(), key=lambda item: (item[0] == "all", item[0] == "open"))
    for kind, tally in ordered:
        found = " | ".join(str(tally.found[name]) for name in indexes)
        print(f"| {kind} | {tally.cases} | {tally.pairs} | {found} | {tally.not_asked} |")
    wrong = " | ".join(str(tallies["all"].wrong[name]) for name in indexes)
    print(f"| found wrongly | | | {wrong} | |")


if __name__ == "__main__":
    main()
