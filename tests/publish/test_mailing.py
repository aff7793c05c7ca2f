"""The link to an SMTP server: secure or refused, kept for many mails, opened anew when it is lost; signatures."""

import asyncio
import base64
import shutil
import ssl
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import dkim
import pytest

from aggregator.model import Delivery, DeliveryState
from aggregator.publish.deliver import Channels
from aggregator.settings import Dkim
from tests.builders import make_delivery
from tests.publish.smtp import Postbox, deliver_all, mail_at, postbox_server, talking

SENT, QUEUED, FAILED = DeliveryState.SENT, DeliveryState.QUEUED, DeliveryState.FAILED
Security = Literal["tls", "starttls"]
EDITIONS = [make_delivery(f"reader{n}@example.org") for n in range(3)]


# --- secure ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with key and certificate of localhost, signed by itself, and of another name."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("keys")
    for name in ("localhost", "other.example"):
        made = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -addext subjectAltName=DNS:{name}"
        files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
        subprocess.run([*made.split(), *files], cwd=folder, check=True, capture_output=True)
    return folder


def sent_securely(
    keys: Path, security: Security, trusted: str | None, *, of: str = "localhost", password: str = "secret"
) -> tuple[Delivery, Postbox]:
    """How a mail fares at a server with a certificate `of` a name and the password «secret»."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / f"{of}.pem", keys / f"{of}.key")
    box = Postbox()

    async def work() -> Delivery:
        tls, start_tls = (context, None) if security == "tls" else (None, context)
        certificates = keys / trusted if trusted else None
        async with postbox_server(box, "secret", tls=tls, start_tls=start_tls) as port:
            mail = replace(mail_at(port), host="localhost", security=security, certificates=certificates)
            mail = replace(mail, user="reader", password=password)
            (done,) = await deliver_all(Channels(mail=mail, timeout_seconds=5), make_delivery())
            return done

    return asyncio.run(work()), box


SECURITIES: Sequence[Security] = ("tls", "starttls")
# of aiosmtpd, which sees by its own STARTTLS only that a connection is secure
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.mark.parametrize("security", SECURITIES)
def test_a_certificate_that_the_configuration_trusts_is_taken(keys: Path, security: Security) -> None:
    done, box = sent_securely(keys, security, "localhost.pem")
    assert (done.state, done.reason, len(box.received)) == (SENT, "", 1)


@pytest.mark.parametrize("security", SECURITIES)
@pytest.mark.parametrize(
    ("of", "trusted"), [("localhost", None), ("localhost", "other.example.pem"), ("other.example", "other.example.pem")]
)
def test_a_wrong_certificate_is_refused_and_told(keys: Path, security: Security, of: str, trusted: str | None) -> None:
    done, box = sent_securely(keys, security, trusted, of=of)
    assert (done.state, len(box.received)) == (QUEUED, 0)
    assert "certificate" in done.reason.lower()


@pytest.mark.parametrize("security", SECURITIES)
def test_a_wrong_password_is_told(keys: Path, security: Security) -> None:
    done, box = sent_securely(keys, security, "localhost.pem", password="wrong")
    assert (done.state, len(box.received)) == (FAILED, 0)
    assert done.reason.startswith("535")


def test_a_file_of_certificates_that_is_not_there_is_told(keys: Path) -> None:
    done, _ = sent_securely(keys, "tls", "gone.pem")
    assert (done.state, done.reason.partition(":")[0]) == (QUEUED, "FileNotFoundError")


def test_a_server_without_starttls_is_not_spoken_to_openly() -> None:
    async def work() -> tuple[Delivery, ...]:
        async with postbox_server(box := Postbox()) as port:
            done = await deliver_all(Channels(mail=replace(mail_at(port), security="starttls")), make_delivery())
            assert not box.received
            return tuple(done)

    (done,) = asyncio.run(work())
    assert (done.state, "STARTTLS" in done.reason) == (QUEUED, True)


# --- one connection for many -------------------------------------------------------------------


def test_many_mails_go_over_one_connection() -> None:
    box = Postbox()

    async def work() -> list[Delivery]:
        async with postbox_server(box) as port:
            return await deliver_all(Channels(mail=mail_at(port), timeout_seconds=5), *EDITIONS)

    assert [done.state for done in asyncio.run(work())] == [SENT] * 3
    assert len(box.sessions) == 1
    assert [envelope.rcpt_tos for envelope in box.received] == [[one.target] for one in EDITIONS]


@pytest.mark.parametrize("last_words", [b"421 too many\r\n", b""])
@pytest.mark.parametrize("step", [b"RSET", b"MAIL", b"RCPT"])
def test_a_server_that_takes_one_mail_a_connection_is_called_again(step: bytes, last_words: bytes) -> None:
    calls: list[int] = []

    async def one_mail(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = 0
        calls.append(0)
        writer.write(b"220 hello\r\n")
        while (line := await reader.readline()) and not (taken and line.upper().startswith(step)):
            if line.upper() == b"DATA\r\n":
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                taken = calls[-1] = calls[-1] + 1
            writer.write(b"250 fine\r\n")
        writer.write(last_words)
        writer.close()

    async def work() -> list[Delivery]:
        async with talking(one_mail) as port:
            return await deliver_all(Channels(mail=mail_at(port), timeout_seconds=5), *EDITIONS)

    assert [(done.state, done.attempts) for done in asyncio.run(work())] == [(SENT, 1)] * 3
    assert calls == [1, 1, 1]


def test_a_server_that_is_away_is_asked_once_for_all() -> None:
    calls: list[int] = []

    async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(1)
        writer.write(b"421 come back later\r\n")
        writer.close()

    async def work() -> list[Delivery]:
        async with talking(busy) as port:
            return await deliver_all(Channels(mail=mail_at(port), timeout_seconds=5), *EDITIONS)

    assert [(done.state, done.reason) for done in asyncio.run(work())] == [(QUEUED, "421 come back later")] * 3
    assert len(calls) == 1


# --- signed ------------------------------------------------------------------------------------


def sent_signed(key: Path) -> tuple[Delivery, Postbox]:
    box = Postbox()

    async def work() -> Delivery:
        async with postbox_server(box) as port:
            signing = Dkim(domain="monitor.example", selector="news", key_file=key)
            mail = replace(mail_at(port), dkim=signing, unsubscribe="https://monitor.example/leave?who={recipient}")
            delivery = make_delivery(subject="Сводка", text="Текст\n.\n", html="<p>Привет</p>")
            (done,) = await deliver_all(Channels(mail=mail, timeout_seconds=5), delivery)
            return done

    return asyncio.run(work()), box


def test_a_mail_is_signed_for_its_domain(keys: Path) -> None:
    done, box = sent_signed(keys / "localhost.key")
    assert (done.state, done.reason) == (SENT, "")
    (content,) = _contents(box)
    public = ["openssl", "rsa", "-pubout", "-outform", "DER"]
    der = subprocess.run([*public, "-in", keys / "localhost.key"], check=True, capture_output=True).stdout
    asked: list[bytes] = []

    def key_of(name: bytes, timeout: int = 5) -> bytes:
        asked.append(name)
        return b"v=DKIM1; p=" + base64.b64encode(der)

    signed = content.partition(b"List-Unsubscribe-Post: ")[0] + b"List-Unsubscribe-Post: "
    assert dkim.verify(content, dnsfunc=key_of)
    assert asked == [b"news._domainkey.monitor.example."]
    assert not dkim.verify(content.replace(signed, signed + b"x", 1), dnsfunc=key_of)
    assert not dkim.verify(content.replace(b"Subject: ", b"Subject: x", 1), dnsfunc=key_of)
    assert content.startswith(b"DKIM-Signature: ")
    assert box.messages[0].get_content_type() == "multipart/alternative"


@pytest.mark.parametrize(
    "written", [None, "no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"]
)
def test_a_key_that_cannot_be_read_is_told_and_nothing_leaves_unsigned(tmp_path: Path, written: str | None) -> None:
    if written is not None:
        (tmp_path / "dkim.key").write_text(written)
    done, box = sent_signed(tmp_path / "dkim.key")
    assert (done.state, done.attempts, box.received) == (QUEUED, 1, [])
    assert done.reason.startswith(f"DKIM key {tmp_path / 'dkim.key'}: ")


def test_without_the_extra_it_is_told(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['dkim'] = None\n"
        "from pathlib import Path\nfrom aggregator.publish.signing import sign\nfrom aggregator.settings import Dkim\n"
        "print(sign(b'', Dkim(domain='d', selector='s', key_file=Path('k'))).reason)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "extra `dkim`" in told


def _contents(box: Postbox) -> Sequence[bytes]:
    contents = [envelope.content for envelope in box.received]
    return [_without_marks(content) for content in contents if isinstance(content, bytes)]


def _without_marks(content: bytes) -> bytes:
    """Without what aiosmtpd puts above the header."""
    lines = content.split(b"\r\n")
    first = next(
        n for n, line in enumerate(lines) if not line.lower().startswith((b"x-peer", b"x-mailfrom", b"x-rcptto"))
    )
    return b"\r\n".join(lines[first:])
