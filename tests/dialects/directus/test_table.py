"""Endpoints and parameters that the reference lists as unsupported are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dialects.directus.asking import Server

PAGE = Path(__file__).parents[3] / "docs/reference/directus.md"


def denied(heading: str) -> list[str]:
    """Return what a table of the page has a "no" beside."""
    table = PAGE.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+) \| no(?:[,;:].*)? \|$", table, re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("name", denied("Endpoints"))
def test_an_endpoint_that_is_not_supported_is_not_found(server: Server, name: str) -> None:
    method, _, path = name.rpartition(" ")
    path = path.lstrip("/").replace("{collection}", "booking")
    for one in {method or "GET", "GET"}:
        answer = server.send(one, path)
        assert (404, "ROUTE_NOT_FOUND") == (answer.status, answer.code)


@pytest.mark.parametrize("name", denied("Parameters"))
def test_a_parameter_that_is_not_supported_is_refused(server: Server, name: str) -> None:
    answer = server.get(f"items/booking?{name}=x")
    assert (400, "INVALID_QUERY") == (answer.status, answer.code)


def test_the_tables_are_read() -> None:
    assert {"/activity", "/graphql", "/utils/sort"} <= {*denied("Endpoints")}
    assert "backlink" in denied("Parameters")
