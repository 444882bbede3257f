"""``manage.py dynamodb_export``: the items of a table as lines of JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from django_flex.dynamodb.core.schema import Item, TableSchema
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.management.transfer import (
    STEP,
    TransferError,
    exported,
    last_key,
    model_named,
)


class Command(BaseCommand):
    """Read all of a table."""

    help = "Writes all items of a table of DynamoDB as lines of JSON, in the form of AWS's exports."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a model, a file, and whether to go on in it."""
        parser.add_argument("model", help="the model, such as shop.Play")
        parser.add_argument("--output", help="a file; without it, lines go to the standard output")
        parser.add_argument(
            "--resume", action="store_true", help="go on after the last item in the file"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Export a table.

        Raises:
            CommandError: there is no such model, the file is there or is no export, or DynamoDB
                refuses.
        """
        try:
            table = describe(model_named(options["model"])).table
            self._export(table, options["output"], resume=options["resume"])
        except (TransferError, DatabaseError, OSError) as error:
            raise CommandError(str(error)) from error

    def _export(self, table: TableSchema, output: str | None, *, resume: bool) -> None:
        if resume and output is None:
            raise TransferError("--resume needs --output")
        if output is None:
            self._write(table, None, None)
            return
        # A file that is there is only changed if that is wanted.
        with Path(output).open("r+b" if resume else "xb") as file:
            self._write(table, file, last_key(table, file) if resume else None)

    def _write(self, table: TableSchema, file: BinaryIO | None, start: Item | None) -> None:
        done = 0
        for lines, number in exported(table, start):
            if file is None:
                self.stdout.write(lines, ending="")
            else:
                file.write(lines.encode())
                file.flush()
            if (done + number) // STEP > done // STEP:
                self.stderr.write(f"{done + number} items")
            done += number
        self.stderr.write(f"{done} items of {table.name} exported")
