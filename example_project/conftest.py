"""The tests of the example run by themselves: ``cd example_project``, then
``python -m pytest --ds=music_shop.settings``.
"""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import DjangoDbBlocker


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Fill the test database once; each test then works in a transaction of its own."""
    from shop.accounts import create_accounts
    from shop.loading import load

    with django_db_blocker.unblock():
        load(today=timezone.localdate())
        create_accounts()
