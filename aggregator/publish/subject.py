"""Pure: the subject line of an edition, as its definition words it."""

from collections.abc import Sequence
from datetime import date
from string import Formatter

from aggregator.settings import DigestDefinition

#: What may stand in braces.
WORDS = ("title", "date", "weekday", "stories", "top")


def subject_line(definition: DigestDefinition, day: date, headlines: Sequence[str]) -> str:
    """The subject of the edition of a date; `headlines` are those of its stories, the top story's first."""
    return definition.subject.format(
        title=definition.title,
        date=day.isoformat(),
        weekday=day.strftime("%A"),
        stories=len(headlines),
        top=headlines[0] if headlines else "",
    )


def subject_problem(subject: str) -> str:
    """What is wrong with a subject of feeds.yaml, and the mend; empty if nothing is.

    A word in braces stands alone: no attribute, index, conversion or format of it.
    """
    try:
        pieces = list(Formatter().parse(subject))
    except ValueError as error:
        return f"a brace is broken ({error}); write {{{{ for one that is meant to be read"
    for _, word, format_spec, conversion in pieces:
        if word is not None and (word not in WORDS or format_spec or conversion):
            listed = ", ".join(f"{{{known}}}" for known in WORDS)
            told = word + (f"!{conversion}" if conversion else "") + (f":{format_spec}" if format_spec else "")
            return f"{{{told:.40}}} is no word that is known here; use {listed}"
    return ""
