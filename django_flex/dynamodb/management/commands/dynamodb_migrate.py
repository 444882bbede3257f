"""``manage.py dynamodb_migrate``: tables and indexes that are missing."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.management.tables import apply, lacking, models


class Command(BaseCommand):
    """Create what is missing; nothing is changed or removed."""

    help = "Creates tables and global indexes of DynamoDB that are missing. It removes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--plan", action="store_true", help="Only show what would be created, and what cannot."
        )
        parser.add_argument("--wait", action="store_true", help="Wait until new tables are ready.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through all models.

        Raises:
            CommandError: a table is not as its model says and cannot become so, or DynamoDB refuses.
        """
        fixed = 0
        for model in models():
            name = describe(model).table.name
            try:
                for one in list(lacking(model)):
                    fixed += one.kind == "fixed"
                    creates = one.kind in {"table", "index"}
                    if creates and not options["plan"]:
                        self.stdout.write(f"{name}: {one.text}, creating it")
                        self.stdout.flush()
                        apply(model, one, wait=options["wait"])
                    else:
                        self.stdout.write(f"{name}: {one.text}")
            except DatabaseError as error:
                raise CommandError(f"{name}: {error}") from error
        if fixed:
            raise CommandError("Some tables cannot become what their models say: make new ones")
