"""The mail of a delivery: what it holds, and that nothing which was fetched adds to its headers."""

import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage

import html5lib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from aggregator.model import Delivery, DeliveryState
from aggregator.publish.inlining import html_part_size, with_inlined_css
from aggregator.publish.message import header_text, make_message, one_address
from aggregator.settings import Mail
from tests.builders import make_delivery

MAIL = Mail(host="mail.example", sender="Monitor <digest@monitor.example>")
HEADERS = [
    *("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Unsubscribe", "Auto-Submitted"),
    *("X-Idempotency-Key", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"),
]
ONE_CLICK = "List-Unsubscribe-Post"
HOSTILE = [
    "A\r\nBcc: thief@example.org\r\n\r\nbody",
    "=?utf-8?q?=0d=0aBcc:_thief@example.org?=",
    "=?utf-8?b?DQpCY2M6IHRoaWVmQGV4YW1wbGUub3Jn?=",
    "x" * 60 + "=?utf-8?q?=0d=0aBcc:_thief@example.org?=" + "ы" * 60,
    "=\n?utf-8?q?=0d=0aBcc:_thief@example.org?=",
    "A\u2028Bcc: thief@example.org\x85Bcc: t@example.org\x0bBcc: t@example.org",
    "a@b.example>, <thief@example.org",
]


def names(raw: bytes) -> list[str]:
    """The names of a mail's headers, as the strictest and the laxest reader see them."""
    strict, lax = (
        email.message_from_bytes(raw, policy=policy).keys() for policy in (email.policy.default, email.policy.compat32)
    )
    assert list(strict) == list(lax)
    assert b"\n" not in raw.split(b"\r\n\r\n")[0].replace(b"\r\n", b"")
    return list(lax)


def read(delivery: Delivery, mail: Mail = MAIL) -> EmailMessage:
    """A mail as its recipient reads it."""
    message = email.message_from_bytes(make_message(delivery, mail), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


# --- headers -----------------------------------------------------------------------------------


def test_a_repeat_carries_the_same_message_id_and_other_mails_another() -> None:
    def identity(delivery: Delivery) -> str:
        return str(read(delivery)["Message-ID"])

    one = make_delivery()
    assert identity(one) == identity(replace(one, attempts=3, text="other", state=DeliveryState.SENDING))
    assert identity(one).endswith("@monitor.example>")
    others = [one, replace(one, target="b@example.org"), replace(one, key="edition/daily/2026-03-06")]
    assert len(set(map(identity, others))) == 3


def test_a_mail_says_from_which_list_it_is_and_how_to_leave_it() -> None:
    message = read(make_delivery())
    assert message["List-Id"] == "<daily.monitor.example>"
    assert message["List-Unsubscribe"] == "<mailto:digest@monitor.example?subject=unsubscribe%20daily>"
    assert message["Reply-To"] == message["From"] == "Monitor <digest@monitor.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Idempotency-Key"] == "edition/daily/2026-03-05"
    assert message[ONE_CLICK] is None


def test_the_configuration_may_say_otherwise() -> None:
    mail = replace(
        MAIL, reply_to="desk@monitor.example", list_id="ties.monitor.example", unsubscribe="mailto:x@y.example"
    )
    message = read(make_delivery(), mail)
    assert (message["Reply-To"], message["List-Id"]) == ("desk@monitor.example", "<ties.monitor.example>")
    assert message["List-Unsubscribe"] == "<mailto:x@y.example>"
    assert message[ONE_CLICK] is None


def test_an_https_address_is_left_by_one_click_and_stays_whole() -> None:
    address = "https://monitor.example/a/rather/long/address/that/no/header/line/holds?who={recipient}&list={list}"
    raw = make_message(make_delivery("Reader <a+b@example.org>"), replace(MAIL, unsubscribe=address))
    filled = address.format(recipient="a%2Bb%40example.org", list="daily")
    assert f"\r\nList-Unsubscribe: <{filled}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in raw.decode()


@pytest.mark.parametrize(
    ("key", "identity"),
    [("alert/Gas & oil/17", "gas-oil"), ("alert/газ/17", "list"), ("alert/a/b/17", "a-b"), ("odd", "list")],
)
def test_the_name_of_a_rule_becomes_a_label(key: str, identity: str) -> None:
    message = read(make_delivery(key=key, kind="alert"))
    assert message["List-Id"] == f"<{identity}.monitor.example>"
    assert message["X-Idempotency-Key"] == key


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("unsubscribe", ["", "https://monitor.example/leave?{recipient}"])
def test_no_text_adds_a_header(hostile: str, unsubscribe: str) -> None:
    delivery = make_delivery(subject=hostile, key=f"alert/{hostile}/1", text=hostile)
    expected = set(HEADERS) | ({ONE_CLICK} if unsubscribe else set())
    found = names(make_message(delivery, replace(MAIL, unsubscribe=unsubscribe)))
    assert (set(found), len(found)) == (expected, len(expected))


@settings(deadline=None)
@given(st.text(max_size=120))
@example(HOSTILE[0])
@example(HOSTILE[3])
@example(HOSTILE[5])
@example("\ud800")
def test_no_subject_adds_a_header(subject: str) -> None:
    assert sorted(names(make_message(make_delivery(subject=subject), MAIL))) == sorted(HEADERS)


@settings(deadline=None)
@given(st.text(max_size=60) | st.from_regex(r"[^@]{0,20}@[^@]{0,20}(>|,|;|\s)?.{0,20}", fullmatch=True))
@example("a@")
@example("reader@example.org, thief@example.org")
@example("reader@example.org\r\nBcc: thief@example.org")
@example("group: reader@example.org;")
def test_a_recipient_is_one_address_or_no_mail_is_made(recipient: str) -> None:
    try:
        raw = make_message(make_delivery(recipient), MAIL)
    except ValueError:
        return
    assert sorted(names(raw)) == sorted(HEADERS)
    assert len(email.message_from_bytes(raw, policy=email.policy.default)["To"].addresses) == 1


def test_a_domain_in_another_script_is_written_as_servers_know_it() -> None:
    assert one_address("Иван <ivan@пример.рф>").addr_spec == "ivan@xn--e1afmkfd.xn--p1ai"
    with pytest.raises(ValueError, match="not one mail address in ASCII"):
        one_address("ivan-ы@example.org")


def test_header_text_is_one_short_line() -> None:
    assert header_text("a\r\n\tb\x00c\u202e\n") == "a b c"
    assert len(header_text("x" * 1000)) == 200


# --- the page ----------------------------------------------------------------------------------

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Daily</title>
<link rel="stylesheet" href="http://127.0.0.1:9/remote.css"><link rel="stylesheet" href="/etc/hostname">
<style>:root{--ink:#111}p{color:var(--ink)}a:hover{color:blue}
@media (prefers-color-scheme:dark){p{color:#eee !important}}</style></head>
<body><p>Привет 你好 &lt;b&gt;</p><a href="https://example.com/?a=1&amp;b=2">on</a></body></html>"""


def test_styles_stand_in_each_element_and_the_dark_ones_in_the_head() -> None:
    page = html5lib.parse(with_inlined_css(PAGE), namespaceHTMLElements=False)
    paragraph, style = page.find(".//p"), page.find(".//style")
    assert paragraph is not None
    assert style is not None
    assert (paragraph.get("style"), paragraph.text) == ("color:#111", "Привет 你好 <b>")
    assert "prefers-color-scheme:dark" in str(style.text).replace(" ", "")
    assert page.find(".//link") is None
    assert html_part_size(PAGE) == len(with_inlined_css(PAGE).encode()) < len(PAGE.encode()) + 60


def test_a_mail_has_a_text_and_a_page_of_seven_bits_in_short_lines() -> None:
    delivery = make_delivery(text="Привет " * 500 + "\n.\n", html=PAGE)
    raw, message = make_message(delivery, MAIL), read(delivery)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78  # RFC 5322 §2.1.1
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert re.fullmatch(r"(Привет ){500}\s+\.\s+", next(message.iter_parts()).get_content())


def test_a_mail_without_a_page_is_plain_text() -> None:
    assert read(make_delivery(text="Gas")).get_content_type() == "text/plain"
