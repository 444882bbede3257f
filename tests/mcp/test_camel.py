"""An API in camelCase has tools in camelCase."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.mcp.conftest import AGENTS, refuse, run
from tests.testapp.models import Booking


@pytest.fixture(autouse=True)
def camel(agents: Callable[..., None], unused_caches: None) -> None:
    agents(NAMING="camel", MCP={**AGENTS, "max_rows": 2})


def test_queries_and_replies_are_in_camel_case() -> None:
    query = {"fields": "id, internalNotes", "orderBy": "-id"}
    found = run("clara", "query", model="booking", query=query)

    assert {"id", "internalNotes"} == set(found["results"][0])
    assert found["pagination"]["hasMore"]
    following = run("clara", "query", model="booking", query=found["pagination"]["next"])
    assert [4, 3] == [row["id"] for row in following["results"]]


def test_a_list_that_is_cut_is_in_camel_case(agents: Callable[..., None]) -> None:
    Booking.objects.update(internal_notes="x" * 600)
    agents(NAMING="camel", MCP={**AGENTS, "max_characters": 2_000})
    found = run("clara", "query", model="booking", query={"fields": "internalNotes"})

    assert found["pagination"]["hasMore"] is True
    assert len(found["results"]) < 6


@pytest.mark.parametrize("key", ["_dryRun", "_dry_run"])
def test_a_dry_run_cannot_be_switched_off(key: str) -> None:
    data = {"_id": 1, "internalNotes": "x", key: False}
    told = refuse("clara", "write", model="booking", operation="edit", data=data)

    assert "query.unknown_key" == told["code"]
    assert "call back" == Booking.objects.get(pk=1).internal_notes


def test_a_write_is_tried_and_done() -> None:
    arguments = {
        "model": "booking",
        "operation": "bulk_edit",
        "data": {"filters": {"id": 1}, "_set": {"internalNotes": "x"}, "_maxAffected": 1},
    }
    confirmation = run("clara", "write", **arguments)["confirmation"]
    before = Booking.objects.get(pk=1).internal_notes
    run("clara", "write", **arguments, confirmation=confirmation)

    assert ["call back", "x"] == [before, Booking.objects.get(pk=1).internal_notes]
