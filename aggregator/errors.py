"""The one family of errors that users may see; bugs raise whatever Python raises.

AggregatorError
├── ConfigurationError   feeds.yaml or the environment is wrong: names file, line, field and mend
├── QueryError           a query cannot be read: points at the column
├── LexiconError         the data of a beat contradicts itself
└── ArchiveError         the archive cannot be opened, or is in use

Failures that are expected in daily work (a feed that answers 404) are values, not exceptions:
see `aggregator.model.FetchFailure` and `aggregator.model.ParseFailure`.
"""


class AggregatorError(Exception):
    """Something that the user can mend; its text says what failed and what to do."""


class ConfigurationError(AggregatorError):
    """The configuration cannot be used."""


class QueryError(AggregatorError):
    """A query cannot be read.

    `column` is the 1-based position in the query at which reading stopped, 0 if there is none.
    """

    def __init__(self, message: str, *, column: int = 0) -> None:
        super().__init__(f"{message} (column {column})" if column else message)
        self.column = column


class LexiconError(AggregatorError):
    """The data files of a beat contradict each other."""


class ArchiveError(AggregatorError):
    """The archive cannot be opened, read or written."""
