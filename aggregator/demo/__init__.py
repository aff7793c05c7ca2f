"""The sample feeds, replayed: a recorded fortnight on loopback, its dates shifted to end now."""

import hashlib
import importlib.resources
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources.abc import Traversable
from pathlib import Path

#: The moment at which the recording ends.
RECORDED_UNTIL = datetime(2023, 4, 17, 9, 30, tzinfo=UTC)
PORT = 8911
_DATE = re.compile(
    r"(?P<rfc>(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:[+-]\d{4}|GMT))"
    r"|(?P<iso>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:Z|[+-]\d{2}:\d{2}))"
)
_TYPES = {
    ".rss": "application/rss+xml",
    ".atom": "application/atom+xml",
    ".rdf": "application/rdf+xml",
    ".json": "application/feed+json",
}


def sample_folder() -> Traversable:
    """Where the sample feeds lie inside the package."""
    return importlib.resources.files("aggregator.demo") / "feeds"


def sample_configuration(port: int) -> str:
    """The feeds.yaml that polls the sample feeds on a port."""
    text = (importlib.resources.files("aggregator.demo") / "feeds.yaml").read_text(encoding="utf-8")
    return text.replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{port}")


def shift_dates(document: bytes, delta: timedelta) -> bytes:
    """The document with each date moved by `delta`, in whatever encoding it is."""
    # latin-1 maps each byte to a character and back, and dates are ASCII in every encoding but UTF-16.
    encoding = "utf-16" if document[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    return _DATE.sub(lambda match: _shifted(match, delta), document.decode(encoding)).encode(encoding)


def _shifted(match: re.Match[str], delta: timedelta) -> str:
    try:
        if match["rfc"]:
            return format_datetime(parsedate_to_datetime(match["rfc"]) + delta)
        moment = datetime.fromisoformat(match["iso"]) + delta
    except ValueError:  # 31 February stays what it is: a fault that feeds have
        return match[0]
    return moment.isoformat().replace("+00:00", "Z")


@contextmanager
def sample_server(*, now: datetime, port: int = 0, folder: Traversable | Path | None = None) -> Iterator[int]:
    """Serve the sample feeds on 127.0.0.1 as if recorded until `now`; gives the port."""
    delta = timedelta(minutes=(now - RECORDED_UNTIL) // timedelta(minutes=1))
    source = folder or sample_folder()
    documents = {f"/{file.name}": shift_dates(file.read_bytes(), delta) for file in source.iterdir() if file.is_file()}
    server = _Server(("127.0.0.1", port), _handler(documents))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news for whoever watches the demo; all else is."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(documents: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    tags = {path: f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"' for path, body in documents.items()}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = documents.get(self.path)
            if body is None:
                self._answer(404, b"no such feed", "text/plain", "")
            elif self.headers.get("If-None-Match") == tags[self.path]:
                self._answer(304, b"", "", tags[self.path])
            else:
                kind = (
                    "text/html"
                    if body.lstrip()[:9].lower().startswith((b"<!doctype", b"<html"))
                    else _TYPES.get(Path(self.path).suffix, "application/xml")
                )
                self._answer(200, body, kind, tags[self.path])

        def _answer(self, status: int, body: bytes, kind: str, tag: str) -> None:
            self.send_response(status)
            if kind:
                self.send_header("Content-Type", kind)
            if tag:
                self.send_header("ETag", tag)
            if status != 304:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *values: object) -> None:
            """Say nothing: the summary tells what came of each feed."""

    return Handler
