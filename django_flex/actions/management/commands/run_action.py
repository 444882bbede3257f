"""``manage.py run_action``: an action from the command line, with the permissions of a user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import msgspec
from django.core.management.base import BaseCommand, CommandError

from django_flex.access.users import find_user
from django_flex.actions.management.callers import find_action, find_resource, read_data
from django_flex.actions.programmatic import FlexAction
from django_flex.conf import configuration

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Runs an action and prints the reply as JSON."""

    help = "Runs an action, with the permissions of a user."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        parser.add_argument("resource", help="Name of the model: booking, or app_label.booking.")
        parser.add_argument("action", help="Id of the action.")
        parser.add_argument("--id", help="Primary key of the row.")
        parser.add_argument(
            "--data", default="{}", help="Input as JSON, or @ and the name of a file."
        )
        parser.add_argument("--api-version", help="API version; by default the unversioned API.")
        caller = parser.add_mutually_exclusive_group()
        caller.add_argument(
            "--user", help="Name (or primary key) of the user whose permissions apply."
        )
        caller.add_argument("--unrestricted", action="store_true", help="Ignore all permissions.")
        parser.add_argument("--background", action="store_true", help="Run it in the background.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Run it, and roll everything back."
        )
        parser.add_argument(
            "--idempotency-key",
            metavar="KEY",
            help="Run it only once for this key; if the action needs a key, a new one is the default.",
        )

    def handle(self, **options: Any) -> None:
        """Run it.

        Raises:
            CommandError: the action failed or refused.
        """
        model = find_resource(options["resource"])
        definition = find_action(model, options["action"])
        version = options["api_version"]
        if version not in configuration().versions:
            raise CommandError(f"There is no version '{version}'")
        one = FlexAction(model, definition.id, version=version).by_operator()
        if options["unrestricted"]:
            one = one.unrestricted()
        key = options["idempotency_key"]
        if key is None and definition.idempotency == "required" and not options["dry_run"]:
            key = str(uuid4())
            # To be sent again if it is unknown whether the action ran.
            self.stderr.write(f"--idempotency-key {key}")
        result = one.execute(
            read_data(options["data"]),
            pk=options["id"],
            user=find_user(options["user"]),
            background=True if options["background"] else None,
            idempotency_key=key,
            dry_run=options["dry_run"],
        )
        text = msgspec.json.format(msgspec.json.encode(result.to_dict()), indent=2).decode()
        if not result.ok:
            raise CommandError(text)
        self.stdout.write(text)
