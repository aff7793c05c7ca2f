"""An operator's templates: they stand in for the shipped ones, reach nothing else, and cannot make fetched text into markup."""

from pathlib import Path

import pytest

from aggregator.publish.render import Rendered, render, render_from
from aggregator.settings import Access, Camp, Feed
from tests.builders import make_feed

FETCHED = "<script>alert('&amp;\"')</script>"
#: A shipped template that is given little.
SHIPPED = render("message.html", heading="404", message="Gone")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "templates"
    made.mkdir()
    return made


def message(folder: Path | None, **values: object) -> Rendered:
    return render_from(folder, "message.html", **{"heading": "404", "message": "Gone", **values})


def overridden(folder: Path, source: str, **values: object) -> Rendered:
    (folder / "message.html").write_text(source, encoding="utf-8")
    return message(folder, **values)


def test_without_a_folder_or_with_an_empty_one_all_is_as_shipped(folder: Path) -> None:
    assert message(None) == Rendered(SHIPPED) == message(folder)


def test_a_template_stands_in_for_the_shipped_one_of_its_name_at_once(folder: Path) -> None:
    assert message(folder).text == SHIPPED
    assert overridden(folder, "Own: {{ message }}\n") == Rendered("Own: Gone\n")
    assert overridden(folder, "Again: {{ message }}\n") == Rendered("Again: Gone\n")


def test_it_may_extend_and_include_the_shipped_ones_and_what_else_is_in_the_folder(folder: Path) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "motto.html").write_text("{% macro motto(name) %}<b>{{ name }}</b>{% endmacro %}", "utf-8")
    made = overridden(
        folder,
        '{% extends "shipped/message.html" %}\n{% from "parts/motto.html" import motto %}\n'
        "{% block title %}{{ motto(message) }}{% endblock %}",
        message=FETCHED,
    )
    assert made.problem == ""
    assert made.text.startswith("<!DOCTYPE html>")
    assert "<title><b>&lt;script&gt;" in made.text


def test_a_shipped_template_takes_its_parts_from_the_folder(folder: Path) -> None:
    (folder / "page.html").write_text("Frame: {% block content %}{% endblock %}", "utf-8")
    made = message(folder)
    assert made.problem == ""
    assert made.text.startswith("Frame: ")


# --- what is wrong is told, and costs nothing else -----------------------------------------------


@pytest.mark.parametrize(
    ("source", "line", "what"),
    [
        ("fine\n{{ mesage }}", 2, "'mesage' is undefined"),
        ("{{ message", 1, "unexpected end of template"),
        ("\n\n{% if message %}", 3, "Unexpected end of template"),
        ("\n{% elsewhere %}", 2, "unknown tag 'elsewhere'"),
        ("{{ message|nothing }}", 1, "No filter named 'nothing'"),
        ("{{ 1 / 0 }}", 1, "division by zero"),
        ("{{ message + 1 }}", 1, "can only concatenate str"),
        ("{{ message.nothing }}", 1, "has no attribute 'nothing'"),
        ('\n{% include "none.html" %}', 2, "none.html"),
        ('{% extends "message.html" %}', 1, "recursion"),
        ("{% for n in range(10 ** 9) %}{% endfor %}", 1, "Range too big"),
    ],
)
def test_a_fault_is_told_with_file_and_line_and_the_shipped_template_is_used(
    folder: Path, source: str, line: int, what: str
) -> None:
    made = overridden(folder, source)
    assert made.text == SHIPPED
    assert made.problem.startswith(f"{folder / 'message.html'}:{line}: ")
    assert what in made.problem


def test_a_fault_in_a_part_is_told_of_the_part(folder: Path) -> None:
    (folder / "page.html").write_text("\n{{ nothing }}", "utf-8")
    made = message(folder)
    assert (made.text, made.problem) == (SHIPPED, f"{folder / 'page.html'}:2: 'nothing' is undefined")


def test_what_cannot_be_read_is_told(folder: Path, tmp_path: Path) -> None:
    (folder / "message.html").write_bytes(b"\xff\xfe")
    assert "can't decode" in message(folder).problem
    assert message(tmp_path / "none") == Rendered(SHIPPED, f"{tmp_path / 'none'}: there is no such folder")


def test_a_value_that_the_program_owes_is_a_bug_and_raises(folder: Path) -> None:
    with pytest.raises(Exception, match="'heading' is undefined"):
        render_from(folder, "message.html", message="Gone")


