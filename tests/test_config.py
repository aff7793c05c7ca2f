"""feeds.yaml: the least that works, and a mistake of every kind named with file, line, field and mend."""

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from aggregator.config import json_schema, load_settings
from aggregator.contradictions import PASSWORD_VARIABLE
from aggregator.errors import ConfigurationError
from aggregator.feedlist import add_feeds, remove_feed
from aggregator.settings import Camp, DigestDefinition, Feed, Settings
from tests.builders import make_feed

SHIPPED = Path(__file__).parents[1] / "feeds.yaml"
LEAST = """\
feeds:
  - url: https://example.com/rss
    outlet: Example
    language: en
    country: DE
    camp: western
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str) -> Path:
        path = tmp_path / "feeds.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_five_lines_of_one_feed_are_enough(write: Write, tmp_path: Path) -> None:
    settings = load_settings(write(LEAST), {})
    assert settings.feeds == (
        Feed(url="https://example.com/rss", outlet="Example", language="en", country="DE", camp=Camp.WESTERN),
    )
    assert settings.digests == (DigestDefinition(),)
    assert (settings.archive, settings.digest_folder) == (tmp_path / "archive.db", tmp_path / "digests")


def test_an_empty_file_is_a_configuration_without_feeds(write: Write) -> None:
    assert load_settings(write("# nothing yet\n"), {}).feeds == ()


def test_everything_that_may_be_set_is_read(write: Write, tmp_path: Path) -> None:
    text = f"""{LEAST}
    interval_minutes: 60
    paused: true
digests:
  - {{name: evening, title: Evening, time: "19:30", zone: Asia/Shanghai, window_hours: 12, minimum_relevance: 0.7,
     query: "topic:energy", maximum_stories: 10, recipients: [a@example.org]}}
alerts:
  - {{name: gas, query: "gas pipeline", minimum_relevance: 0.9, recipients: [b@example.org]}}
