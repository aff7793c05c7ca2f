"""Offices in an article → who held them on its day."""

from collections.abc import Iterator, Sequence

from aggregator.annotate.beat import Beat
from aggregator.annotate.concepts import Names
from aggregator.model import Article, Concept, Mention
from aggregator.text.fold import fold, is_han

#: What may stand between an office and a word before it or the name of who holds it.
_GAP = " \"'«“(,"
_LOOK_BACK = 40


def with_holders(names: Names, article: Article, beat: Beat) -> Names:
    """The names with each office as a mention of its holder, or of itself where none is known."""
    if beat.offices.isdisjoint([mention.concept for mention in names.mentions]):
        return names
    return names._replace(mentions=tuple(_held(names.mentions, article, beat)))


def holder_on(office: Concept, day: str) -> str | None:
    """Id of who held an office on a day, an ISO date; None where that is not known."""
    return next((held.person for held in office.holders if held.since <= day < held.until), None)


def _held(mentions: Sequence[Mention], article: Article, beat: Beat) -> Iterator[Mention]:
    day = article.date.date().isoformat()
    for mention, following in zip(mentions, (*mentions[1:], None), strict=True):
        holder = holder_on(beat.concepts[mention.concept], day) if mention.concept in beat.offices else None
        if holder and _may_be(holder, mention, following, article, beat):
            yield mention._replace(concept=holder)
        else:
            yield mention


def _may_be(holder: str, office: Mention, following: Mention | None, article: Article, beat: Beat) -> bool:
    """Whether neither the word before an office («former») nor the name behind it tells of another than its holder."""
    text = article.title if office.field == "title" else article.body
    if _is_anothers(fold(text[max(0, office.start - _LOOK_BACK) : office.start]), beat.not_the_holder):
        return False
    return following is None or _named(office, following, text, beat) in ("", holder)


def _is_anothers(before: str, words: tuple[str, ...]) -> bool:
    """Whether the text before an office ends with a word such as «former»."""
    before = before.rstrip(_GAP)
    return before.endswith(words) and any(
        before.endswith(word) and (is_han(word[0]) or not before[: -len(word)][-1:].isalnum()) for word in words
    )


def _named(office: Mention, following: Mention, text: str, beat: Beat) -> str:
    """The person who is named right behind an office («Foreign Minister Primakov»); empty if none is."""
    gap = text[office.end : following.start]
    near = following.field == office.field and not gap.strip(_GAP) and len(gap) <= 2
    return following.concept if near and beat.concepts[following.concept].kind == "person" else ""
