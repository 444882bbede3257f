"""``models``: pydantic models of what a server describes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from django_flex.client.commands.connecting import (
    Dialect,
    DialectOption,
    TokenFile,
    Url,
    connected,
    failures,
)
from django_flex.client.commands.output import destination


def models(
    context: typer.Context,
    url: Url,
    collections: Annotated[
        list[str] | None, typer.Argument(help="Names; without any, all that the caller may use.")
    ] = None,
    *,
    output: Annotated[Path | None, typer.Option(help="File to write.")] = None,
    dialect: DialectOption = Dialect.auto,
    token_file: TokenFile = None,
) -> None:
    """Write pydantic models of collections, as the server describes them to the caller."""
    from django_flex.client.commands.descriptions import described
    from django_flex.client.commands.source import source

    with failures(), connected(url, dialect, token_file, context.obj) as client:
        code = source(described(client, collections or []))
        with destination(output) as file:
            file.write(code.encode())
