"""Translation by a real program and a real server: what comes back well is taken, what does not is a reason."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from aggregator.acquire.asking import ANSWER_LIMIT, ask_program
from aggregator.publish.translate import Translated, read_answer, translations
from aggregator.settings import Translation
from tests.loopback import Answer, Server, reply, serving

TEXTS: Mapping[str, Sequence[str]] = {"ru": ["Путин в Пекине", "Газ"], "zh": ["中俄"]}
#: A translator of a few lines: it says the language and what it was given.
ECHO = """
import json, sys
asked = json.load(sys.stdin.buffer)
texts = [f"{asked['language']}: {text}" for text in asked["texts"]]
sys.stdout.buffer.write(json.dumps({"texts": texts}, ensure_ascii=False).encode())
"""
ECHOED = {"Путин в Пекине": "ru: Путин в Пекине", "Газ": "ru: Газ", "中俄": "zh: 中俄"}


def program(folder: Path, source: str, *, patience: float = 60) -> Translation:
    file = folder / "translator.py"
    file.write_text(source, encoding="utf-8")
    return Translation(command=(sys.executable, "-I", str(file)), timeout_seconds=patience)


def test_a_program_is_asked_for_each_language_and_its_answers_are_by_text(tmp_path: Path) -> None:
    assert translations(program(tmp_path, ECHO), TEXTS) == Translated(texts=ECHOED)


def test_nothing_is_asked_where_there_is_nothing_to_translate(tmp_path: Path) -> None:
    setting = Translation(command=(str(tmp_path / "none"),))
    assert translations(setting, {}) == translations(setting, {"ru": []}) == Translated()


def test_it_may_be_called_where_an_event_loop_runs(tmp_path: Path) -> None:
    async def within() -> Translated:
        return translations(program(tmp_path, ECHO), TEXTS)

    assert asyncio.run(within()).texts == ECHOED


def test_arguments_are_no_shell_s(tmp_path: Path) -> None:
    source = "import json, sys; print(json.dumps({'texts': [sys.argv[1], sys.argv[2]]}))"
    setting = program(tmp_path, source)
    asked = Translation(command=(*setting.command, "$(id) `id`", "; id"))
    assert translations(asked, {"ru": ["a", "b"]}).texts == {"a": "$(id) `id`", "b": "; id"}


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ('print(\'{"texts": ["one"]}\')', "1 texts came back for 2"),
        ("print('{\"texts\": []}')", "0 texts came back for 2"),
        ("print('Hello')", "no JSON"),
        ("", "no JSON"),
        ("print('[' * 100_000)", "no JSON"),
        ('import sys; sys.stdout.buffer.write(b\'{"texts": ["\\xff", ""]}\')', "no JSON"),
        ('print(\'["one", "two"]\')', 'not {"texts": […]}'),
        ('print(\'{"texts": "ab"}\')', 'not {"texts": […]}'),
        ("import sys; sys.exit('no model')", "ended with status 1: no model"),
        ("import sys; sys.exit('\x1b[31mred')", "ended with status 1: [31mred"),
        ("raise ValueError('broken')", "ended with status 1: ValueError: broken"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "ended with status -9"),
        ("import sys; sys.stderr.write('x' * 10_000_000); sys.exit(3)", "ended with status 3: xxx"),
        (f"print('x' * {ANSWER_LIMIT + 1})", f"wrote more than {ANSWER_LIMIT} bytes"),
        ("while True: print('x' * 1000)", f"wrote more than {ANSWER_LIMIT} bytes"),
    ],
)
def test_a_program_that_fails_gives_a_reason(tmp_path: Path, source: str, why: str) -> None:
    made = translations(program(tmp_path, source), {"ru": TEXTS["ru"]})
    assert made.texts == {}
    (problem,) = made.problems
    assert why in problem
    assert problem.startswith("translation of ru: ")


def test_a_program_that_is_not_there_or_no_program_gives_a_reason(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("data", "utf-8")
    for name in ("none", "data"):
        (problem,) = translations(Translation(command=(str(tmp_path / name),)), {"ru": ["a"]}).problems
        assert "cannot be started" in problem
    (problem,) = translations(Translation(command=("a\0b",)), {"ru": ["a"]}).problems
    assert "cannot be started" in problem


def test_a_program_that_reads_nothing_may_still_answer(tmp_path: Path) -> None:
    setting = program(tmp_path, 'print(\'{"texts": ["one"]}\')')
    long = "щ" * 400_000
    assert translations(setting, {"ru": [long]}).texts == {long: "one"}


#: Writes down its child, which would outlive it, and hangs.
HANGS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1] + ".part", "w").write(str(child.pid))
import os; os.rename(sys.argv[1] + ".part", sys.argv[1])
time.sleep(600)
"""


