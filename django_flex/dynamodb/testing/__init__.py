"""For tests of projects: cases and fixtures that leave no item behind."""

from __future__ import annotations

from typing import Any

from django_flex.dynamodb.test_runner import clean_dynamodb_database

__all__ = ["DynamoDBTestCaseMixin"]


class DynamoDBTestCaseMixin:
    """For any ``TestCase``: items that a test has written are gone after it.

    Tables are created by ``DynamoDBTestDiscoverRunner``.
    """

    def run(self, result: Any = None) -> Any:
        """Run a test, and empty the tables that it has written to."""
        try:
            return super().run(result)  # type: ignore[misc]  # of the test case
        finally:
            clean_dynamodb_database()
