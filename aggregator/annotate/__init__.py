"""Stage 2: what an article is about, and what it repeats. All pure."""

from aggregator.annotate.beat import Beat
from aggregator.annotate.naming import names_of
from aggregator.annotate.relevance import judge_relevance
from aggregator.annotate.sentences import Sentences
from aggregator.annotate.topics import find_topics
from aggregator.model import Annotated, Article
from aggregator.text.words import words


def annotate(article: Article, beat: Beat) -> Annotated:
    """Say what an article is about: concepts, topics, and how probably the tie of the beat's pair."""
    names = names_of(article, beat)
    return Annotated(
        article=article,
        mentions=names.mentions,
        topics=find_topics(names, beat),
        relevance=judge_relevance(Sentences(article, names, beat), beat, article.language),
        title_words=" ".join(words(article.title)),
        text_words=" ".join(words(article.body)),
        version=beat.version,
    )
