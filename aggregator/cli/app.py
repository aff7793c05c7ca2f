"""The commands, each imported when it is asked for: a program that starts every minute should start at once."""

from importlib import import_module
from typing import Annotated

import typer
from typer.core import TyperGroup

import aggregator

#: The module of each command; its `app` holds the command, or is the group of that name.
_HOMES = {
    "run": "run",
    "demo": "demo",
    "poll": "poll",
    "digest": "digest",
    "alerts": "alert_trial",  # which adds its command to those of `cli.alerts`
    "outbox": "outbox",
    "search": "search",
    "explain": "lookup",
    "serve": "lookup",
    "story": "story",
    "judge": "judge",
    "evaluate": "evaluate_stories",  # which adds its commands to those of `cli.evaluate`
    "train": "train",
    "backtest": "backtest",
    "reannotate": "reannotate",
    "archive": "tidy",  # which adds its commands to those of `cli.moves` and `cli.archive`
    "feeds": "health",  # which adds its command to those of `cli.feeds`
}


class _Commands(TyperGroup):
    """Commands that are found by name."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # typer hides click's Context
        return list(_HOMES)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> object:  # type: ignore[override]
        if cmd_name not in _HOMES:
            return None
        home = typer.main.get_group(import_module(f"aggregator.cli.{_HOMES[cmd_name]}").app)
        return home if home.name == cmd_name else home.commands[cmd_name]


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Polls feeds in English, Russian and Chinese, judges what is about China–Russia ties, writes a daily digest.",
    epilog="Examples:  aggregator demo  ·  aggregator run  ·  aggregator search 'Путин topic:energy since:7d'",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"aggregator {aggregator.__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Global options."""
