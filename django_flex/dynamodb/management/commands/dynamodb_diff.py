"""``manage.py dynamodb_diff``: in what tables are not as their models say."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.management.tables import lacking, models


class Command(BaseCommand):
    """Report, and change nothing."""

    help = "Tells in what tables of DynamoDB are not as their models say. It fails if there is one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare all tables.

        Raises:
            CommandError: at least one is not as its model says, or DynamoDB refuses.
        """
        differ = 0
        for model in models():
            name = describe(model).table.name
            try:
                for one in lacking(model):
                    differ += 1
                    self.stdout.write(f"{name}: {one.text}")
            except DatabaseError as error:
                raise CommandError(f"{name}: {error}") from error
        if differ:
            raise CommandError(f"Differences: {differ}")
        self.stdout.write("All tables are as their models say")
