"""Pure: what a rule tells of a story, when it tells more of it, and when it keeps quiet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from aggregator.annotate.beat import Beat
from aggregator.annotate.quantities import quantities
from aggregator.model import DateConfidence, Health, Notice, StoredArticle, Story
from aggregator.model.publish import QUIET
from aggregator.model.query import Query
from aggregator.publish.calendar import is_weekday
from aggregator.publish.snippets import Piece, snippet
from aggregator.publish.spikes import Volume
from aggregator.publish.view import CAMP_NAMES, FeedReport
from aggregator.settings import AlertRule

#: An article that appeared longer ago is no news: a feed's backlog, or what an outlet publishes once more.
FRESH = timedelta(hours=48)
#: Reasons for which a notice waits, to be told together with others.
COOLDOWN, TOO_MANY = "cooldown", "too many in an hour"
_REASONS, _NEWS, _SNIPPET = 3, 5, 160
_HOUR = timedelta(hours=1)
#: In the place of a story's id, where a notice is of none.
NO_STORY = 0
#: So many feeds in trouble at once, and more than half of all, are one trouble: the network's.
_OUTAGE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """A story of which an article is new and matches a rule."""

    story: Story
    article: StoredArticle
    """The latest of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A rule with its parsed query."""

    rule: AlertRule
    query: Query


def is_news(stored: StoredArticle, feed_began: datetime | None, now: datetime) -> bool:
    """Whether an article may give an alert.

    One that says when it appeared, if that was lately; one that does not, unless it came with the first reading of its
    feed (`feed_began`), which brings all that the feed has.
    """
    article = stored.article
    if article.date_confidence is DateConfidence.FIRST_SEEN and article.first_seen == feed_began:
        return False
    return now - article.date <= FRESH


def notice_of(
    asked: Asked, matched: Matched, last: Notice | None, *, beat: Beat, now: datetime, address: str = ""
) -> Notice | None:
    """What a rule tells of a story now; None if nothing, since it has been told and nothing of note is new.

    `last`: the latest notice of this rule and story; `address`: that of the archive page.
    """
    rule, story, stored = asked.rule, matched.story, matched.article
    if rule.kind == "first" and story.first.article.camp != rule.camp:
        return None
    news = _news(rule, story, last, beat) if last else ()
    if last and not news:
        return None
    return Notice(
        rule=rule.name,
        story=story.id,
        number=last.number + 1 if last else 1,
        severity=rule.severity,
        headline=stored.article.title,
        why="; ".join(news) or _why(asked, stored),
        url=f"{address}/story/{story.id}" if address else stored.article.url,
        created=now,
        recipients=rule.recipients,
        channels=rule.channels,
        details=_details(asked.query, story, stored, beat),
    )


def _why(asked: Asked, stored: StoredArticle) -> str:
    relevance = stored.annotated.relevance
    reasons = "; ".join(evidence.what for evidence in relevance.evidence[:_REASONS] if evidence.points > 0)
    return f"matches {asked.rule.query!r}; relevance {relevance.score:.2f}: {reasons}"


def _news(rule: AlertRule, story: Story, last: Notice, beat: Beat) -> tuple[str, ...]:
    """What is worth another notice, in words."""
    escalate, told, news = rule.escalate, last.details, list[str]()
    before = _number(told, "sources")
    if escalate.sources and story.independent_sources >= before + escalate.sources:
        news.append(f"{story.independent_sources} independent sources now, {before} before")
    camps = [camp for camp in _camps(story) if camp not in _texts(told, "camps")]
    if escalate.camps and camps:
        news.append(f"told by {', '.join(camps)} too")
    facts = [fact for fact in _facts(story, beat) if fact not in _texts(told, "facts")]
    if escalate.news and facts:
        news.append(f"new in it: {', '.join(facts[:_NEWS])}")
    return tuple(news)


def silence_of(asked: Asked, story: Story, *, beat: Beat, now: datetime, address: str = "") -> Notice:
    """That a camp has said nothing of a story for so long as the rule says."""
    rule, lead = asked.rule, story.first
    camp = CAMP_NAMES[rule.camp.value] if rule.camp else ""
    return Notice(
        rule=rule.name,
        story=story.id,
        severity=rule.severity,
        headline=lead.article.title,
        why=f"{camp} has not reported it in {rule.hours} hours, and all its feeds were read",
        url=f"{address}/story/{story.id}" if address else lead.article.url,
        created=now,
        recipients=rule.recipients,
        channels=rule.channels,
        details=_details(asked.query, story, lead, beat),
    )


def spike_of(rule: AlertRule, volume: Volume, number: int, *, now: datetime, address: str = "") -> Notice:
    """That more is reported than is usual."""
    return Notice(
        rule=rule.name,
        story=NO_STORY,
        number=number,
        severity=rule.severity,
        headline=f"{volume.count} articles in {rule.hours} hours, {volume.usual:.0f} usually",
        why=f"{volume.deviations:.1f} standard deviations above the same hours of the weeks before: {rule.query!r}",
        url=f"{address}/search?{urlencode({'q': rule.query})}" if address else "",
        created=now,
        recipients=rule.recipients,
        channels=rule.channels,
    )


def feed_trouble_of(
    rule: AlertRule, reports: Sequence[FeedReport], told: Iterable[Notice], *, now: datetime, address: str = ""
) -> list[Notice]:
    """Of feeds that could not be read for so long as the rule says, each once in one trouble; of most of them at once only that."""
    asked = [report for report in reports if not report.feed.paused]
    troubled = [report for report in asked if _is_troubled(report, now - timedelta(hours=rule.hours))]
    earlier = list(told)
    known = {(notice.details.get("feed"), notice.details.get("since")) for notice in earlier}
    number = max((notice.number for notice in earlier), default=0)
    if len(troubled) >= _OUTAGE and 2 * len(troubled) > len(asked):
        last = max((read for report in troubled if (read := report.state.last_ok)), default=None)
        causes = [
            ("*", _since(last), f"{len(troubled)} of {len(asked)} feeds could not be read", "is there a network?")
        ]
    else:
        causes = [
            (
                one.feed.url,
                _since(one.state.last_ok),
                f"{one.feed.outlet} could not be read",
                f"{one.feed.url}: {one.note}",
            )
            for one in troubled
        ]
    return [
        Notice(
            rule=rule.name,
            story=NO_STORY,
            number=number + place,
            severity=rule.severity,
            headline=f"{headline} since {since or 'it was added'}",
            why=why,
            url=f"{address}/feeds" if address else "",
            created=now,
            recipients=rule.recipients,
            channels=rule.channels,
            details={"feed": feed, "since": since},
        )
        for place, (feed, since, headline, why) in enumerate((one for one in causes if one[:2] not in known), 1)
    ]


def _is_troubled(report: FeedReport, before: datetime) -> bool:
    state = report.state
    return state.health in (Health.FAILING, Health.GONE) and (state.last_ok is None or state.last_ok <= before)


def _since(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else ""


def _details(query: Query, story: Story, stored: StoredArticle, beat: Beat) -> Mapping[str, object]:
    """What the notice shows besides, and what the next one of this story is compared with; plain values."""
    first = story.first.article
    found = snippet(query, stored, length=_SNIPPET)
    return {
        "title": [list(piece) for piece in found.title],
        "text": [list(piece) for piece in found.text],
        "outlet": stored.article.outlet,
        "first": f"{first.outlet} ({CAMP_NAMES[first.camp.value]}), {first.date:%d %b %H:%M} UTC",
        "sources": story.independent_sources,
        "camps": _camps(story),
        "facts": _facts(story, beat),
    }


def _camps(story: Story) -> list[str]:
    return sorted({CAMP_NAMES[stored.article.camp.value] for stored in story.articles})


def _facts(story: Story, beat: Beat) -> list[str]:
    """Actors and places that a story names, and the numbers of its titles."""
    named = {concept for stored in story.articles for concept in stored.annotated.concepts if concept in beat.concepts}
    numbers = {number for stored in story.articles for number in quantities(stored.article.title)}
    return [*sorted(beat.concepts[concept].name() for concept in named), *sorted(numbers)]


def _number(values: Mapping[str, object], name: str) -> int:
    value = values.get(name, 0)
    return value if isinstance(value, int) else 0


def _texts(values: Mapping[str, object], name: str) -> list[str]:
    value = values.get(name, [])
    return [str(one) for one in value] if isinstance(value, list) else []


# --- when to keep quiet ---


def held_because(rule: AlertRule, recent: Sequence[datetime], now: datetime) -> str:
    """Why a notice of the rule has to wait, empty if it need not; `recent` are the times of those that were sent."""
    if rule.severity != "urgent" and is_quiet(rule, now):
        return QUIET
    if any(now - sent < timedelta(minutes=rule.cooldown_minutes) for sent in recent):
        return COOLDOWN
    return TOO_MANY if sum(now - sent < _HOUR for sent in recent) >= rule.per_hour else ""


def is_quiet(rule: AlertRule, now: datetime) -> bool:
    """Whether the rule sends nothing now, by the wall clock of its zone."""
    local = now.astimezone(ZoneInfo(rule.zone))
    if not is_weekday(local.date(), rule.days):
        return True
    if not rule.quiet:
        return False
    begin, end = (time.fromisoformat(part) for part in rule.quiet.split("-"))
    clock = local.time()
    return begin <= clock < end if begin <= end else clock >= begin or clock < end


def paced(
    notices: Iterable[Notice], rules: Mapping[str, AlertRule], sent: Mapping[str, list[datetime]]
) -> list[Notice]:
    """The notices in their order, those that have to wait marked; `sent` are the times of earlier ones by rule."""
    times = {rule: list(earlier) for rule, earlier in sent.items()}
    made = []
    for notice in notices:
        recent = times.setdefault(notice.rule, [])
        held = held_because(rules[notice.rule], recent, notice.created)
        if not held:
            recent.append(notice.created)
        made.append(replace(notice, held=held))
    return made


def marked(pieces: object) -> str:
    """Stored pieces as one text, what matched in «»."""
    read = [Piece(str(text), bool(matched)) for text, matched in pieces] if isinstance(pieces, list) else []
    return "".join(f"«{piece.text}»" if piece.matched else piece.text for piece in read)