network: {{allow: ["127.0.0.1:8000"], contact: "https://example.com", concurrency: 8, per_host: 1, workers: 3}}
mail: {{host: mail.example.org, sender: a@example.org, port: 25, security: plain, user: me}}
web: {{port: 0}}
archive: data/news.db
digest_folder: /srv/digests
""".replace("camp: western\n\n", "camp: western\n")
    settings = load_settings(write(text), {PASSWORD_VARIABLE: "secret"})
    assert settings.feeds[0].interval_minutes == 60
    assert settings.feeds[0].paused
    assert (settings.digests[0].time, settings.digests[0].recipients) == ("19:30", ("a@example.org",))
    assert settings.alerts[0].query == "gas pipeline"
    assert settings.network.allow == ("127.0.0.1:8000",)
    assert settings.mail is not None
    assert (settings.mail.password, settings.mail.port) == ("secret", 25)
    assert (settings.archive, settings.digest_folder) == (tmp_path / "data" / "news.db", Path("/srv/digests"))


def test_the_password_comes_from_the_environment_only(write: Write) -> None:
    path = write(LEAST + "mail: {host: h, sender: a@b.c}\n")
    without, given = (load_settings(path, environment).mail for environment in ({}, {PASSWORD_VARIABLE: "x"}))
    assert without is not None
    assert given is not None
    assert (without.password, given.password) == ("", "x")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        # keys
        (LEAST.replace("outlet", "outlett"), 3, "feeds[1].outlett: there is no such field; did you mean 'outlet'?"),
        (LEAST.replace("outlet", "outlett"), 2, "feeds[1].outlet: is required and absent; add it"),
        (LEAST + "    xyzzy: 1\n", 7, "feeds[1].xyzzy: there is no such field; fields are url, outlet"),
        (LEAST + "digest: []\n", 7, "digest: there is no such field; did you mean 'digests'?"),
        (LEAST + "mail: {hots: h, sender: s, host: g}\n", 7, "mail.hots: there is no such field; did you mean 'host'?"),
        (LEAST + "web: {prot: 1}\n", 7, "web.prot: there is no such field; did you mean 'port'?"),
        (LEAST.replace("    camp: western\n", ""), 2, "feeds[1].camp: is required and absent; add it"),
        (LEAST + "mail:\n  host: h\n", 7, "mail.sender: is required and absent; add it"),
        (LEAST + "1: 2\n", 7, "keys should be strings, not 1"),
        # values
        (LEAST.replace("western", "eastern"), 6, "feeds[1].camp: input should be 'ru-state', 'cn-state'"),
        (LEAST.replace("western", "eastern"), 6, "not 'eastern'; use one of the values listed"),
        (LEAST.replace("en\n", "fr\n"), 4, "feeds[1].language: input should be 'en', 'ru' or 'zh'"),
        (LEAST.replace("DE", "D"), 5, "feeds[1].country: "),
        (LEAST.replace("Example\n", '""\n'), 3, "feeds[1].outlet: "),
        (LEAST.replace("Example\n", "[a]\n"), 3, "feeds[1].outlet: input should be a valid string"),
        (LEAST + "    interval_minutes: 1\n", 7, "feeds[1].interval_minutes: input should be greater than or equal to 5"),
        (LEAST + "    paused: perhaps\n", 7, "feeds[1].paused: "),
        (LEAST + "web: {port: 99999}\n", 7, "web.port: input should be less than or equal to 65535"),
        (LEAST + "network:\n  workers: many\n", 8, "network.workers: input should be a valid integer"),
        (LEAST + "digests:\n  - minimum_relevance: 2\n", 8, "digests[1].minimum_relevance: "),
        (LEAST + "alerts:\n  - name: a\n    query: ''\n", 9, "alerts[1].query: "),
        ("feeds: none\n", 1, "feeds: "),
        ("feeds:\n  - https://example.com/rss\n", 2, "feeds[1]: "),
        # contradictions
        (LEAST + LEAST.partition("\n")[2], 7, "feeds[2].url: stands already in line 2; remove one of the two"),
        (LEAST.replace("https:", "ftp:"), 2, "feeds[1].url: 'ftp://example.com/rss' is not an http(s) address"),
        (LEAST.replace("https://example.com/rss", "example.com"), 2, "is not an http(s) address; write https://"),
        (LEAST + "digests:\n  - zone: Europe/Berlim\n", 8, "digests[1].zone: no time zone 'Europe/Berlim'; did you mean Europe/Berlin?"),
        (LEAST + "digests:\n  - zone: CEST+7\n", 8, "digests[1].zone: no time zone"),
        (LEAST + "digests:\n  - time: 7am\n", 8, "digests[1].time: '7am' is no time of day; write \"07:00\""),
        (LEAST + 'digests:\n  - time: "24:00"\n', 8, "digests[1].time: '24:00' is no time of day"),
        (LEAST + "digests:\n  - name: ../../etc\n", 8, "digests[1].name: use letters, digits, - and _ only"),
        (LEAST + "mail:\n  host: h\n  sender: s@x.y\n  password: hunter2\n", 10, f"mail.password: never in this file; set {PASSWORD_VARIABLE}"),
        (LEAST + "digests:\n  - name: a\n  - recipients: [a@b.c]\n", 9, "digests[2].recipients: there is no `mail:` section"),
        (LEAST + "alerts:\n  - {name: a, query: b, recipients: [a@b.c]}\n", 8, "alerts[1].recipients: there is no `mail:` section"),
        (LEAST + "network:\n  websub_callback: https://me.example/\n", 8, "network.websub_callback: 'https://me.example/' is no address with a path"),
        (LEAST + "digests:\n  - days: []\n", 8, "digests[1].days: names no day, so no edition would ever be made; name some"),
        (LEAST + "digests:\n  - days: [tue, tuesday]\n", 8, "digests[1].days"),
        (LEAST + "digests:\n  - days: monthly\n", 8, "digests[1].days"),
        (LEAST + "digests:\n  - when_empty: silence\n", 8, "digests[1].when_empty: input should be 'say' or 'skip'"),
        (LEAST + "digests:\n  - name: a\n  - name: b\n  - name: a\n", 10, "digests[3].name: another digest is called 'a'"),
        (LEAST + 'digests:\n  - subject: "{title} of {day}"\n', 8, "digests[1].subject: {day} is no word that is known here; use {title}, {date}"),
        (LEAST + 'digests:\n  - subject: "{title.__class__}"\n', 8, "digests[1].subject: {title.__class__} is no word"),
        (LEAST + 'digests:\n  - subject: "{date:%d}"\n', 8, "digests[1].subject: {date:%d} is no word"),
        (LEAST + 'digests:\n  - subject: "{top!r}"\n', 8, "digests[1].subject: {top!r} is no word"),
        (LEAST + 'digests:\n  - subject: "{}"\n', 8, "digests[1].subject: {} is no word"),
        (LEAST + 'digests:\n  - subject: "{title"\n', 8, "digests[1].subject: a brace is broken (expected '}'"),
        (LEAST + 'digests:\n  - subject: "50 }"\n', 8, "digests[1].subject: a brace is broken (Single '}'"),
        (LEAST + "translation: {timeout_seconds: 5}\n", 7, "translation: needs `command:` or `url:`, and not both"),
        (LEAST + "translation: {command: [tr], url: 'http://127.0.0.1/'}\n", 7, "translation: needs `command:` or `url:`"),
        (LEAST + "translation: {url: 'file:///etc/passwd'}\n", 7, "translation.url: 'file:///etc/passwd' is not an http(s) address"),
        (LEAST + "alerts:\n  - {name: a b, query: c}\n", 8, "alerts[1].name: use letters, digits, - and _ only"),
        (LEAST + "alerts:\n  - {name: a, query: c}\n  - {name: a, query: d}\n", 9, "alerts[2].name: another rule is called 'a'"),
        (LEAST + "alerts:\n  - {name: a, query: c, kind: silence}\n", 8, "alerts[1].kind: silence is about a camp"),
        (LEAST + "alerts:\n  - {name: a, query: c, quiet: '22-7'}\n", 8, "alerts[1].quiet: '22-7' are no hours; write"),
        (LEAST + "alerts:\n  - {name: a, query: c, zone: Berlin}\n", 8, "alerts[1].zone: no time zone 'Berlin'"),
        (LEAST + "alerts:\n  - {name: a, query: c, channels: [x]}\n", 8, "alerts[1].channels: there is no channel 'x'; give one"),
        (LEAST + "channels:\n  - {name: x, url: 'https://a.b/c'}\n  - {name: x, url: 'https://a.b/d'}\n", 9, "channels[2].name: another channel"),
        (LEAST + "channels:\n  - {name: x, url: 'https://a.b/${NO_SUCH}'}\n", 8, "channels[1]: the environment has no variable NO_SUCH"),
        (LEAST + "channels:\n  - {name: x, url: 'nothing://token'}\n", 8, "channels[1]: the address is neither http(s) nor one that Apprise knows"),
        (LEAST + "channels:\n  - {name: 'x y', url: 'https://a.b/c'}\n", 8, "channels[1].name: use letters, digits, - and _ only"),
        (LEAST + "channels:\n  - {name: x, url: 'https://a.b:99999/c'}\n", 8, "channels[1]: the port of the address is none"),
        (LEAST + "channels:\n  - {name: x, url: 'https://a.b/c', secret: 1234}\n", 8, "channels[1].secret: input should be a valid string; change it"),
        # not what the file must be
        ("- a\n- b\n", 1, "the file must be a mapping; start with `feeds:`"),
        ("just words\n", 1, "the file must be a mapping"),
        (LEAST + "    camp: wire\n", 7, 'not valid YAML: found duplicate key "camp"'),
        (LEAST + "    camp: wire\n", 7, "remove one of the two"),
        (LEAST + "feeds: []\n", 7, 'not valid YAML: found duplicate key "feeds"'),
        ("feeds:\n  - url: [unclosed\n", 3, "not valid YAML: "),
        ("feeds:\n\t- url: a\n", 2, "not valid YAML: "),
        ("feeds: !!python/object/apply:os.system ['true']\n", 1, "feeds[1]: "),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_field_and_mend(write: Write, text: str, line: int, said: str) -> None:
    path = write(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, {})
    told = [one for one in str(caught.value).splitlines() if one.startswith(f"{path}:{line}: ")]
    assert any(said in one for one in told), str(caught.value)


def test_all_words_of_a_subject_may_stand_in_it_and_braces_that_are_meant(write: Write) -> None:
    path = write(LEAST + 'digests:\n  - subject: "{title} {date} {weekday} {stories} {top} {{x}}"\n')
    assert load_settings(path, {}).digests[0].subject.endswith("{{x}}")


def test_all_mistakes_are_told_at_once(write: Write) -> None:
    path = write(LEAST.replace("western", "eastern").replace("en\n", "fr\n"))
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, {})
    assert len(str(caught.value).splitlines()) == 2


def test_a_password_in_the_file_is_not_repeated(write: Write) -> None:
    path = write(LEAST + "mail: {host: h, sender: s@x.y, password: hunter2}\n")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(path, {})
    assert "hunter2" not in str(caught.value)


def test_a_missing_file_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml: there is no such file; name one with --config"):
        load_settings(tmp_path / "none.yaml", {})


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"feeds: [\xff\xfe]")
    for path in (tmp_path / "latin.yaml", tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be read"):
            load_settings(path, {})


# --- the list of feeds -------------------------------------------------------------------------

COMMENTED = """\
# The head of the file.
network: {contact: "me@example.com"}  # for webmasters

