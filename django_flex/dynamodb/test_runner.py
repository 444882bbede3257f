"""Test runners that create the tables of all models under names of their own, and remove them."""

from __future__ import annotations

import os
import sys
from typing import Any

import django.test.runner
from django.test.runner import DiscoverRunner, ParallelTestSuite

from django_flex.dynamodb.configuration import set_test_prefix
from django_flex.dynamodb.connection import empty
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.models import dynamodb_model_classes
from django_flex.dynamodb.transport import forget_clients


def init_pynamodb_test_prefix(prefix: str | None = None) -> None:
    """Put ``test_``, or ``test_<prefix>_``, before the names of all tables."""
    set_test_prefix(f"test_{prefix}_" if prefix else "test_")


def remove_pynamodb_table(model_class: Any) -> None:
    """Delete the table of a model, if there is one."""
    if model_class.exists():
        model_class.delete_table(wait=True)


def recreate_pynamodb_table(model_class: Any) -> None:
    """Create the table of a model, which is empty then."""
    remove_pynamodb_table(model_class)
    model_class.create_table(wait=True, ignore_update_ttl_errors=True)


def clean_dynamodb_database(sender: Any = None, **kwargs: Any) -> None:
    """Delete all items that tests of this process have written.

    It can be connected to any signal that is sent between tests.
    """
    for model_class in dynamodb_model_classes:
        empty(model_class)


def _init_worker(*args: Any, **kwargs: Any) -> None:
    """Start a worker as Django does, whatever it passes, with tables of its own."""
    django.test.runner._init_worker(*args, **kwargs)  # type: ignore[attr-defined]  # noqa: SLF001 - what Django's ParallelTestSuite calls
    forget_clients()
    init_pynamodb_test_prefix(str(django.test.runner._worker_id))  # type: ignore[attr-defined]  # noqa: SLF001 - as above


class DynamoDBParallelTestSuite(ParallelTestSuite):
    """Gives each worker its own tables."""

    init_worker = _init_worker


class DynamoDBTestSuiteMixin:
    """For any ``DiscoverRunner``: tables of DynamoDB beside the databases of Django."""

    parallel_test_suite = DynamoDBParallelTestSuite
    parallel: int

    def log(self, msg: str, level: int | None = None) -> None:
        """Say what is done."""
        sys.stderr.write(msg + os.linesep)

    def setup_databases(self, **kwargs: Any) -> Any:
        """Create databases and tables."""
        # Migrations may create tables; those are tables of tests, too.
        init_pynamodb_test_prefix(self._prefixes()[0])
        found = super().setup_databases(**kwargs)  # type: ignore[misc]  # of the runner
        for prefix in self._prefixes():
            self._setup_pynamodb_database(prefix)
        return found

    def teardown_databases(self, old_config: Any, **kwargs: Any) -> None:
        """Remove databases and tables."""
        super().teardown_databases(old_config, **kwargs)  # type: ignore[misc]  # of the runner
        for prefix in self._prefixes():
            self._teardown_pynamodb_database(prefix)
        set_test_prefix("")

    def _prefixes(self) -> list[str | None]:
        if self.parallel <= 1:
            return [None]
        return [str(number + 1) for number in range(self.parallel)]

    def _setup_pynamodb_database(self, prefix: str | None = None) -> None:
        init_pynamodb_test_prefix(prefix)
        for model_class in dynamodb_model_classes:
            recreate_pynamodb_table(model_class)
        self.log(f"Setup DynamoDB tables ({self._table_names()})...")

    def _teardown_pynamodb_database(self, prefix: str | None = None) -> None:
        init_pynamodb_test_prefix(prefix)
        for model_class in dynamodb_model_classes:
            remove_pynamodb_table(model_class)
        self.log(f"Remove DynamoDB tables ({self._table_names()})...")

    def _table_names(self) -> str:
        return ", ".join(f"'{describe(one).table.name}'" for one in dynamodb_model_classes)


class DynamoDBTestDiscoverRunner(DynamoDBTestSuiteMixin, DiscoverRunner):  # type: ignore[misc]  # narrower class attributes
    """Django's runner, with tables of DynamoDB."""
