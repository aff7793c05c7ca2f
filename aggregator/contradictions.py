"""What is wrong with settings though each field is well-formed."""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import datetime
from itertools import chain
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from aggregator.acquire.websub import callback_path
from aggregator.publish.subject import subject_problem
from aggregator.settings import DigestDefinition, Feed, Mail, SavedSearch, Settings, Translation
from aggregator.text.urls import is_web_url

PASSWORD_VARIABLE = "AGGREGATOR_MAIL_PASSWORD"
#: Where in the settings something stands: ("feeds", 0, "url").
Place = tuple[str | int, ...]
#: Where, and what is wrong and to do.
Problem = tuple[Place, str]
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}")
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_HOURS = re.compile(rf"{_TIME.pattern}-{_TIME.pattern}")


def contradictions(settings: Settings, *, now: datetime, line_of: Callable[[Place], int]) -> Iterator[Problem]:
    """The problems, in the order of the sections; `line_of` tells where else something stands."""
    yield from _feed_problems(settings.feeds, line_of)
    yield from chain.from_iterable(_digest_problems(n, digest) for n, digest in enumerate(settings.digests))
    yield from _name_problems(settings.digests)
    yield from _search_problems(settings.searches)
    yield from _alert_problems(settings)
    yield from _query_problems(settings, now)
    callback = settings.network.websub_callback
    if callback and not callback_path(callback):
        yield (
            ("network", "websub_callback"),
            f"{callback!r:.80} is no address with a path of its own; write https://your.host/websub",
        )
    yield from _mail_problems(settings.mail, settings)
    yield from _translation_problems(settings.translation)


def _feed_problems(feeds: tuple[Feed, ...], line_of: Callable[[Place], int]) -> Iterator[Problem]:
    seen: dict[str, Place] = {}
    for number, feed in enumerate(feeds):
        place: Place = ("feeds", number, "url")
        if not is_web_url(feed.url):
            yield place, f"{feed.url!r:.80} is not an http(s) address; write https://…"
        if feed.url in seen:
            yield place, f"stands already in line {line_of(seen[feed.url])}; remove one of the two"
        seen.setdefault(feed.url, place)
        yield from _selector_problems(number, feed)


def _selector_problems(number: int, feed: Feed) -> Iterator[Problem]:
    if (feed.kind == "page") != (feed.selectors is not None):
        yield ("feeds", number), "`kind: page` and `selectors:` belong together; add the one or remove the other"
    if feed.selectors:
        from aggregator.acquire.page import selector_problem  # few lists have pages

        for field in fields(feed.selectors):
            selector = getattr(feed.selectors, field.name)
            if selector and (problem := selector_problem(selector)):
                place = ("feeds", number, "selectors", field.name)
                yield place, f"{selector!r:.80} is no CSS selector ({problem}); mend it"


def _digest_problems(number: int, digest: DigestDefinition) -> Iterator[Problem]:
    place = ("digests", number)
    if problem := _zone_problem(digest.zone):
        yield (*place, "zone"), problem
    if not _TIME.fullmatch(digest.time):
        yield (*place, "time"), f'{digest.time!r} is no time of day; write "07:00"'
    if not _NAME.fullmatch(digest.name):
        yield (*place, "name"), "use letters, digits, - and _ only"
    if not digest.days:
        yield (*place, "days"), "names no day, so no edition would ever be made; name some, e.g. [tue, fri]"
    if problem := subject_problem(digest.subject):
        yield (*place, "subject"), problem


def _name_problems(digests: tuple[DigestDefinition, ...]) -> Iterator[Problem]:
    for number, digest in enumerate(digests):
        if digest.name in [earlier.name for earlier in digests[:number]]:
            yield ("digests", number, "name"), f"another digest is called {digest.name!r}; give each its own name"


def _search_problems(searches: tuple[SavedSearch, ...]) -> Iterator[Problem]:
    for number, search in enumerate(searches):
        place = ("searches", number, "name")
        if not _NAME.fullmatch(search.name):
            yield place, "use letters, digits, - and _ only"
        if search.name in [earlier.name for earlier in searches[:number]]:
            yield place, f"another search is called {search.name!r}; give each its own name"


def _alert_problems(settings: Settings) -> Iterator[Problem]:
    channels = [channel.name for channel in settings.channels]
    for number, rule in enumerate(settings.alerts):
        place = ("alerts", number)
        if not _NAME.fullmatch(rule.name):
            yield (*place, "name"), "use letters, digits, - and _ only"
        if rule.name in [earlier.name for earlier in settings.alerts[:number]]:
            yield (*place, "name"), f"another rule is called {rule.name!r}; give each its own name"
        if not rule.query and rule.kind != "feeds":
            yield (*place, "query"), "is required and absent; add it"
        if rule.kind in ("first", "silence") and rule.camp is None:
            yield (*place, "kind"), f"{rule.kind} is about a camp: name one with `camp`"
        if rule.quiet and not _HOURS.fullmatch(rule.quiet):
            yield (*place, "quiet"), f'{rule.quiet!r} are no hours; write "22:00-07:00"'
        if problem := _zone_problem(rule.zone):
            yield (*place, "zone"), problem
        for name in rule.channels:
            if name not in channels:
                listed = f"there are {', '.join(channels)}" if channels else "give one under `channels:`"
                yield (*place, "channels"), f"there is no channel {name!r}; {listed}"
    for number, name in enumerate(channels):
        if not _NAME.fullmatch(name):
            yield ("channels", number, "name"), "use letters, digits, - and _ only"
        if name in channels[:number]:
            yield ("channels", number, "name"), f"another channel is called {name!r}; give each its own name"


def channel_problem(url: str) -> str:
    """What is wrong with the address of a channel, and the mend; it is not told, since it may hold a secret."""
    if is_web_url(url):
        return "" if _is_port(url) else "the port of the address is none; write a number up to 65535"
    from aggregator.publish.appriser import is_known  # apprise is loaded by those who have such channels

    return (
        "" if is_known(url) else "the address is neither http(s) nor one that Apprise knows; see its list of services"
    )


def _query_problems(settings: Settings, now: datetime) -> Iterator[Problem]:
    from aggregator.queries import query_problems  # it loads what knows concepts, which `--help` need not

    return query_problems(settings, now)


def _mail_problems(mail: Mail | None, settings: Settings) -> Iterator[Problem]:
    if mail:
        if mail.password:
            yield ("mail", "password"), f"never in this file; set {PASSWORD_VARIABLE} and remove the line"
        return
    recipients = {
        "digests": [digest.recipients for digest in settings.digests],
        "alerts": [rule.recipients for rule in settings.alerts],
    }
    for kind, listed in recipients.items():
        for number, named in enumerate(listed):
            if named:
                place = (kind, number, "recipients")
                yield place, "there is no `mail:` section to send them with; add one"


def _translation_problems(translation: Translation | None) -> Iterator[Problem]:
    if translation is None:
        return
    if bool(translation.command) == bool(translation.url):
        yield ("translation",), "needs `command:` or `url:`, and not both"
    elif translation.url and not is_web_url(translation.url):
        yield ("translation", "url"), f"{translation.url!r:.80} is not an http(s) address; write https://…"


def _is_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _zone_problem(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(name, available_timezones(), 1)
        hint = f"did you mean {close[0]}?" if close else "use an IANA name such as Europe/Berlin"
        return f"no time zone {name!r}; {hint}"
    return ""
