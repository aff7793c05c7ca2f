"""The command line: its help, its exit codes, and the JSON that machines are promised."""

import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

import aggregator
from aggregator.cli import main
from aggregator.cli.app import app
from aggregator.config import load_settings
from aggregator.demo import sample_configuration, sample_server
from aggregator.model import FullText, FullTextState
from tests.builders import NOW, filled_archive, make_annotated, make_article

ROOT = Path(__file__).parents[2]
_ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "COLUMNS": "200",
    "NO_COLOR": "1",
    # Compiled once and kept outside the tree, or each start takes twice as long.
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "aggregator-tests-pycache"),
}
FEEDS = """\
feeds:
  - url: https://example.com/rss
    outlet: Example [b]
    language: en
    country: DE
    camp: western
"""


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*arguments: str | Path, folder: Path, typed: str = "") -> Done:
    """The program as users start it, and what they type."""
    done = subprocess.run(
        [sys.executable, "-m", "aggregator", *map(str, arguments)],
        cwd=folder,
        env=os.environ | _ENVIRONMENT,
        capture_output=True,
        input=typed,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def run_here(*arguments: str | Path) -> Done:
    """The same within this process, which saves the start."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", newline="", write_through=True)
    err, code = io.StringIO(), 0
    with (
        patch.object(sys, "argv", ["aggregator", *map(str, arguments)]),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    out.seek(0)
    return Done(code, out.read(), err.getvalue())


def commands(group: TyperGroup, *path: str) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    context = typer.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, TyperGroup):
            yield from commands(command, *path, name)
        elif isinstance(command, TyperCommand):
            yield (*path, name), command


_TOP = typer.main.get_command(app)
assert isinstance(_TOP, TyperGroup)
COMMANDS = dict(commands(_TOP))


# --- help and errors ---------------------------------------------------------------------------


def test_the_commands_are_these() -> None:
    assert {" ".join(path) for path in COMMANDS} == {
        *("poll", "digest", "search", "explain", "serve", "run", "demo", "judge", "train", "evaluate relevance"),
        *("backtest", "reannotate", "outbox resend", "outbox drop"),
        *(f"alerts {name}" for name in ("list", "try", "add", "test", "mute")),
        *("evaluate stories", "evaluate duplicates", "story show", "story split", "story merge"),
        *(f"archive {name}" for name in ("backup", "restore", "check", "stats", "compact", "export", "import", "tidy")),
        *(f"feeds {name}" for name in ("list", "add", "remove", "import", "export", "health", "check")),
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_describes_the_command_and_gives_an_example(path: tuple[str, ...]) -> None:
    done = run_here(*path, "--help")
    assert done.code == 0
    assert f"aggregator {' '.join(path)}" in done.out.partition("Example")[2]
    assert COMMANDS[path].help


def test_help_of_the_program_names_each_command_with_examples() -> None:
    done = run_here("--help")
    assert "Examples:" in done.out
    assert all(path[0] in done.out for path in COMMANDS)


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = run("--version", folder=tmp_path)
    assert (done.code, done.out.strip()) == (0, f"aggregator {aggregator.__version__}")


@pytest.mark.parametrize(
    "arguments",
    [
        ["pol"],
        ["poll", "--nonsense"],
        ["search"],
        ["search", "a", "--sort", "loudest"],
        ["search", "a", "--limit", "0"],
        ["search", "a", "--offset", "99999999999999999999"],
        ["explain"],
        ["explain", "seventeen"],
        ["explain", "99999999999999999999"],
        ["serve", "--port", "70000"],
        ["feeds"],
        ["feeds", "add", "example.com"],
        ["feeds", "import", "none.opml"],
        ["feeds", "add", "https://example.com", "--camp", "eastern"],
    ],
    ids=" ".join,
)
def test_wrong_use_ends_with_2(arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run_here(*arguments)
    assert done.code == 2
    assert "Usage" in done.err + done.out


def test_a_wrong_configuration_ends_with_2_and_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS.replace("western", "eastern"))
    done = run("poll", folder=tmp_path)
    assert done.code == 2
    assert "feeds.yaml:6: feeds[1].camp:" in done.err
    assert done.out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["poll"], 2, "feeds.yaml: there is no such file"),
        (["search", "a", "--archive", "none.db"], 1, "there is no archive at none.db"),
        (["search", "topc:energy", "--archive", "a.db"], 2, "did you mean topic?"),
        (["explain", "99", "--archive", "a.db"], 1, "there is no article 99"),
        (["explain", "--text", "none.txt"], 1, "none.txt: No such file"),
        (["search", "a", "--archive", "a.db", "--beat", "none"], 1, "there is no beat 'none'"),
        (["search", b"outlet:\xff".decode("utf-8", "surrogateescape"), "--archive", "a.db"], 2, "half a character"),
    ],
)
def test_an_error_is_a_line_and_a_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with filled_archive(tmp_path / "a.db", make_annotated()):
        done = run_here(*arguments)
    assert done.code == code
    assert said in " ".join(done.err.split())
    assert done.err.startswith("aggregator: ")


# --- explain and search ------------------------------------------------------------------------


def test_explain_judges_a_text_that_is_not_in_the_archive(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("Путин и Си Цзиньпин обсудили <b>газопровод</b> в Пекине.", encoding="utf-8")
    done = run_here("explain", "--title", "Путин встретился с Си Цзиньпином", "--text", tmp_path / "text.txt", "--json")
    told = done.json
    assert set(told) == {"relevance", "language", "topics", "topic_evidence", "actors", "places", "evidence"}
    assert told["topic_evidence"].keys() == set(told["topics"])
    assert all(told["topic_evidence"].values())
    assert told["language"] == "ru"
    assert {"Vladimir Putin", "Xi Jinping"} <= set(told["actors"])
    assert 0 <= told["relevance"] <= 1
    assert told["evidence"]
    assert all(set(one) == {"what", "where", "points"} for one in told["evidence"])


def test_explain_judges_an_article_of_the_archive(tmp_path: Path) -> None:
    with filled_archive(tmp_path / "a.db", make_annotated(score=0.625, topics=["energy"])):
        assert run_here("explain", "1", "--archive", tmp_path / "a.db", "--json").json["relevance"] == 0.625
        table = run_here("explain", "1", "--archive", tmp_path / "a.db").out
    assert "Putin meets Xi in Moscow" in table
    assert "both sides" in table


@pytest.mark.parametrize(
    ("state", "reason", "text", "said"),
    [
        ("read", "", "Text " * 300, "1,500 characters, read 2026-03-05 12:00 UTC"),
        ("given-up", "HTTP 404 Not Found", "", "given up after 3×: HTTP 404 Not Found"),
    ],
)
def test_explain_says_what_came_of_the_page(tmp_path: Path, state: str, reason: str, text: str, said: str) -> None:
    outcome = FullText(article=1, url="x", state=FullTextState(state), asked=NOW, attempts=3, reason=reason, text=text)
    with filled_archive(tmp_path / "a.db", make_annotated()) as archive:
        assert "not asked for" in run_here("explain", "1", "--archive", tmp_path / "a.db").out
        archive.save_full_texts([(outcome, None)])
    done = run_here("explain", "1", "--archive", tmp_path / "a.db")
    assert said in " ".join(done.out.split())
    told = run_here("explain", "1", "--archive", tmp_path / "a.db", "--json").json
    assert told["full_text"] == {"state": state, "reason": reason}


def test_what_a_feed_says_is_no_markup_in_a_table(tmp_path: Path) -> None:
    title = "[b]Deal[/b] [/x] :cat: \\[x"
    with filled_archive(tmp_path / "a.db", make_annotated(make_article(title))):
        done = run_here("search", "Deal", "--archive", tmp_path / "a.db")
    assert title in done.out


# --- feeds -------------------------------------------------------------------------------------

RSS = b"""<?xml version="1.0"?><rss version="2.0"><channel><title>Found &amp; named</title>
<item><title>One</title><link>https://example.com/1</link></item></channel></rss>"""
PAGES = {
    "/": b'<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>',
    "/rss": RSS,
    "/plain": b"<html><p>No feed here</p></html>",
}


@contextmanager
def site() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = PAGES.get(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "application/rss+xml" if body == RSS else "text/html")
            self.end_headers()
            self.wfile.write(body or b"no")

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_page_is_added_as_the_feed_that_it_names(tmp_path: Path) -> None:
    config = tmp_path / "feeds.yaml"
    with site() as host:
        config.write_text(f'# mine\nnetwork: {{allow: ["{host}"]}}\n{FEEDS}')
        options = ("--config", config, "--language", "ru", "--country", "RU", "--camp", "ru-state")
        done = run_here("feeds", "add", f"http://{host}/", *options)
        again = run_here("feeds", "add", f"http://{host}/rss", "--config", config)
    assert done.out.startswith(f"added: Found & named: http://{host}/rss (feed, 1 entries)")
    assert again.out.startswith("there already")
    assert config.read_text().startswith("# mine\n")
    rows = run_here("feeds", "list", "--config", config, "--json").json
    assert len(rows) == 2
    assert rows[1] == {
        "url": f"http://{host}/rss",
        "outlet": "Found & named",
        "language": "ru",
        "country": "RU",
        "camp": "ru-state",
        "paused": False,
    }


@pytest.mark.parametrize(
    ("page", "allowed", "said"),
    [("plain", True, "no feed there"), ("missing", True, "HTTP 404"), ("rss", False, "network.allow")],
)
def test_nothing_is_added_that_is_no_feed_or_not_allowed(tmp_path: Path, page: str, allowed: bool, said: str) -> None:
    with site() as host:
        text = (f'network: {{allow: ["{host}"]}}\n' if allowed else "") + FEEDS
        (tmp_path / "feeds.yaml").write_text(text)
        done = run_here("feeds", "add", f"http://{host}/{page}", "--config", tmp_path / "feeds.yaml")
    assert done.code == 1
    assert said in done.err
    assert (tmp_path / "feeds.yaml").read_text() == text


def test_a_feed_is_removed_once(tmp_path: Path) -> None:
    config = tmp_path / "feeds.yaml"
    config.write_text(FEEDS)
    done = run_here("feeds", "remove", "https://example.com/rss", "--config", config)
    assert (done.code, done.out) == (0, "removed: https://example.com/rss\n")
    done = run_here("feeds", "remove", "https://example.com/rss", "--config", config)
    assert done.code == 1
    assert "lists no feed https://example.com/rss" in done.err


def test_an_exported_list_can_be_imported(tmp_path: Path) -> None:
    one, other = tmp_path / "one.yaml", tmp_path / "other.yaml"
    one.write_text(
        FEEDS
        + FEEDS.replace("/rss", "/второй?a=1&b=2").partition("\n")[2]
        + "    kind: news-sitemap\n    interval_minutes: 60\n    paused: true\n"
    )
    (tmp_path / "list.opml").write_text(run_here("feeds", "export", "--config", one).out, encoding="utf-8")
    done = run_here("feeds", "import", tmp_path / "list.opml", "--config", other)
    assert done.out == "2 added, 0 there already\n"
    assert load_settings(other, {}).feeds == load_settings(one, {}).feeds
    again = run_here("feeds", "import", tmp_path / "list.opml", "--config", other)
    assert again.out == "0 added, 2 there already\n"


# --- the whole path, on the sample feeds --------------------------------------------------------


@pytest.fixture(scope="module")
def polled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Done]]]:
    """A folder in which the sample feeds were polled three times: anew, with nothing due, and all again."""
    folder = tmp_path_factory.mktemp("polled")
    with sample_server(now=datetime.now(UTC)) as port:
        (folder / "feeds.yaml").write_text(sample_configuration(port), encoding="utf-8")
        again = ("poll", "--json", "--config", folder / "feeds.yaml")
        yield folder, [run("poll", "--json", folder=folder), run_here(*again, "--due"), run_here(*again)]


