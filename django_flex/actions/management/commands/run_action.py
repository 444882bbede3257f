"""``manage.py run_action``: an action from the command line, with the permissions of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from django_flex.actions.management.callers import (
    find_action,
    find_resource,
    find_user,
    read_data,
)
from django_flex.actions.programmatic import FlexAction
from django_flex.conf import configuration

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Runs an action and prints the reply as JSON."""

    help = "Run an action, with the permissions of a user."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("resource", help="name of the model: booking, or app_label.booking")
        parser.add_argument("action", help="id of the action")
        parser.add_argument("--id", help="key of the row")
        parser.add_argument("--data", default="{}", help="input as JSON, or @ and a file")
        parser.add_argument("--api-version", help="version of the API")
        caller = parser.add_mutually_exclusive_group()
        caller.add_argument("--user", help="name (or key) of the user whose permissions apply")
        caller.add_argument("--unrestricted", action="store_true", help="no permissions at all")
        parser.add_argument("--background", action="store_true", help="run it later")
        parser.add_argument("--dry-run", action="store_true", help="run it and undo everything")

    def handle(self, **options: Any) -> None:
        """Run it.

        Raises:
            CommandError: what it came to.
        """
        model = find_resource(options["resource"])
        definition = find_action(model, options["action"])
        version = options["api_version"]
        if version not in configuration().versions:
            raise CommandError(f"There is no version '{version}'")
        one = FlexAction(model, definition.id, version=version).by_operator()
        if options["unrestricted"]:
            one = one.unrestricted()
        result = one.execute(
            read_data(options["data"]),
            pk=options["id"],
            user=find_user(options["user"]),
            background=True if options["background"] else None,
            dry_run=options["dry_run"],
        )
        text = msgspec.json.format(msgspec.json.encode(result.to_dict()), indent=2).decode()
        if not result.ok:
            raise CommandError(text)
        self.stdout.write(text)
