"""EDGE, APScheduler: when the conductor plays. The truth about what is due is in the archive; this only ticks."""

from collections.abc import Awaitable, Callable

from apscheduler.schedulers.asyncio import AsyncIOScheduler

#: Seconds between two looks at what is due: the longest that an alert or an edition waits.
TICK_SECONDS = 20


def start_schedule(tick: Callable[[], Awaitable[None]], *, seconds: float = TICK_SECONDS) -> AsyncIOScheduler:
    """Call `tick` every so often in the running event loop, never twice at once, and once now."""
    scheduler = AsyncIOScheduler(timezone="UTC")
    # misfire_grace_time None: a tick that comes late still comes; APScheduler would drop it after 1 s.
    scheduler.add_job(tick, "interval", seconds=seconds, max_instances=1, coalesce=True, misfire_grace_time=None)
    scheduler.start()
    return scheduler
