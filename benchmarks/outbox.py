"""A thousand mails: how long it takes to queue them, and to send them, beside a bare loop over aiosmtplib.

    python benchmarks/outbox.py [--mails 1000] [--kilobytes 60] [--per-minute 600] [--folder DIR]

Each mail has headers of its own and is claimed and recorded by two commits of its own, flushed to the disk; the bare loop
sends the same messages, made beforehand, over one connection, and remembers nothing. The server is aiosmtpd in another process.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session

from aggregator.archive.sqlite import open_archive
from aggregator.delivering import deliver
from aggregator.model import Delivery, Edition
from aggregator.publish.deliver import Channels
from aggregator.publish.message import make_message
from aggregator.settings import Mail

NOW = datetime(2026, 3, 5, 7, tzinfo=UTC)
_STORY = '<article><h3>Москва и Пекин 中俄</h3><p class="small">Text &amp; more of what was said.</p></article>\n'
_STYLE = "<style>p{margin:0}.small{color:#555}@media (prefers-color-scheme:dark){.small{color:#aaa !important}}</style>"


class Sink:
    """Takes everything."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "250 OK"


def serve(told: Connection) -> None:
    """Tell the port, and take mails until killed."""

    async def work() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(Sink()), "127.0.0.1", 0)
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(work())


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server in a process of its own."""
    here, there = Pipe()
    process = Process(target=serve, args=(there,), daemon=True)
    process.start()
    try:
        yield here.recv()
    finally:
        process.kill()


def make_deliveries(count: int, kilobytes: int) -> list[Delivery]:
    """An edition's mails, each to another recipient."""
    html = _STYLE + _STORY * (kilobytes * 1000 // len(_STORY.encode()))
    return [
        Delivery(
            key="edition/daily/2026-03-05",
            kind="edition",
            channel="mail",
            target=f"reader-{n}@example.org",
            subject="Сводка, 2026-03-05",
            text="Москва и Пекин. " * 500,
            html=html,
            created=NOW,
        )
        for n in range(count)
    ]


async def send_bare(port: int, messages: list[bytes], deliveries: list[Delivery]) -> None:
    """What any program must do."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        for message, delivery in zip(messages, deliveries, strict=True):
            await client.sendmail("digest@monitor.example", [delivery.target], message)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--kilobytes", type=int, default=60, help="size of the HTML")
    parser.add_argument("--per-minute", type=int, help="also sixty of them at this pace")
    parser.add_argument("--folder", type=Path, help="where the archive is made; default: a temporary folder")
    wanted = parser.parse_args()
    deliveries = make_deliveries(wanted.mails, wanted.kilobytes)
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder, serving() as port:
        measure(Path(folder), port, deliveries, None)
        if wanted.per_minute:
            measure(Path(folder), port, deliveries[:60], wanted.per_minute)
        mail, begun = mail_at(port, None), time.perf_counter()
        messages = [make_message(one, mail) for one in deliveries]
        tell("making the messages", begun, len(messages))
        begun = time.perf_counter()
        asyncio.run(send_bare(port, messages, deliveries))
        tell("bare aiosmtplib, messages made", begun, len(messages))


def mail_at(port: int, per_minute: int | None) -> Mail:
    """Settings for the sink."""
    sender = "digest@monitor.example"
    return Mail(host="127.0.0.1", port=port, sender=sender, security="plain", per_minute=per_minute)


def measure(folder: Path, port: int, deliveries: list[Delivery], per_minute: int | None) -> None:
    """Queue and send, with or without a pace."""
    archive = open_archive(folder / f"{per_minute}.db")
    edition = Edition(digest="daily", date=date(2026, 3, 5), since=NOW, until=NOW, html="", text="", stories=())
    begun = time.perf_counter()
    archive.save_edition(edition, deliveries)
    tell("queued in one transaction", begun, len(deliveries))
    begun = time.perf_counter()
    counts = asyncio.run(deliver(archive, Channels(mail=mail_at(port, per_minute)), now=NOW))
    tell(f"sent {dict(counts)}" + (f" at {per_minute} a minute" if per_minute else ""), begun, len(deliveries))
    archive.close()


def tell(what: str, begun: float, count: int) -> None:
    """A line of the result."""
    seconds = time.perf_counter() - begun
    print(f"{what:50} {seconds:7.2f} s  {seconds / count * 1000:7.2f} ms a mail", flush=True)


if __name__ == "__main__":
    main()
