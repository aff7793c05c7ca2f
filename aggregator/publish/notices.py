"""Pure: notices → what their recipients read."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from aggregator.model import Delivery, Notice
from aggregator.publish.alerts import marked
from aggregator.settings import AlertRule

_SEVERITIES = {"info": "", "warning": "WARNING: ", "urgent": "URGENT: "}


def notice_deliveries(notice: Notice) -> list[Delivery]:
    """A mail for each recipient; none while it waits."""
    if notice.held:
        return []
    again = f" (again, {notice.number})" if notice.number > 1 else ""
    subject = f"{_SEVERITIES[notice.severity]}[{notice.rule}]{again} {notice.headline}"
    return [_mail(notice.key, to, subject, notice_text(notice), notice.created) for to in notice.recipients]


def summary_deliveries(rule: AlertRule, notices: Sequence[Notice], now: datetime) -> list[Delivery]:
    """One mail for each recipient that tells what has waited."""
    subject = f"[{rule.name}] {len(notices)} more {'story' if len(notices) == 1 else 'stories'}"
    text = "\n\n".join([f"{subject}, which came after others within {_pace(rule)}:", *map(notice_text, notices)])
    key = f"alert/{rule.name}/waited-{now:%Y%m%dT%H%M%S}"
    return [_mail(key, to, subject, text, now) for to in rule.recipients]


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
        f"Read: {notice.url}",
        *_mute(notice),
    ]
    return "\n".join(line for line in lines if line)


def _mute(notice: Notice) -> Iterable[str]:
    yield f"Quiet: aggregator alerts mute {notice.rule} --story {notice.story}"


def _mail(key: str, to: str, subject: str, text: str, created: datetime) -> Delivery:
    return Delivery(
        key=key, kind="alert", channel="mail", target=to, subject=subject, text=text, html="", created=created
    )
