"""Article → everything that it names: concepts, offices as those who hold them, the pair where it is only pointed at."""

from aggregator.annotate.beat import Beat
from aggregator.annotate.concepts import Names, find_names
from aggregator.annotate.offices import with_holders
from aggregator.annotate.pair_phrases import with_pair_phrases
from aggregator.model import Article, Side


def names_of(article: Article, beat: Beat) -> Names:
    """What an article names, on its day and in its context."""
    names = with_holders(find_names(article.title, article.body, beat), article, beat)
    if not _can_speak_of_both(names, article, beat):
        return names
    return with_pair_phrases(names._replace(of_both=True), article, beat)


def _can_speak_of_both(names: Names, article: Article, beat: Beat) -> bool:
    sides: set[Side] = set()
    for mention in names.mentions:
        text = article.title if mention.field == "title" else article.body
        name = text[mention.start : mention.end]
        sides.update([side for side, _ in beat.sides_of(beat.concepts[mention.concept], name)])
    return "pair" in sides or {"first", "second"} <= sides
