"""«Both leaders», «обе страны», 双方: phrases that mean the pair once it was named."""

from collections.abc import Iterable, Iterator

from aggregator.annotate.beat import Beat
from aggregator.annotate.concepts import CueHit, Names
from aggregator.annotate.sentences import Sentence, Sentences
from aggregator.annotate.ties import read_tie
from aggregator.model import Article, Concept, Field, Mention

#: Lighter names of third parties are those of news agencies, which take no part.
_TAKES_PART = 0.3
_PARTIES = frozenset(("country", "person", "body"))


def with_pair_phrases(names: Names, article: Article, beat: Beat) -> Names:
    """The names with each phrase as a mention of the pair, where that was the last to be named together, without a third."""
    if not any(hit.cue.concept for hit in (*names.title_cues, *names.body_cues)):
        return names
    sentences = Sentences(article, names, beat)
    found = list(_pair_mentions(sentences, beat)) if sentences.can_speak_of_both else []
    return names._replace(mentions=tuple(sorted((*names.mentions, *found), key=_place))) if found else names


def _pair_mentions(sentences: Sentences, beat: Beat) -> Iterator[Mention]:
    pair_named = False
    for sentence in (*sentences.title, *sentences.body):
        for hit in _phrases(sentence):
            before = sentence._replace(
                text=sentence.text[: hit.start - sentence.start],
                concepts=[named for named in sentence.concepts if named[1].start < hit.start],
            )
            if _names_pair(before, pair_named, beat):
                yield _mention(hit, sentence)
        pair_named = _names_pair(sentence, pair_named, beat)


def _phrases(sentence: Sentence) -> Iterator[CueHit]:
    """The phrases in a sentence that no name covers; of those that overlap, the first and longest."""
    end = 0
    for hit in sentence.cues:
        if hit.cue.concept and hit.start >= end and not _is_covered(hit, sentence.concepts):
            end = hit.start + len(hit.text)
            yield hit


def _is_covered(hit: CueHit, concepts: Iterable[tuple[Concept, Mention]]) -> bool:
    end = hit.start + len(hit.text)
    return any(mention.start < end and hit.start < mention.end for _, mention in concepts)


def _names_pair(sentence: Sentence, so_far: bool, beat: Beat) -> bool:
    """Whether the pair is what was last named together, after a sentence."""
    tie = read_tie(sentence, beat)
    third = {concept.kind for concept, _ in sentence.concepts if _is_third_party(concept)}
    if tie.manner in ("pair", "together"):
        # «Xi and Putin spoke about Ukraine» is of two, «Xi and Putin met Modi» is not.
        return "person" not in third and not tie.third_leads
    if tie.both:
        return not third and tie.manner != "listed"
    return so_far and not third


def _is_third_party(concept: Concept) -> bool:
    return concept.side == "third" and concept.kind in _PARTIES and concept.weight >= _TAKES_PART


def _mention(hit: CueHit, sentence: Sentence) -> Mention:
    field: Field = "title" if sentence.field == "title" else "text"
    return Mention(hit.cue.concept, field, hit.start, hit.start + len(hit.text))


def _place(mention: Mention) -> tuple[bool, int]:
    return mention.field == "text", mention.start
