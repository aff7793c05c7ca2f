"""Article → everything that it names: concepts, offices as those who hold them, the pair where it is only pointed at."""

from aggregator.annotate.beat import Beat
from aggregator.annotate.concepts import Names, find_names
from aggregator.annotate.offices import with_holders
from aggregator.annotate.pair_phrases import with_pair_phrases
from aggregator.model import Article


def names_of(article: Article, beat: Beat) -> Names:
    """What an article names, on its day and in its context."""
    found = find_names(article.title, article.body, beat)
    return with_pair_phrases(with_holders(found, article, beat), article, beat)
