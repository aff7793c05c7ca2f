"""SMTP servers on the loopback: one that keeps what it is given, one that says a few words and hangs up."""

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from aggregator.model import Delivery
from aggregator.publish.deliver import Channels, Courier
from aggregator.settings import Mail


def mail_at(port: int) -> Mail:
    return Mail(host="127.0.0.1", port=port, sender="digest@monitor.example", security="plain")


async def deliver_all(channels: Channels, *deliveries: Delivery) -> list[Delivery]:
    """One after another, by one courier."""
    async with Courier(channels) as courier:
        return [await courier.deliver(delivery) for delivery in deliveries]


class Postbox:
    """An SMTP handler that keeps what it is given, or answers a step with an error."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.received: list[Envelope] = []
        self.sessions: list[Session] = []

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions.append(session)
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.received.append(envelope)
        return self.answers.get("data", "250 OK")

    @property
    def messages(self) -> list[EmailMessage]:
        contents = (envelope.content for envelope in self.received)
        return [
            email.message_from_bytes(content, policy=email.policy.default)
            for content in contents
            if isinstance(content, bytes)
        ]


@asynccontextmanager
async def postbox_server(
    box: Postbox, password: str = "", *, tls: ssl.SSLContext | None = None, start_tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """The port of a server that wants a password if one is given; secure from the first byte, or by STARTTLS."""

    def allowed(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
        return AuthResult(success=getattr(data, "password", b"") == password.encode(), handled=False)

    def protocol() -> SMTP:
        needs_tls, needs_password = start_tls is not None, bool(password)
        return SMTP(
            box,
            tls_context=start_tls,
            require_starttls=needs_tls,
            auth_require_tls=needs_tls,
            auth_required=needs_password,
            authenticator=allowed if needs_password else None,
        )

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.02)  # until the server has seen the client leave


@asynccontextmanager
async def talking(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    """The port of a server that says what it likes."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await asyncio.sleep(0.02)
