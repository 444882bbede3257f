"""Which servers this run met."""

from __future__ import annotations

import pytest

from tests.dynamodb.servers import PROGRAMS, program


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_server_is_installed(name: str) -> None:
    """One line about each server that is not, in place of one for each test."""
    if program(name) is None:
        pytest.skip(f"{name} is not installed: put it on the path, or name it in {PROGRAMS[name]}")
