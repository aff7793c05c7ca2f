"""The docs say what is so: examples run, commands exist, nouns and settings are named."""

import doctest
import re
import sys
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import typer.main
from ruamel.yaml import YAML
from typer.core import TyperGroup

from aggregator import __doc__ as path_of_a_story
from aggregator.annotate.beat import load_beat
from aggregator.cli.app import app
from aggregator.config import json_schema, load_settings
from aggregator.model import Edition, Story
from aggregator.publish import content
from aggregator.publish.digest import make_edition, problems_of
from aggregator.publish.render import names_used
from aggregator.publish.translate import Translated, translations
from aggregator.settings import DigestDefinition, Settings, Translation
from tests.builders import make_annotated, make_article, make_story
from tests.publish.materials import VERSIONS, material

ROOT = Path(__file__).parents[1]
_COMMAND = re.compile(r" {4}(\.venv/bin/)?aggregator (?=\w)")


def test_the_path_of_a_story_runs() -> None:
    result = doctest.testfile(str(ROOT / "docs" / "path-of-a-story.md"), module_relative=False)
    assert result.attempted > 20
    assert result.failed == 0


def test_the_example_of_a_signature_runs() -> None:
    result = doctest.testfile(str(ROOT / "docs" / "alerts.md"), module_relative=False)
    assert (result.attempted, result.failed) == (3, 0)


def test_the_example_of_an_edited_story_runs() -> None:
    result = doctest.testfile(str(ROOT / "docs" / "stories.md"), module_relative=False)
    assert result.attempted > 15
    assert result.failed == 0


def test_the_path_is_told_in_ten_steps() -> None:
    assert len(re.findall(r"^\d+\. ", path_of_a_story or "", re.MULTILINE)) == 10


@pytest.mark.parametrize("page", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]))
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_every_example_of_a_configuration_loads(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for example in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        file = tmp_path / "feeds.yaml"
        file.write_text(example, encoding="utf-8")
        assert load_settings(file, {"WIRE_TOKEN": "token", "PROXY_PASSWORD": "p@ss"}).digests


def test_the_example_of_a_translator_translates(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "translator.py").write_text(source, encoding="utf-8")
    # What stands for the library has its one function.
    (tmp_path / "argostranslate").mkdir()
    library = "def translate(text, origin, target):\n    return f'{text} from {origin} to {target}'\n"
    (tmp_path / "argostranslate" / "translate.py").write_text(library, encoding="utf-8")
    made = translations(Translation(command=(sys.executable, str(tmp_path / "translator.py"))), {"ru": ["Газ"]})
    assert made == Translated(texts={"Газ": "Газ from ru to en"})


def test_the_example_of_templates_makes_an_edition(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    examples = re.findall(r"```jinja\n\{# (\S+) #\}\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in examples] == ["digest.html", "digest.css"]
    for name, source in examples:
        (tmp_path / name).write_text(source, encoding="utf-8")
    story = make_story(make_annotated(make_article("Gas & more", outlet="Example")))
    definition, until = DigestDefinition(), datetime(2026, 3, 5, 12, tzinfo=UTC)

    def made(*stories: Story) -> Edition:
        since = until - timedelta(days=1)
        return make_edition(
            definition,
            until.date(),
            since,
            until,
            material(*stories),
            beat=load_beat(),
            versions=VERSIONS,
            templates=tmp_path,
        )

    edition = made(story)
    assert problems_of(edition) == ()
    assert ">Gas &amp; more</a><br>Example, 05 Mar, 12:00, 80% relevant</li>" in edition.html.replace("\n", "")
    assert "h1 { color: #7a1f1f }" in edition.html
    assert "system-ui" in edition.html
    assert "Nothing today." in made().html
    (tmp_path / "digest.html").write_text("{{ misspelt }}", encoding="utf-8")
    assert "system-ui" in made(story).html
    assert problems_of(made(story)) == (f"{tmp_path / 'digest.html'}:1: 'misspelt' is undefined",)


def test_every_value_that_the_templates_of_the_digest_use_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
    for template in ("digest.html", "digest.txt", "mail.html"):
        assert {f"`{name}`" for name in names_used(template)} <= set(re.findall(r"`\w+`", page))
    nouns = [noun for noun in vars(content).values() if is_dataclass(noun)]
    assert len(nouns) > 10
    for noun in nouns:
        assert {f"`{field.name}`" for field in fields(noun)} <= set(re.findall(r"`\w+`", page)), noun


def test_the_schema_in_the_docs_is_that_of_the_program() -> None:
    kept = YAML(typ="safe").load((ROOT / "docs" / "feeds.schema.json").read_text(encoding="utf-8"))
    assert kept == json_schema(), "make it anew: python -m aggregator.config > docs/feeds.schema.json"
    assert set(kept["properties"]) == {field.name for field in fields(Settings)}


def test_every_command_in_the_readme_exists() -> None:
    group = typer.main.get_group(app)
    commands = set(group.list_commands(typer.Context(group)))
    used = re.findall(r"bin/aggregator (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert set(used) <= commands
    assert {"run", "demo", "poll", "digest", "search", "explain", "serve", "feeds"} <= commands


@pytest.mark.parametrize("page", ["README.md", "docs/stories.md", "docs/judgement.md", "docs/machines.md"])
def test_every_command_in_the_docs_exists(page: str) -> None:
    group = typer.main.get_group(app)
    commands = set(group.list_commands(typer.Context(group)))
    used = re.findall(r"^ *aggregator ([a-z]+)|`aggregator ([a-z]+)", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    assert {one or other for one, other in used} <= commands


def test_the_query_page_lists_the_topics() -> None:
    page = (ROOT / "docs" / "query-language.md").read_text(encoding="utf-8")
    assert all(topic in page for topic in load_beat().topics)


def test_the_shipped_sources_are_enough_and_well_formed() -> None:
    feeds = load_settings(ROOT / "feeds.yaml", {}).feeds
    assert len(feeds) >= 80
    assert {feed.language for feed in feeds} == {"en", "ru", "zh"}


def test_every_command_that_a_page_shows_is_one_with_options_that_it_has() -> None:
    group = typer.main.get_group(app)
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    shown = [line for page in pages for line in page.read_text(encoding="utf-8").splitlines() if _COMMAND.match(line)]
    assert len(shown) > 15
    for line in shown:
        name, *words = _COMMAND.sub("", line).partition("#")[0].split()
        command = group.get_command(typer.Context(group), name)
        assert command is not None, line
        if isinstance(command, TyperGroup) and words and words[0] in command.commands:
            command = command.commands[words.pop(0)]
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= known, line
