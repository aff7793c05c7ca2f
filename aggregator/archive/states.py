"""Rows of feed_states ↔ what is remembered of each feed."""

import json
from typing import Any

from aggregator.archive.rows import Row, read_time, read_time_if_known, store_time, store_time_if_known
from aggregator.model import FailureKind, FeedState, Health, KeptOut, Moved, Offer, Rhythm, UrlChange


def state_from(row: Row) -> FeedState:
    """A row of feed_states."""
    return FeedState(
        url=row["url"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        body_hash=row["body_hash"],
        next_due=read_time_if_known(row["next_due"]),
        held_until=read_time_if_known(row["held_until"]),
        failures=row["failures"],
        health=Health(row["health"]),
        reason=row["reason"],
        last_attempt=read_time_if_known(row["last_attempt"]),
        last_ok=read_time_if_known(row["last_ok"]),
        **_memory_from(row["memory"]),
    )


def _memory_from(stored: str) -> dict[str, Any]:
    """What polling remembers beside what is looked up: rhythm and addresses."""
    memory = json.loads(stored)
    if not memory:
        return {}
    rhythm, moved = memory["rhythm"], memory["moved"]
    return {
        "failure": FailureKind(memory["failure"]) if memory["failure"] else None,
        "last_whole": read_time_if_known(memory["last_whole"]),
        "offer": Offer(**memory.get("offer", {})),  # an archive of before WebSub has none
        "kept_out": KeptOut(**memory.get("kept_out", {})),  # one of before filters neither
        "rhythm": Rhythm(
            **{
                **rhythm,
                "hours": tuple(rhythm["hours"]),
                "learnt": read_time_if_known(rhythm["learnt"]),
                "last_new": read_time_if_known(rhythm["last_new"]),
            }
        ),
        "moved": Moved(
            **{
                **moved,
                "since": read_time_if_known(moved["since"]),
                "history": tuple(UrlChange(when=read_time(when), url=url) for when, url in moved["history"]),
            }
        ),
    }


def _memory(state: FeedState) -> str:
    rhythm, moved = state.rhythm, state.moved
    return json.dumps(
        {
            "failure": state.failure.value if state.failure else "",
            "last_whole": store_time_if_known(state.last_whole),
            "offer": {"hub": state.offer.hub, "topic": state.offer.topic},
            "kept_out": {"judged_by": state.kept_out.judged_by, "contents": state.kept_out.contents},
            "rhythm": {
                "articles": round(rhythm.articles, 3),
                "days": round(rhythm.days, 4),
                "learnt": store_time_if_known(rhythm.learnt),
                "last_new": store_time_if_known(rhythm.last_new),
                "hours": [round(count, 2) for count in rhythm.hours],
                "hint_minutes": rhythm.hint_minutes,
            },
            "moved": {
                "asked": moved.asked,
                "target": moved.target,
                "times": moved.times,
                "since": store_time_if_known(moved.since),
                "history": [(store_time(change.when), change.url) for change in moved.history],
            },
        }
    )


def state_row(state: FeedState, outlet: str) -> dict[str, object]:
    """A feed's state as a row."""
    return {
        "url": state.url,
        "outlet": outlet,
        "etag": state.etag,
        "last_modified": state.last_modified,
        "body_hash": state.body_hash,
        "next_due": store_time_if_known(state.next_due),
        "held_until": store_time_if_known(state.held_until),
        "failures": state.failures,
        "health": state.health.value,
        "reason": state.reason,
        "last_attempt": store_time_if_known(state.last_attempt),
        "last_ok": store_time_if_known(state.last_ok),
        "memory": _memory(state),
    }
