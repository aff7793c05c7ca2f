"""What kill -9 does to deliveries: no edition is recorded twice, none is lost silently, alerts come at least once."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from aggregator.archive.sqlite import open_archive
from aggregator.model import Delivery, DeliveryState
from tests.publish.dying_sender import AFTER_DATA, POINTS
from tests.publish.test_hostile_smtp import hostile_server

RANDOM, AT_POINTS = 100, 10
SETTLED = {DeliveryState.SENT, DeliveryState.UNCERTAIN}


def test_a_sender_that_is_killed_sends_no_edition_twice_and_loses_none(tmp_path: Path) -> None:
    record = tmp_path / "sink.jsonl"
    record.touch()
    with hostile_server(record, slow=3600) as port, hook() as (address, posted):
        command = [sys.executable, "-m", "tests.publish.dying_sender", str(tmp_path / "a.db"), str(port), str(record)]
        command.append(address)
        counts = ["--random", str(RANDOM), "--at-points", str(AT_POINTS)]
        done = subprocess.run([*command, *counts], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"at random": RANDOM, **dict.fromkeys([*POINTS, AFTER_DATA], AT_POINTS)}

    received: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in map(json.loads, record.read_text().splitlines()):
        received[line["key"], *line["rcpt"]].append(line["message_id"])
    for key, identity in posted:
        received[key, "hook"].append(identity)
    archive = open_archive(tmp_path / "a.db")
    deliveries = {(one.key, one.target): one for one in archive.deliveries(*DeliveryState)}
    uncertain = archive.latest_deliveries(DeliveryState.UNCERTAIN, limit=100_000)
    archive.close()

    assert set(received) <= set(deliveries)
    for place, one in deliveries.items():
        _judge(one, received[place])
    unclear = {(one.key, one.target) for one in uncertain}
    assert unclear == {place for place, one in deliveries.items() if one.state is DeliveryState.UNCERTAIN}
    assert sum("slow-dot" in target for _, target in unclear) == AT_POINTS
    assert len(unclear) > 2 * AT_POINTS, "others were killed while they were being sent, too"


@contextmanager
def hook() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """A webhook's address, and what it is posted: id of the notice, and of the header."""
    posted: list[tuple[str, str]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((json.loads(body)["id"], self.headers["X-Aggregator-Id"]))
            with suppress(ConnectionError):  # who asked may be dead
                self.send_response(204)
                self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Tests have no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", posted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _judge(one: Delivery, message_ids: list[str]) -> None:
    if one.kind == "alert":
        assert one.state is DeliveryState.SENT
        assert len(set(message_ids)) == 1 <= len(message_ids)
    else:
        assert one.state in SETTLED
        assert len(message_ids) <= 1
        assert one.state is DeliveryState.UNCERTAIN or message_ids, "sent, and nobody has it"
