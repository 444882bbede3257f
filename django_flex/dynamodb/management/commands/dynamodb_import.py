"""``manage.py dynamodb_import``: items from lines of JSON into a table."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from django_flex.dynamodb.management.transfer import STEP, TransferError, imported, model_named


class Command(BaseCommand):
    """Write items over those that are there."""

    help = (
        "Writes items from lines of JSON into a table of DynamoDB, over those with the same keys."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a model, a file, and where to begin in it."""
        parser.add_argument("model", help="the model, such as shop.Play")
        parser.add_argument(
            "file", nargs="?", help="a file; without it, the standard input is read"
        )
        parser.add_argument("--skip", type=int, default=0, help="how many lines are not read")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import a file.

        Raises:
            CommandError: there is no such model, a line is no item, or DynamoDB refuses; it says how
                to go on.
        """
        done = options["skip"]
        name = options["file"]
        try:
            model = model_named(options["model"])
            with ExitStack() as stack:
                file = stack.enter_context(Path(name).open("rb")) if name else sys.stdin.buffer
                for number in imported(model, file, options["skip"]):
                    if number // STEP > done // STEP:
                        self.stderr.write(f"{number} lines")
                    done = number
        except (TransferError, DatabaseError, OSError) as error:
            hint = f"; {done} lines are written: go on with --skip {done}" if done else ""
            raise CommandError(f"{error}{hint}") from error
        self.stderr.write(f"{max(0, done - options['skip'])} lines imported")