def test_poll_accounts_for_each_feed_and_entry(polled: tuple[Path, list[Done]]) -> None:
    first, second, third = (done.json for done in polled[1])
    for told in (first, second, third):
        assert set(told) == {"feeds", "entries", "failures"}
        assert set(told["feeds"]) == {"due", "ok", "unchanged", "failed"}
        assert set(told["entries"]) == {"fetched", "stored", "duplicate", "dropped"}
        feeds, entries = told["feeds"], told["entries"]
        assert feeds["due"] == feeds["ok"] + feeds["unchanged"] + feeds["failed"]
        assert entries["fetched"] == entries["stored"] + entries["duplicate"] + entries["dropped"]
        assert len(told["failures"]) == feeds["failed"]
        assert all(set(failure) == {"url", "reason"} and failure["reason"] for failure in told["failures"])
    assert first["feeds"]["due"] == len(load_settings(polled[0] / "feeds.yaml").feeds)
    assert first["entries"]["stored"] > 100
    assert second["feeds"]["due"] == 0
    assert third["feeds"]["ok"] == 0
    assert third["feeds"]["unchanged"] == first["feeds"]["ok"]
    assert all(done.code == 0 for done in polled[1])


def test_what_was_polled_is_found_and_explained(polled: tuple[Path, list[Done]]) -> None:
    stored = polled[1][0].json["entries"]["stored"]
    config = polled[0] / "feeds.yaml"
    assert run_here("search", "", "--config", config, "--json").json["total"] == stored
    told = run_here("search", "lang:ru relevance>=0", "--config", config, "--json").json
    assert 0 < told["total"] < stored
    explained = run_here("explain", str(told["hits"][0]["id"]), "--config", config, "--json").json
    shared = ("relevance", "published", "updated", "date_confidence")
    assert {name: explained[name] for name in shared} == {name: told["hits"][0][name] for name in shared}


