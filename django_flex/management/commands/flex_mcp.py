"""``manage.py flex_mcp``: the server for agents, on standard input and output."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from django_flex.access.users import find_user
from django_flex.conf import configuration
from django_flex.exceptions import FlexError

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from django_flex.mcp.server import FindCaller

#: The variable with the token, which would be seen in a list of processes otherwise.
TOKEN = "DJANGO_FLEX_TOKEN"  # noqa: S105 - the name of the variable


class Command(BaseCommand):
    """Serves one agent, as one user."""

    help = "Serves an agent by the Model Context Protocol, with the permissions of a user."
    # Standard output belongs to the protocol.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        caller = parser.add_mutually_exclusive_group()
        caller.add_argument("--user", help="Name (or primary key) of the user to act as.")
        caller.add_argument(
            "--token", help=f"Token of the user to act as; by default that of {TOKEN}."
        )
        parser.add_argument("--api-version", help="API version; by default the unversioned API.")

    def handle(self, **options: Any) -> None:
        """Serve until the client goes away.

        Raises:
            CommandError: there is no user, or agents may not act as this one, or the SDK is missing.
        """
        try:
            from django_flex.mcp.stdio import as_user, by_token, serve_stdio
        except ModuleNotFoundError as error:
            raise CommandError("Agents need the SDK of MCP: install the extra 'mcp'") from error
        version = options["api_version"]
        if version not in configuration().versions:
            raise CommandError(f"There is no version '{version}'")
        settings = configuration().versions[version]
        if settings.agents is None:
            raise CommandError("The setting MCP names no roles, so no agent may do anything")
        token = options["token"] or (None if options["user"] else os.environ.get(TOKEN))
        find_caller: FindCaller
        if token:
            find_caller = by_token(token, settings)
        elif options["user"]:
            user: Any = find_user(options["user"])
            find_caller = as_user(user.pk, settings)
        else:
            raise CommandError(f"Whom does the agent act as? --user, --token or {TOKEN}")
        try:
            find_caller()
        except FlexError as error:
            raise CommandError(str(error)) from error
        serve_stdio(find_caller)
