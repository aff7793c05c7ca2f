"""`aggregator outbox`: what it shows, and what resend and drop say and do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from aggregator.archive.sqlite import open_archive
from aggregator.model import DeliveryState, Edition
from tests.builders import NOW, make_delivery
from tests.cli.test_commands import Done, run, run_here

KEY = "edition/daily/2026-03-05"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with a delivery in each state, the later the further down the list of states."""
    path = tmp_path / "a.db"
    opened = open_archive(path)
    deliveries = [
        replace(
            make_delivery(f"{state}@example.org", subject="[b]Daily", state=state),
            created=NOW + timedelta(minutes=n),
            reason="[red]why" if state is DeliveryState.UNCERTAIN else "",
        )
        for n, state in enumerate(DeliveryState)
    ]
    edition = Edition(digest="daily", date=date(2026, 3, 5), since=NOW, until=NOW, html="", text="", stories=())
    opened.save_edition(edition, deliveries)
    opened.close()
    return path


def outbox(archive: Path, *words: str) -> Done:
    return run_here("outbox", *words, "--archive", archive)


def shown(archive: Path, *words: str) -> Sequence[str]:
    return [one["state"] for one in outbox(archive, *words, "--json").json["deliveries"]]


def test_the_outbox_is_a_table_with_the_reason_of_each(archive: Path) -> None:
    done = run("outbox", "--archive", archive, folder=archive.parent)
    assert (done.code, done.err) == (0, "")
    assert "1 queued, 1 sending, 1 sent, 1 uncertain, 1 failed" in done.out
    assert "[red]why" in next(line for line in done.out.splitlines() if "uncertain@example.org" in line)


def test_the_latest_come_first_as_many_and_in_the_states_that_are_asked_for(archive: Path) -> None:
    assert shown(archive) == ["failed", "uncertain", "sent", "sending", "queued"]
    assert shown(archive, "--limit", "2") == ["failed", "uncertain"]
    assert shown(archive, "--state", "queued", "--state", "sent") == ["sent", "queued"]
    assert outbox(archive, "--state", "lost").code == 2


def test_machines_get_each_delivery_and_how_many_there_are(archive: Path) -> None:
    told = outbox(archive, "--state", "uncertain", "--json").json
    assert told["counts"] == {"queued": 1, "sending": 1, "sent": 1, "uncertain": 1, "failed": 1}
    assert told["deliveries"] == [
        {
            "key": KEY,
            "kind": "edition",
            "channel": "mail",
            "target": "uncertain@example.org",
            "subject": "[b]Daily",
            "state": "uncertain",
            "attempts": 0,
            "created": "2026-03-05T12:03:00Z",
            "next_attempt": None,
            "reason": "[red]why",
        }
    ]


def test_resend_queues_what_is_uncertain_or_failed_and_says_so(archive: Path) -> None:
    done = outbox(archive, "resend", KEY, "--to", "uncertain@example.org")
    assert (done.code, done.out) == (0, f"queued anew: {KEY} to uncertain@example.org, was uncertain\n")
    done = outbox(archive, "resend", KEY, "--json")
    assert done.json == {"changed": [{"key": KEY, "target": "failed@example.org", "was": "failed"}]}
    assert sorted(shown(archive)) == ["queued", "queued", "queued", "sending", "sent"]


def test_drop_forgets_what_is_not_sent_and_says_so(archive: Path) -> None:
    done = outbox(archive, "drop", KEY)
    assert (done.code, len(done.out.splitlines())) == (0, 3)
    assert sorted(shown(archive)) == ["sending", "sent"]


@pytest.mark.parametrize("command", ["resend", "drop"])
@pytest.mark.parametrize("words", [("edition/daily/1999-01-01",), (KEY, "--to", "sent@example.org")])
def test_who_names_nothing_that_can_be_done_is_told_so(archive: Path, command: str, words: Sequence[str]) -> None:
    done = outbox(archive, command, *words)
    assert (done.code, done.out) == (1, "")
    assert words[0] in done.err
    assert len(shown(archive)) == 5


def test_without_an_archive_nothing_is_made(tmp_path: Path) -> None:
    for words in ([], ["resend", KEY], ["drop", KEY]):
        assert outbox(tmp_path / "none.db", *words).code == 1
    assert list(tmp_path.iterdir()) == []
