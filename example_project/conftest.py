"""The tests of the example run by themselves: ``cd example_project``, then
``python -m pytest --ds=music_shop.settings``.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker

# Its steps are no test module, and show as much of what differs.
pytest.register_assert_rewrite("shop.tests.directus.steps", "shop.tests.directus.asking")

# The shop's dates end the day before it is loaded, so the tests have a day of their own.
NOW = datetime(2024, 2, 29, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Fill the test database once; each test then works in a transaction of its own."""
    from shop.accounts import create_accounts
    from shop.loading import load

    with django_db_blocker.unblock():
        load(today=NOW.date())
        create_accounts()


@pytest.fixture(autouse=True)
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test run at the time for which the shop was loaded."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
