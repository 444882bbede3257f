"""Fixtures of the tests of rate limits."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from django_flex.access.actor import Actor
from tests.throttling.counting import user


@pytest.fixture
def somebody() -> Actor:
    """A user who made no request yet, whatever other tests or runs counted."""
    return user(uuid4())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Return a function that sets what time it is."""

    def set_to(moment: float) -> None:
        monkeypatch.setattr("time.time", lambda: moment)

    return set_to