def test_feeds_tell_their_health(polled: tuple[Path, list[Done]]) -> None:
    config = polled[0] / "feeds.yaml"
    rows = run_here("feeds", "health", "--config", config, "--json").json
    assert len(rows) == len(load_settings(config).feeds)
    for row in rows:
        assert {"url", "outlet", "health", "reason", "advice", "rhythm", "failures", "last_ok", "next_due"} <= set(row)
        assert row["next_due"].endswith("Z")
    failed = {row["url"] for row in rows if row["health"] != "ok"}
    assert failed == {failure["url"] for failure in polled[1][0].json["failures"]}


def test_a_second_digest_of_a_date_makes_no_second_edition(polled: tuple[Path, list[Done]], tmp_path: Path) -> None:
    config = polled[0] / "feeds.yaml"
    arguments = ("digest", "--config", config, "--output", tmp_path / "out", "--json")
    (one,) = run_here(*arguments).json["editions"]
    assert set(one) == {"digest", "date", "path", "stories", "new"}
    assert one["new"] is True
    html = Path(one["path"])
    assert html.parent == tmp_path / "out"
    assert html.read_bytes().startswith(b"<!DOCTYPE html>")
    assert html.with_suffix(".txt").is_file()
    first = html.read_bytes()
    (again,) = run_here(*arguments).json["editions"]
    assert again == {**one, "new": False}
    assert html.read_bytes() == first
    html.unlink()
    run_here(*arguments)
    assert html.read_bytes() == first, "the edition that the archive keeps is written once more"


