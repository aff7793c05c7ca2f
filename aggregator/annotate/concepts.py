"""Text → Mentions."""

from aggregator.annotate.beat import Beat
from aggregator.model import Field, Mention


def find_mentions(title: str, body: str, beat: Beat) -> tuple[Mention, ...]:
    """Where the beat's concepts stand in a title and a body, in order."""
    return (*_in_field("title", title, beat), *_in_field("text", body, beat))


def _in_field(field: Field, text: str, beat: Beat) -> list[Mention]:
    return [Mention(str(hit.meaning), field, hit.start, hit.end) for hit in beat.concept_matcher.find(text)]
