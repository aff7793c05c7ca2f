"""Pure: when a feed's new address is believed, and when it is given up again."""

from dataclasses import replace
from datetime import datetime, timedelta

from aggregator.model import FeedState, UrlChange

#: A permanent redirect is believed after so many equal ones over at least a day: outages and captive portals redirect too.
_TIMES = 3
_OVER = timedelta(hours=24)
#: A new address that fails so often in a row is given up for the configured one.
_GIVE_UP = 5


def asked_url(state: FeedState) -> str:
    """The address to ask: the configured one, or where it has moved for good."""
    return state.moved.asked or state.url


def after_redirect(state: FeedState, moved_to: str, moment: datetime) -> FeedState:
    """The state after a valid feed at the end of redirects that all were permanent; `moved_to` is "" if there were none."""
    moved = state.moved
    if not moved_to or moved_to == asked_url(state):
        return replace(state, moved=replace(moved, target="", times=0, since=None))
    if moved_to != moved.target or moved.since is None:
        return replace(state, moved=replace(moved, target=moved_to, times=1, since=moment))
    times = moved.times + 1
    if times < _TIMES or moment - moved.since < _OVER:
        return replace(state, moved=replace(moved, times=times))
    return _asking(state, moved_to, moment)


def after_failed_look(state: FeedState, moment: datetime) -> FeedState:
    """The state after a look that failed: a new address that has failed five times in a row is given up."""
    if state.moved.asked and state.failures >= _GIVE_UP:
        return _asking(state, "", moment)
    return state


def _asking(state: FeedState, url: str, moment: datetime) -> FeedState:
    change = UrlChange(when=moment, url=url or state.url)
    history = (*state.moved.history, change)[-20:]
    # Validators belong to an address.
    return replace(
        state,
        etag="",
        last_modified="",
        moved=replace(state.moved, asked=url, target="", times=0, since=None, history=history),
    )
