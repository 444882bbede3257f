from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from tests.client.shells import SHELLS, Shell


@pytest.fixture(params=[pytest.param(shell, id=shell.name) for shell in SHELLS])
def shell(request: pytest.FixtureRequest) -> Shell:
    """Each of the two clients in turn."""
    made: Shell = request.param
    return made


@pytest.fixture(autouse=True)
def open_connections() -> Iterator[None]:
    """Let requests keep the connection, as Django's test client does: a test is a transaction."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
