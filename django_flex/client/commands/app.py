"""The commands, as one application."""

from __future__ import annotations

import typer

from django_flex.client.commands.login import login
from django_flex.client.commands.models import models
from django_flex.client.commands.query import query

app = typer.Typer(
    help="Read an API of django_flex, or a Directus server, from the command line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # a traceback with local values could show a password
    rich_markup_mode=None,
)
for command in (query, models, login):
    app.command()(command)
