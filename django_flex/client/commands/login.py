"""``login``: from a name and a password to what later commands are told."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from django_flex.client.commands import credentials
from django_flex.client.commands.connecting import Dialect, DialectOption, Url, failures, opened
from django_flex.client.commands.credentials import SESSION_ID, Credentials
from django_flex.client.dialects.flex import FlexDialect
from django_flex.client.flows.exchange import spoken
from django_flex.client.flows.identity import Auth, Password, SessionLogin

NAME, PASSWORD = "DJANGO_FLEX_NAME", "DJANGO_FLEX_PASSWORD"


def login(
    context: typer.Context,
    url: Url,
    *,
    save: Annotated[
        Path | None, typer.Option(help="Write a file that only you may read, for --token-file.")
    ] = None,
    login_path: Annotated[
        str, typer.Option(help="The login page of Django that an API of this package uses.")
    ] = "/admin/login/",
    session_name: Annotated[
        str, typer.Option(help="The setting SESSION_COOKIE_NAME of such a project.")
    ] = SESSION_ID,
    dialect: DialectOption = Dialect.auto,
) -> None:
    """Ask for a name and a password, and print variables for the environment of later commands.

    With --save they are written to a file in their place; otherwise nothing is stored. Where nobody
    can be asked, DJANGO_FLEX_NAME and DJANGO_FLEX_PASSWORD are the answers.
    """
    with failures():
        name = os.environ.get(NAME) or asked("Name or email")
        password = os.environ.get(PASSWORD) or typer.prompt("Password", hide_input=True, err=True)
        page = SessionLogin(name, password, path=login_path, session_name=session_name)
        found = logged_in(url, dialect, page, context.obj)
        if save is not None:
            credentials.save(save, found)
            typer.echo(f"Saved to {save}, which only you may read.", err=True)
            return
        for variable, value in found.variables().items():
            typer.echo(f"{variable}={value}")


def asked(question: str) -> str:
    """Ask on standard error: standard output has nothing but the result."""
    typer.echo(f"{question}: ", nl=False, err=True)
    answer = sys.stdin.readline().strip()
    if not answer:
        raise typer.Abort
    return answer


def logged_in(url: str, dialect: Dialect, page: SessionLogin, http: Any) -> Credentials:
    """Log in as the dialect of the server does: through ``page``, or with its name and password.

    Raises:
        InvalidCredentials: the server does not accept them.
    """
    with opened(url, dialect, None, http) as nobody:
        flex = isinstance(nobody.run(spoken(nobody.session)), FlexDialect)
        auth: Auth = page if flex else Password(page.username, page.password)
        client = nobody.with_auth(auth)
        client.login()
        identity = client.session.identity
        return Credentials(
            server=client.session.server,
            token=identity.access,
            refresh_token=identity.refresh,
            session_id=identity.cookies.get(page.session_name, ""),
            session_name=page.session_name,
            csrf_token=identity.cookies.get(page.csrf_name, ""),
        )
