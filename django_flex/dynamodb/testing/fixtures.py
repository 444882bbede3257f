"""Fixtures of pytest. A ``conftest.py`` names this module in its ``pytest_plugins``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from django_flex.dynamodb.configuration import set_test_prefix
from django_flex.dynamodb.models import dynamodb_model_classes
from django_flex.dynamodb.test_runner import (
    clean_dynamodb_database,
    init_pynamodb_test_prefix,
    recreate_pynamodb_table,
    remove_pynamodb_table,
)


def pytest_configure(config: pytest.Config) -> None:
    """Give all tables names of tests, before a migration creates one."""
    init_pynamodb_test_prefix(os.environ.get("PYTEST_XDIST_WORKER"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give them their own names again."""
    set_test_prefix("")


@pytest.fixture(scope="session")
def dynamodb_server() -> None:
    """The server of the settings. A project replaces it to start one, or to use moto."""


@pytest.fixture(scope="session")
def dynamodb_tables(dynamodb_server: None) -> Iterator[None]:
    """The tables of all models, with names of this process."""
    for model in dynamodb_model_classes:
        recreate_pynamodb_table(model)
    yield
    for model in dynamodb_model_classes:
        remove_pynamodb_table(model)


@pytest.fixture
def dynamodb(dynamodb_tables: None) -> Iterator[None]:
    """Tables for one test, which are empty again after it."""
    yield
    clean_dynamodb_database()