feeds:
  # Agencies
  - url: "https://a.example/rss"  # the first
    outlet: "A: one"
    language: en
    country: "NO"
    camp: wire
  # Papers
  - url: https://b.example/rss
    outlet: B
    language: ru
    country: RU
    camp: other

# The end: alerts.
alerts: []
"""


def urls(path: Path) -> list[str]:
    return [feed.url for feed in load_settings(path, {}).feeds]


def test_an_added_feed_stands_at_the_end_of_the_list_and_nothing_else_changes(write: Write) -> None:
    path = write(COMMENTED)
    assert add_feeds(path, [make_feed("https://c.example/rss", outlet="C: #3 'quoted'")]) == 1
    assert urls(path) == ["https://a.example/rss", "https://b.example/rss", "https://c.example/rss"]
    assert load_settings(path, {}).feeds[2].outlet == "C: #3 'quoted'"
    changes = list(difflib.ndiff(COMMENTED.splitlines(), path.read_text(encoding="utf-8").splitlines()))
    assert {change[0] for change in changes} == {" ", "+"}
    assert len([change for change in changes if change.startswith("+ ")]) == 5


def test_a_feed_that_stands_there_already_is_not_added(write: Write) -> None:
    path = write(COMMENTED)
    assert add_feeds(path, [make_feed("https://b.example/rss"), make_feed("https://d.example/rss")]) == 1
    assert add_feeds(path, [make_feed("https://b.example/rss")]) == 0
    assert urls(path) == ["https://a.example/rss", "https://b.example/rss", "https://d.example/rss"]


def test_a_feed_given_twice_is_added_once(write: Write) -> None:
    path = write(COMMENTED)
    assert add_feeds(path, [make_feed("https://d.example/rss")] * 2) == 1


@pytest.mark.parametrize("text", [None, "", "feeds:\n", "feeds: []\n", "archive: a.db\n"])
def test_feeds_are_added_to_a_file_that_has_none(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "feeds.yaml"
    if text is not None:
        path.write_text(text)
    feeds = (make_feed("https://a.example/rss", outlet="А Б"), make_feed("https://b.example/rss"))
    assert add_feeds(path, feeds) == 2
    assert load_settings(path, {}).feeds == feeds


@pytest.mark.parametrize("gone", ["https://a.example/rss", "https://b.example/rss"])
def test_a_feed_is_removed_and_the_comments_of_others_stay(write: Write, gone: str) -> None:
    path = write(COMMENTED)
    assert remove_feed(path, gone)
    assert gone not in urls(path)
    assert len(urls(path)) == 1
    text = path.read_text(encoding="utf-8")
    for comment in ("# The head of the file.", "# for webmasters", "# Agencies", "# Papers", "# The end: alerts."):
        assert comment in text


def test_a_feed_that_is_not_listed_is_not_removed(write: Write) -> None:
    path = write(COMMENTED)
    assert not remove_feed(path, "https://z.example/rss")
    assert path.read_text(encoding="utf-8") == COMMENTED


def test_the_shipped_list_survives_an_addition_and_its_removal(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    before = SHIPPED.read_text(encoding="utf-8")
    path.write_text(before, encoding="utf-8")
    add_feeds(path, [make_feed("https://new.example/rss")])
    remove_feed(path, "https://new.example/rss")
    assert path.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("feeds:\n- url: u:1\n  # why\n  outlet: A\n- url: u:2\n", "feeds:\n- url: u:2\n"),
        ("feeds:\n  - {url: 'u:1',\n     outlet: A}\n  - {url: 'u:2'}", "feeds:\n  - {url: 'u:2'}"),
        ("feeds:\n  - outlet: A\n\n    url: u:1  # last\n# end\nweb: {}\n", "feeds:\n# end\nweb: {}\n"),
    ],
)
def test_just_the_lines_of_a_feed_are_removed(write: Write, before: str, after: str) -> None:
    path = write(before)
    assert remove_feed(path, "u:1")
    assert path.read_text(encoding="utf-8") == after


def test_a_list_in_brackets_can_be_changed_too(write: Write) -> None:
    rest = "outlet: A, language: en, country: DE, camp: wire"
    path = write(f"feeds: [{{url: 'https://a.example/', {rest}}}, {{url: 'https://b.example/', {rest}}}]\n")
    assert remove_feed(path, "https://a.example/")
    assert add_feeds(path, [make_feed("https://c.example/")]) == 1
    assert urls(path) == ["https://b.example/", "https://c.example/"]


def test_a_list_emptied_to_its_comments_is_an_empty_list(write: Write) -> None:
    path = write(LEAST + "alerts:\n#  - name: gas\n")
    assert remove_feed(path, "https://example.com/rss")
    assert (load_settings(path, {}).feeds, load_settings(path, {}).alerts) == ((), ())
    assert add_feeds(path, [make_feed()]) == 1
    assert urls(path) == [make_feed().url]


@pytest.mark.parametrize("text", ["feeds: none\n", "feeds:\n  - words\n", "feeds: {a: b}\n"])
def test_a_list_that_is_none_is_told_and_left_alone(write: Write, text: str) -> None:
    path = write(text)
    with pytest.raises(ConfigurationError, match="feeds"):
        add_feeds(path, [make_feed()])
    with pytest.raises(ConfigurationError, match="feeds"):
        remove_feed(path, "https://a.example/rss")
    assert path.read_text() == text


# --- the schema --------------------------------------------------------------------------------


def assert_accepts(schema: dict[str, Any], definitions: dict[str, Any], data: Any, where: str = "") -> None:
    """As much of JSON Schema as ours uses: references, properties, required, items, enum, type."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    if "enum" in schema:
        assert data in schema["enum"], where
    if isinstance(data, dict):
        assert set(schema.get("required", ())) <= set(data), where
        assert schema["additionalProperties"] is False, where
        assert set(data) <= set(schema["properties"]), where
        for name, value in data.items():
            assert_accepts(schema["properties"][name], definitions, value, f"{where}.{name}")
    elif isinstance(data, list):
        assert schema["type"] == "array", where
        for number, value in enumerate(data):
            assert_accepts(schema["items"], definitions, value, f"{where}[{number}]")
    elif isinstance(data, str) and "type" in schema:
        assert schema["type"] == "string", where


