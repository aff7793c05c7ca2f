"""`aggregator alerts`."""

import typer

app = typer.Typer(name="alerts", no_args_is_help=True, help="The alert rules: try, add, test, mute.")
