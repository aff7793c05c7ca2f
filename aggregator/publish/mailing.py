"""EDGE, the home of aiosmtplib: mails → an SMTP server, over one connection for many; each outcome is a value."""

import contextlib
import ssl
from collections.abc import Callable

import aiosmtplib

from aggregator.model import Delivery
from aggregator.publish.message import make_message, one_address
from aggregator.publish.outbox import again, failed, sent, without_answer
from aggregator.publish.signing import NotSigned, sign
from aggregator.settings import Mail

#: What goes wrong on the way: the server's answers, the link, and addresses that cannot be said to a server.
_TROUBLE = (aiosmtplib.SMTPException, OSError, ValueError)
#: Seconds for which a server that could not be reached counts as away: a thousand mails need not find out one by one.
_AWAY_SECONDS = 60.0
_CLOSING = 421  # RFC 5321 §3.8: the server closes the connection


class MailLink:
    """The way to a server: opened with the first mail, kept for those that follow, opened anew when it is lost."""

    def __init__(self, mail: Mail, timeout_seconds: float, clock: Callable[[], float]) -> None:
        self._mail, self._timeout, self._clock = mail, timeout_seconds, clock
        self._client: aiosmtplib.SMTP | None = None
        self._away: tuple[float, Exception] | None = None

    async def send(self, delivery: Delivery) -> Delivery:
        """Hand a mail over, and say how it went; what is wrong with one is no hindrance for the next."""
        try:
            content, recipient = self._written(delivery), one_address(delivery.target).addr_spec
        except ValueError as error:
            return failed(delivery, f"no mail can be made of it: {error}")
        if isinstance(content, NotSigned):
            return again(delivery, content.reason)
        try:
            client = await self._addressed(recipient)
        except _TROUBLE as error:
            return _refused(delivery, error) or again(delivery, _told(error))
        try:
            await client.data(content)
        except _TROUBLE as error:
            if refused := _refused(delivery, error):
                return refused
            self._leave()
            return without_answer(delivery, _told(error))
        return sent(delivery)

    async def close(self) -> None:
        """Say goodbye."""
        # Whatever the server answers, each mail has its outcome already.
        with contextlib.suppress(*_TROUBLE):
            if self._client:
                await self._client.quit()
        self._leave()

    def _written(self, delivery: Delivery) -> bytes | NotSigned:
        message = make_message(delivery, self._mail)
        return sign(message, self._mail.dkim) if self._mail.dkim else message

    async def _addressed(self, recipient: str) -> aiosmtplib.SMTP:
        """A connection that awaits the text of a mail to somebody; a server that hangs up on an old one is called again."""
        old = await self._cleared()
        try:
            return await self._envelope(old or await self._connected(), recipient)
        except (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPResponseException) as error:
            if not old or getattr(error, "code", _CLOSING) != _CLOSING:
                raise
        self._leave()
        return await self._envelope(await self._connected(), recipient)

    async def _envelope(self, client: aiosmtplib.SMTP, recipient: str) -> aiosmtplib.SMTP:
        await client.mail(one_address(self._mail.sender).addr_spec)
        await client.rcpt(recipient)
        return client

    async def _cleared(self) -> aiosmtplib.SMTP | None:
        """The connection of the mail before, cleared of it; None if there is none that lives."""
        try:
            if self._client:
                await self._client.rset()
        except _TROUBLE:
            self._leave()
        return self._client

    async def _connected(self) -> aiosmtplib.SMTP:
        if self._away and self._clock() < self._away[0]:
            raise self._away[1]
        try:
            client = self._new_client()
            await client.connect()
        except _TROUBLE as error:
            self._away = self._clock() + _AWAY_SECONDS, error
            raise
        self._client = client
        return client

    def _new_client(self) -> aiosmtplib.SMTP:
        mail = self._mail
        secure = mail.security != "plain"
        return aiosmtplib.SMTP(
            hostname=mail.host,
            port=mail.port,
            use_tls=mail.security == "tls",
            start_tls=mail.security == "starttls",
            tls_context=ssl.create_default_context(cafile=mail.certificates) if secure else None,
            username=mail.user or None,
            password=mail.password or None,
            timeout=self._timeout,
        )

    def _leave(self) -> None:
        if self._client:
            self._client.close()
        self._client = None


def _refused(delivery: Delivery, error: Exception) -> Delivery | None:
    """What a server's answer makes of a delivery (RFC 5321 §4.2.1); one with a code below 400 says as little as none."""
    if not isinstance(error, aiosmtplib.SMTPResponseException) or error.code < 400:
        return None
    told = f"{error.code} {error.message}"
    return again(delivery, told) if error.code < 500 else failed(delivery, told)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