def test_a_trial_is_not_kept_and_a_kept_edition_is_rebuilt(polled: tuple[Path, list[Done]], tmp_path: Path) -> None:
    config = polled[0] / "feeds.yaml"
    arguments = ("digest", "--config", config, "--output", tmp_path / "out", "--json")
    trial = run_here(*arguments, "--since", "2020-01-01", "--until", "2030-01-01T12:00").json["editions"][0]
    assert (trial["state"], trial["new"]) == ("a trial", False)
    assert Path(trial["path"]).name.endswith("-trial.html")
    (made,) = run_here(*arguments).json["editions"]
    kept = Path(made["path"]).read_bytes()
    again = run_here("digest", "--config", config, "--output", tmp_path / "again", "--rebuild", "--json")
    (rebuilt,) = again.json["editions"]
    assert (again.code, rebuilt["state"]) == (0, "the same bytes")
    assert Path(rebuilt["path"]).read_bytes() == kept
    assert run_here("digest", "--config", config, "--rebuild", "--date", "2001-01-01").code == 1
    assert run_here("digest", "--config", config, "--since", "2030-01-01", "--until", "2020-01-01").code == 1
    assert run_here("digest", "--config", config, "--since", "yesterday").code == 2
    assert run_here("digest", "--config", config, "--digest", "nightly").code == 2