def test_the_schema_accepts_the_shipped_file() -> None:
    schema = json_schema()
    assert_accepts(schema, schema["$defs"], YAML(typ="safe", pure=True).load(SHIPPED.read_text(encoding="utf-8")))


def test_the_schema_knows_each_setting_and_describes_it() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == set(Settings.__dataclass_fields__)
    feed = schema["$defs"]["Feed"]
    assert set(feed["required"]) == {"url", "outlet", "language", "country", "camp"}
    assert set(feed["properties"]["language"]["enum"]) == {"en", "ru", "zh"}
    assert set(schema["$defs"]["Camp"]["enum"]) == {camp.value for camp in Camp}
    for definition in (schema, *schema["$defs"].values()):
        for name, setting in definition.get("properties", {}).items():
            assert setting.get("description"), name


def test_the_shipped_file_is_without_fault() -> None:
    assert len(load_settings(SHIPPED, {}).feeds) > 50


def test_a_secret_that_is_empty_is_told_since_nothing_would_be_signed(tmp_path: Path) -> None:
    file = tmp_path / "feeds.yaml"
    file.write_text(
        LEAST + "channels:\n  - {name: x, url: 'https://a.b/${KEY}', secret: '${HOOK}'}\n", encoding="utf-8"
    )
    (channel,) = load_settings(file, {"KEY": "k3y", "HOOK": "s3cret"}).channels
    assert (channel.url, channel.secret) == ("https://a.b/k3y", "s3cret")
    with pytest.raises(ConfigurationError, match=r":8: channels\[1\]: the variable of its secret is empty"):
        load_settings(file, {"KEY": "k3y", "HOOK": ""})
