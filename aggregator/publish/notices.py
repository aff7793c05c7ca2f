"""Pure: notices → what their recipients read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from aggregator.model import Delivery, Notice
from aggregator.publish.alerts import NO_STORY, marked
from aggregator.settings import AlertRule

_SEVERITIES = {"info": "", "warning": "WARNING: ", "urgent": "URGENT: "}


def notice_deliveries(notice: Notice) -> list[Delivery]:
    """A mail for each recipient, and one for each channel; none while it waits."""
    if notice.held:
        return []
    again = f" (again, {notice.number})" if notice.number > 1 and notice.story != NO_STORY else ""
    subject = f"{_SEVERITIES[notice.severity]}[{notice.rule}]{again} {notice.headline}"
    text = notice_text(notice)
    return _deliveries(notice.key, notice.recipients, notice.channels, subject, text, [notice], notice.created)


def sample_deliveries(rule: AlertRule, now: datetime) -> list[Delivery]:
    """What a notice of the rule looks like, for all who would get one."""
    notice = Notice(
        rule=rule.name,
        story=NO_STORY,
        severity=rule.severity,
        headline="A sample notice",
        why=f"somebody tries the rule: {rule.query}",
        url="https://example.org/",
        created=now,
        recipients=rule.recipients,
        channels=rule.channels,
    )
    key = f"test/{rule.name}/{now:%Y%m%dT%H%M%S}"
    return [replace(delivery, key=key) for delivery in notice_deliveries(notice)]


def summary_deliveries(rule: AlertRule, notices: Sequence[Notice], now: datetime) -> list[Delivery]:
    """One for each recipient and channel that tells what has waited."""
    subject = f"[{rule.name}] {len(notices)} more {'story' if len(notices) == 1 else 'stories'}"
    text = "\n\n".join([f"{subject}, which came after others within {_pace(rule)}:", *map(notice_text, notices)])
    key = f"alert/{rule.name}/waited-{now:%Y%m%dT%H%M%S}"
    return _deliveries(key, rule.recipients, rule.channels, subject, text, notices, now)


def _pace(rule: AlertRule) -> str:
    return f"{rule.cooldown_minutes} minutes" if rule.cooldown_minutes else "an hour"


def notice_text(notice: Notice) -> str:
    """What a notice says, in plain text; what matched stands in «»."""
    details = notice.details
    lines = [
        marked(details.get("title")) or notice.headline,
        marked(details.get("text")),
        f"Why: {notice.why}",
        f"First: {details['first']}; {details['sources']} independent source(s)" if "first" in details else "",
        f"Read: {notice.url}" if notice.url else "",
        *_mute(notice),
    ]
    return "\n".join(line for line in lines if line)


def _mute(notice: Notice) -> Iterable[str]:
    if notice.story == NO_STORY:
        yield f"Quiet: aggregator alerts mute {notice.rule} --for 1d"
        return
    yield f"Quiet: aggregator alerts mute {notice.rule} --story {notice.story}"


def _deliveries(
    key: str,
    recipients: Iterable[str],
    channels: Iterable[str],
    subject: str,
    text: str,
    notices: Iterable[Notice],
    created: datetime,
) -> list[Delivery]:
    bare = Delivery(
        key=key, kind="alert", channel="mail", target="", subject=subject, text=text, html="", created=created
    )
    return [
        *(replace(bare, target=to) for to in recipients),
        *(replace(bare, channel="channel", target=name, html=_plain(notices)) for name in channels),
    ]


def _plain(notices: Iterable[Notice]) -> str:
    """Notices as JSON, for who reads them by program."""
    fields = [
        {
            "rule": notice.rule,
            "story": notice.story or None,
            "number": notice.number,
            "severity": notice.severity,
            "headline": notice.headline,
            "why": notice.why,
            "url": notice.url,
            **{name: notice.details.get(name) for name in ("outlet", "first", "sources", "camps")},
        }
        for notice in notices
    ]
    return json.dumps(fields, ensure_ascii=False)
