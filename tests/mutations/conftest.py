"""Writes asked by code, under grants of a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.plan.shape import FlexResult
from tests.doors.fronts import EVERYTHING, MODELS

OPS = ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"]
FULL = {**EVERYTHING, "ops": OPS}

Ask = Callable[..., FlexResult]


@pytest.fixture
def ask(bookings: None, configure: Any) -> Ask:
    """Ask for a write: everybody may do everything, but for the entries that are given."""

    def send(model: str = "booking", user: Any = None, expose: Any = None, **spec: Any) -> Any:
        entries = {name: {"anon": FULL} for name in MODELS}
        configure({**entries, **(expose or {})})
        return FlexQuery(model).execute(spec, user=user)

    return send
