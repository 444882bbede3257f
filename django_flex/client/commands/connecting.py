"""What every command does: open a client for the caller, and say in one line what went wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from django_flex.client.commands import credentials
from django_flex.client.commands.output import printable
from django_flex.client.exceptions import ClientError, ConfigurationError
from django_flex.client.flows.identity import Auth
from django_flex.client.shells.sync import Client

INTERRUPTED = 130


class Dialect(StrEnum):
    """What ``--dialect`` may be."""

    auto = "auto"
    flex = "flex"
    directus = "directus"


Url = Annotated[str, typer.Argument(help="Address of the API, such as https://example.org/api/")]
DialectOption = Annotated[Dialect, typer.Option(help="What the server speaks; auto asks it.")]
TokenFile = Annotated[
    Path | None,
    typer.Option(
        help=f"File that 'login --save' has written. Without it, the variables"
        f" {credentials.TOKEN} and {credentials.SESSION} say who is asking."
    ),
]


@contextmanager
def failures() -> Iterator[None]:
    """End the command with one line on standard error and status 1, or 130 for an interrupt."""
    try:
        yield
    except (KeyboardInterrupt, typer.Abort):
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        raise  # typer ends quietly: nobody reads any more
    except (ClientError, OSError) as error:
        typer.echo(f"error: {printable(' '.join(str(error).split()))}", err=True)
        raise typer.Exit(1) from None


def opened(url: str, dialect: Dialect, auth: Auth | None, http: Any) -> Client:
    """Return a client; ``http`` is that of a test, which comes with the context of the command.

    Raises:
        ConfigurationError: the address has a password.
    """
    if urlsplit(url).password:
        raise ConfigurationError(
            "An address with a password shows it in the list of processes (hint: use 'login')"
        )
    return Client(url, dialect=dialect.value, auth=auth, http=http)


@contextmanager
def connected(url: str, dialect: Dialect, token_file: Path | None, http: Any) -> Iterator[Client]:
    """Open a client for the caller, and keep the refresh token that replaces the one in the file."""
    if token_file is None:
        known = credentials.from_environment(url)
    else:
        known = credentials.from_file(token_file, url)
    with opened(url, dialect, known.auth(), http) as client:
        try:
            yield client
        finally:
            identity = client.session.identity
            if token_file and identity.refresh and identity.refresh != known.refresh_token:
                tokens = {"token": identity.access, "refresh_token": identity.refresh}
                credentials.save(token_file, replace(known, **tokens))


def shows_progress(asked: bool | None) -> bool:  # noqa: FBT001 # the value of an option
    """Say whether progress is shown: if it was asked for, and by default on a terminal."""
    return sys.stderr.isatty() if asked is None else asked
