"""Pure: how a feed is doing, in words: state, rhythm, silence, and what somebody should do about it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.acquire.rhythm import daily_rate, silent_days, worthwhile_interval
from aggregator.acquire.websub import is_live, slowed
from aggregator.model import FailureKind, Health
from aggregator.publish.view import FeedReport
from aggregator.settings import Network

_ADVICE = {
    FailureKind.NETWORK: "nothing yet: it is tried again by itself; after days, look whether the site still exists",
    FailureKind.TIMEOUT: "nothing yet: it is tried again by itself; if it stays slow, raise network.deadline_seconds",
    FailureKind.PROXY: "look at the proxy: access.proxy of the feed, or network.proxy",
    FailureKind.REFUSED: "list its host:port under network.allow if it is meant to be polled",
    FailureKind.RATE_LIMITED: "raise its interval_minutes: the server finds us too frequent",
    FailureKind.CLIENT_ERROR: "look for the feed's new address on the outlet's site (`aggregator feeds add` finds it)",
    FailureKind.SERVER_ERROR: "nothing yet: it is tried again by itself",
    FailureKind.GONE: "remove it (`aggregator feeds remove`): the outlet has given it up",
    FailureKind.NOT_A_FEED: "open the address: it may have moved, or want a log-in (`aggregator feeds check` looks for it)",
    FailureKind.BROKEN: "nothing yet; if it stays so, tell the outlet that its feed is broken",
}
#: Worst first.
_ORDER = ("gone", "failing", "silent", "new", "ok", "paused")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One line of `feeds health`."""

    report: FeedReport
    state: str
    """gone | failing | silent | new | ok | paused"""
    reason: str
    rhythm: str
    advice: str
    silent_days: float
    push: str
    """State of the subscription at the feed's hub; empty if there is none."""


def feed_health(report: FeedReport, network: Network, now: datetime) -> FeedHealth:
    """How a feed is doing at a time."""
    state = report.state
    silent = silent_days(state.rhythm, now) if state.health is Health.OK else 0.0
    name = "paused" if report.feed.paused else "silent" if silent else state.health.value
    reason = state.reason
    if silent:
        reason = f"silent for {silent:.0f} days; usually {_per_day(report)}"
    elif state.moved.asked:
        reason = reason or f"moved to {state.moved.asked}"
    return FeedHealth(
        report=report,
        state=name,
        reason=reason,
        rhythm=_rhythm(report, network, now),
        advice=_advice(report, name),
        silent_days=round(silent, 1),
        push=report.subscription.state.value if report.subscription and network.websub_callback else "",
    )


def worst_first(healths: list[FeedHealth]) -> list[FeedHealth]:
    """The feeds that need somebody first."""
    return sorted(healths, key=lambda health: (_ORDER.index(health.state), health.report.feed.outlet))


def _advice(report: FeedReport, state: str) -> str:
    if state == "silent":
        return "look at the site: the feed may be frozen (`aggregator feeds check`)"
    if state in ("gone", "failing") and report.state.failure:
        return _ADVICE[report.state.failure]
    if report.state.moved.asked and state == "ok":
        return f"write the new address into feeds.yaml: {report.state.moved.asked}"
    return ""


def _rhythm(report: FeedReport, network: Network, now: datetime) -> str:
    if report.state.rhythm.learnt is None:
        return ""
    fixed = report.feed.interval_minutes
    interval = timedelta(minutes=fixed) if fixed else worthwhile_interval(report.state.rhythm, network, now)
    pushed = report.subscription if network.websub_callback and is_live(report.subscription, now) else None
    if pushed and not fixed:
        interval = max(interval, slowed([pushed], network, now).get(pushed.feed_url, interval))
    return f"{_per_day(report)}, {'push, ' if pushed else ''}asked every {interval / timedelta(minutes=1):.0f} min"


def _per_day(report: FeedReport) -> str:
    rate = daily_rate(report.state.rhythm)
    return f"{rate:.0f} a day" if rate >= 1.5 else f"{rate * 7:.0f} a week"