def test_a_trial_that_cannot_be_mailed_says_why(polled: tuple[Path, list[Done]], tmp_path: Path) -> None:
    config = polled[0] / "feeds.yaml"
    done = run_here("digest", "--config", config, "--output", tmp_path, "--to", "me@example.org", "--json")
    assert (done.code, done.json["editions"][0]["state"]) == (1, "not sent")
    assert done.json["editions"][0]["changes"] == ["me@example.org: there is no mail section in the configuration"]


def test_a_date_that_is_none_is_wrong_use(polled: tuple[Path, list[Done]]) -> None:
    assert run_here("digest", "--config", polled[0] / "feeds.yaml", "--date", "soon").code == 2


def test_a_poll_in_which_every_feed_fails_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "feeds.yaml").write_text(FEEDS.replace("https://example.com", "http://127.0.0.1:9"))
    done = run_here("poll", "--json", "--config", tmp_path / "feeds.yaml")
    assert done.code == 1
    assert done.json["feeds"] == {"due": 1, "ok": 0, "unchanged": 0, "failed": 1}
    assert "network.allow" in done.json["failures"][0]["reason"]


def test_one_round_of_everything_makes_its_alerts_and_files(tmp_path: Path) -> None:
    with sample_server(now=datetime.now(UTC)) as port:
        alerts = 'alerts:\n  - {name: all, query: "lang:ru", minimum_relevance: 0}\n'
        (tmp_path / "feeds.yaml").write_text(sample_configuration(port) + alerts, encoding="utf-8")
        done = run("run", "--once", folder=tmp_path)
    assert done.code == 0
    assert "feeds: " in done.err
    assert "notices: 0" not in done.err
    assert (tmp_path / "archive.db").is_file()


def test_a_poll_reads_the_pages_of_a_feed_that_wants_it(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "page").write_bytes((Path(__file__).parents[1] / "fixtures" / "article.html").read_bytes())
    with sample_server(now=datetime.now(UTC), folder=site) as port:
        item = (
            "<item><title>Ministers agree on new border crossing</title><description>A crossing.</description>"
            f"<link>http://127.0.0.1:{port}/page</link><pubDate>Mon, 17 Apr 2023 08:00:00 GMT</pubDate></item>"
        )
        (site / "rss").write_text(f'<rss version="2.0"><channel><title>C</title>{item}</channel></rss>')
    with sample_server(now=datetime.now(UTC), folder=site, port=port):
        (tmp_path / "feeds.yaml").write_text(
            f'network: {{allow: ["127.0.0.1:{port}"]}}\nfeeds:\n  - {{url: "http://127.0.0.1:{port}/rss", outlet: C,'
            " language: en, country: GB, camp: western, full_text: true}\n"
        )
        assert run("poll", "--json", folder=tmp_path).json["entries"]["stored"] == 1
    found = run_here("search", "harbin", "--archive", tmp_path / "archive.db", "--json").json
    assert [hit["title"] for hit in found["hits"]] == ["Ministers agree on new border crossing"]


def test_feeds_check_finds_what_is_wrong_and_suggests_the_repair(tmp_path: Path) -> None:
    with sample_server(now=datetime.now(UTC)) as port:
        (tmp_path / "feeds.yaml").write_text(sample_configuration(port), encoding="utf-8")
        done = run_here("feeds", "check", "--config", tmp_path / "feeds.yaml", "--json")
        shown = run_here("feeds", "check", "--config", tmp_path / "feeds.yaml")
    findings = {row["url"].rpartition("/")[2]: row for row in done.json}
    assert done.code == shown.code == 1
    assert sum(row["ok"] for row in findings.values()) == 26
    assert "404" in findings["missing.rss"]["finding"]
    assert "web page" in findings["broken-dumpling.rss"]["finding"]
    assert findings["broken-dumpling.rss"]["repair"]
    assert findings["huanghe-en.rss"]["finding"].startswith("rss20, ")
    assert "26 of 28 sources work" in shown.out
