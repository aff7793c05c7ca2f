"""The feed of what each alert rule has told."""

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from aggregator.archive import Archive
from aggregator.publish.atom import notices_as_atom
from aggregator.settings import AlertRule

#: Entries of a feed.
_FEED = 50


class AlertPages:
    """Handlers of everything about alerts."""

    def __init__(
        self, open_archive: Callable[[], Archive], clock: Callable[[], datetime], rules: Sequence[AlertRule]
    ) -> None:
        self._open = open_archive
        self._clock = clock
        self._rules = {rule.name: rule for rule in rules}

    def routes(self) -> list[BaseRoute]:
        """Where they answer."""
        return [Route("/alerts/{name}.atom", self.feed)]

    def feed(self, request: Request) -> Response:
        """The latest notices of one rule."""
        rule = self._rules.get(request.path_params["name"])
        if rule is None:
            raise HTTPException(404, "There is no such rule in feeds.yaml.")
        with closing(self._open()) as archive:
            notices = archive.notices_by(rule.name, _FEED)
        itself = f"{str(request.base_url).rstrip('/')}{request.url.path}"
        made = notices_as_atom(notices, rule=rule, itself=itself, now=self._clock())
        return Response(made, media_type="application/atom+xml")
