"""The API in the wire form of Directus, over the bookings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dialects.directus.asking import GRANT, MODELS, Server


@pytest.fixture
def server(bookings: None, settings: Any) -> Server:
    """A server on which anybody may do everything with some models."""
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "DIALECT": "directus",
        "EXPOSE": {name: {"anon": GRANT} for name in MODELS}
        | {"booking": {"anon": {**GRANT, "search": ["status"]}}},
    }
    return Server()


@pytest.fixture
def expose(server: Server, settings: Any) -> Callable[..., None]:
    """Return a function that grants other things."""

    def write(entries: dict[str, Any], **others: Any) -> None:
        settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "EXPOSE": entries, **others}

    return write