# --- what a template cannot do -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../secret.txt", "/etc/passwd", "parts/../../secret.txt", "link.txt", "away/secret.txt"]
)
def test_no_template_reads_a_file_outside_the_folder(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.txt").write_text("hunter2", "utf-8")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "away").symlink_to(tmp_path)
    for tag in ("include", "extends", "import"):
        made = overridden(folder, f'{{% {tag} "{name}" {"as x " if tag == "import" else ""}%}}')
        assert made.text == SHIPPED
        assert made.problem
        assert "hunter2" not in made.problem


def test_a_link_within_the_folder_and_a_folder_behind_a_link_are_fine(folder: Path, tmp_path: Path) -> None:
    (folder / "one.html").write_text("one", "utf-8")
    (folder / "message.html").symlink_to(folder / "one.html")
    (tmp_path / "linked").symlink_to(folder)
    assert message(tmp_path / "linked") == Rendered("one")


@pytest.mark.parametrize(
    "source",
    [
        "{{ message.__class__.__mro__ }}",
        "{{ ''|attr('__class__') }}",
        "{{ '{0.__class__.__init__.__globals__}'.format(message) }}",
        "{{ feed.__init__.__globals__ }}",
        "{{ range.__self__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ listed.append(1) }}",
        "{{ feed.access.password }}",
        "{{ '{0.access.password}'.format(feed) }}",
        "{{ [feed]|map(attribute='access.password')|join }}",
        "{{ feed|attr('access') }}",
    ],
)
def test_no_template_runs_code_changes_what_it_is_given_or_reads_secrets(folder: Path, source: str) -> None:
    listed: list[int] = []
    feed = Feed(
        url="https://a.example/",
        outlet="A",
        language="en",
        country="DE",
        camp=Camp.WIRE,
        access=Access(password="hunter2"),
    )
    made = overridden(folder, source, feed=feed, listed=listed)
    assert made.text == SHIPPED
    assert made.problem.startswith(f"{folder / 'message.html'}:1: ")
    assert "hunter2" not in made.problem
    assert listed == []


@pytest.mark.parametrize(
    "source",
    [
        "{{ message|safe }}",
        "{{ [message]|map('safe')|join }}",
        "{% filter safe %}{{ message }}{% endfilter %}",
        "{% autoescape false %}{{ message }}{% endautoescape %}",
        "{%- autoescape false -%}{{ message }}{%- endautoescape -%}",
        "{% if true %}{%+ autoescape false %}{{ message }}{% endautoescape %}{% endif %}",
        '<a title="{{ message|tojson }}">',
        "{{ message|urlize }}",
        "<a{{ {'title': message}|xmlattr }}>",
        '{% set kept %}{{ message }}{% endset %}{{ kept.translate({38: "<"}) }}',
        "{{ lipsum(html=true) }}",
    ],
)
def test_escaping_cannot_be_switched_off(folder: Path, source: str) -> None:
    made = overridden(folder, source, message=FETCHED)
    assert made.text == render("message.html", heading="404", message=FETCHED)
    assert made.problem


@pytest.mark.parametrize(
    "source",
    [
        "{{ message }}",
        "{{ message|striptags }}{{ message|forceescape }}{{ message|e|upper }}",
        "{% set kept %}{{ message }}{% endset %}{{ kept }}{{ kept|string }}{{ kept.unescape() }}{{ kept[1:] }}",
        "{% set kept %}{{ message }}{% endset %}{{ kept.replace('&lt;', '<') }}{{ kept|replace('&lt;', '<') }}",
        "{{ '<b>%s</b>'|format(message) }}{{ '<b>{}</b>'.format(message) }}{{ '<b>' ~ message }}",
        "{% macro m(x) %}{{ x }}{{ caller() }}{% endmacro %}{% call m(message) %}{{ message }}{% endcall %}",
        "{{ [message, message]|join('<br>') }}{{ message|indent }}{{ message|wordwrap(5) }}{{ message|truncate(20) }}",
        "{{ (message|e).join([message]) }}{{ (message|e).format() }}{{ (message|e).removeprefix('&lt;') }}",
    ],
)
def test_fetched_text_stays_text_however_it_is_written(folder: Path, source: str) -> None:
    made = overridden(folder, source, message=FETCHED)
    assert made.problem == ""
    assert "<" not in made.text


def test_a_plain_text_template_is_not_escaped_but_sandboxed_too(folder: Path) -> None:
    (folder / "digest.txt").write_text("{{ title }}", "utf-8")
    assert render_from(folder, "digest.txt", title="A & B") == Rendered("A & B")
    (folder / "digest.txt").write_text("{{ feed.access }}", "utf-8")
    with pytest.raises(Exception, match="is undefined"):  # the shipped one is owed its values
        render_from(folder, "digest.txt", feed=make_feed())