def test_a_program_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    noted = tmp_path / "child"
    setting = program(tmp_path, HANGS)

    async def give_up() -> None:
        asking = asyncio.create_task(ask_program((*setting.command, str(noted)), b"{}"))
        while not noted.exists():
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        while not has_ended(int(noted.read_text())):
            await asyncio.sleep(0.01)

    asyncio.run(give_up())


def has_ended(pid: int) -> bool:
    """Whether a process has ended; one whose status nobody has asked for has, too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("session", [True, False])
def test_a_child_that_holds_the_pipes_does_not_hold_us(tmp_path: Path, session: bool) -> None:
    source = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"], start_new_session={session})
"""
    made = translations(program(tmp_path, source, patience=1), TEXTS)
    assert made == Translated(problems=("translation: no complete answer within 1 s",))


# --- an address ----------------------------------------------------------------------------------


async def asked(**answers: Answer) -> tuple[Translated, Server]:
    async with serving(**answers) as server:
        made = await asyncio.to_thread(translations, Translation(url=server.url("/tr"), timeout_seconds=60), TEXTS)
    return made, server


def answered(*texts: str) -> Answer:
    return reply(body=json.dumps({"texts": texts}).encode())


def test_an_address_is_posted_json_and_its_answer_is_taken() -> None:
    made, server = asyncio.run(asked(tr=answered("Putin in Beijing", "Gas")))
    assert made.texts == {"Путин в Пекине": "Putin in Beijing", "Газ": "Gas"}
    assert made.problems == ("translation of zh: 2 texts came back for 1",)
    assert [(path, headers["content-type"]) for path, headers in server.requests] == [("/tr", "application/json")] * 2
    assert [json.loads(body) for body in server.bodies] == [
        {"language": language, "texts": texts} for language, texts in TEXTS.items()
    ]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (reply("500 Internal Server Error"), "HTTP 500 Internal Server Error"),
        (reply("204 No Content"), "HTTP 204 No Content"),
        (reply("307 Temporary Redirect", "Location: /other"), "HTTP 307 Temporary Redirect"),
        (reply(body=b"<html>"), "no JSON"),
        (reply(headers="Content-Encoding: gzip", body=b"\x1f\x8b"), "no JSON"),
        (reply(body=b" " * (ANSWER_LIMIT + 1)), f"more than {ANSWER_LIMIT} bytes"),
        (reply(headers="Content-Length: 100", body=b"{"), "RemoteProtocolError"),
    ],
)
def test_an_address_that_fails_gives_a_reason(answer: Answer, why: str) -> None:
    made, server = asyncio.run(asked(tr=answer, other=answered("a", "b")))
    assert made.texts == {}
    assert len(made.problems) == 2
    assert all(why in problem for problem in made.problems)
    assert {path for path, _ in server.requests} == {"/tr"}


def test_an_address_where_nobody_listens_gives_a_reason() -> None:
    made = translations(Translation(url="http://127.0.0.1:1/"), {"ru": ["a"]})
    assert made.problems == ("translation of ru: ConnectError: All connection attempts failed",)


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_an_address_that_drips_is_given_up_and_what_came_before_counts(first: bytes) -> None:
    async def answer_once(writer: asyncio.StreamWriter) -> None:
        server.answers["/tr"] = drip
        await answered("Putin in Beijing", "Gas")(writer)

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while not writer.is_closing():
            writer.write(b"x" if first else b"")
            await writer.drain()
            await asyncio.sleep(0.01)

    server = Server()

    async def ask() -> Translated:
        nonlocal server
        async with serving(tr=answer_once) as server:
            return await asyncio.to_thread(translations, Translation(url=server.url("/tr"), timeout_seconds=1), TEXTS)

    made = asyncio.run(ask())
    assert made.texts == {"Путин в Пекине": "Putin in Beijing", "Газ": "Gas"}
    assert made.problems == ("translation: no complete answer within 1 s",)


# --- what an answer holds ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Gas", "Gas"),
        ("  Gas\n\tflows \x00\x1b[31m\u202e ", "Gas flows [31m"),
        ("half \ud800", "half"),
        ("<b>Gas</b>", "<b>Gas</b>"),  # text; escaped where it is shown
        ("", None),
        (" \x07 ", None),
        ("Газ", None),
        (None, None),
        (7, None),
        (["Gas"], None),
        ({"text": "Gas"}, None),
        ("a" * 90, "a" * 90),
        ("a" * 91, None),
    ],
)
def test_only_plain_text_of_a_sane_length_is_taken(given: object, kept: str | None) -> None:
    answer = json.dumps({"texts": [given, "other"]}).encode()
    assert read_answer("ru", ["Газ", "Иное"], answer) == Translated(
        texts={**({"Газ": kept} if kept else {}), "Иное": "other"}
    )
