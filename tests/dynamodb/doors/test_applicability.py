"""How many of the doors' cases apply to DynamoDB, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.plan.capabilities import REFUSALS
from tests.doors.clauses.test_filtering import COMPARISONS, MOMENTS, SHAPES, VALUES
from tests.doors.fronts import DOORS, OPEN, Door
from tests.dynamodb.doors.conftest import REFUSED, is_refusal
from tests.dynamodb.doors.mirror import Mirror

pytestmark = pytest.mark.usefixtures("bookings")

CASES = {**COMPARISONS, **MOMENTS, **VALUES, **SHAPES}
#: What the backend has not, by name, and queries of keys.
NAMES = {*REFUSALS, "key for filters", "key for order_by"}


@pytest.mark.exhaustive
def test_most_filters_apply_and_all_others_are_refused_with_a_hint(
    door: Door, request: pytest.FixtureRequest
) -> None:
    refused: list[str] = request.node.stash[REFUSED]
    applied = 0
    for name, (filters, expected) in CASES.items():
        refused.clear()
        reply = door.list({"fields": "id", "filters": filters})
        if reply.status == 200:
            applied += 1
            assert (expected, []) == (reply.ids, refused), name
        else:
            assert is_refusal(reply.status, reply.body), (name, reply.body)
            assert {one.partition(":")[0] for one in refused} <= NAMES, (name, refused)
            assert refused, name

    assert applied >= 60
    assert len(CASES) - applied >= 30  # the others are tried, too


OPS = ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"]
WRITING: dict[str, Any] = {
    **OPEN,
    "booking": {
        "anon": {
            "fields": ["*"],
            "filters": ["*"],
            "order_by": ["*"],
            "rows": {"urgent": True},
            "ops": OPS,
            "add": {"fields": ["*", "id"]},
        }
    },
}
#: Doors that do one thing with one row at a URL; a decorator writes what one grant says.
WRITES = pytest.mark.parametrize("name", [name for name in DOORS if name != "decorator"])
VALUE = {"status": "new", "_fields": "id, status, urgent"}


@WRITES
def test_rows_are_written_by_each_door_and_read_back(
    name: str, settings: Any, mirror: Mirror
) -> None:
    mirror.keep("testapp.booking")
    door = DOORS[name](settings)
    edited = door.write("edit", 1, VALUE, expose=WRITING)
    seen = door.get(1, {"fields": "status"}, expose=WRITING)
    deleted = door.write("delete", 4, {"_fields": "id"}, expose=WRITING)

    assert (200, {"id": 1, "status": "new", "urgent": True}) == (edited.status, edited.body)
    assert {"status": "new"} == seen.body
    assert (200, {"id": 4, "deleted": True}) == (deleted.status, deleted.body)
    assert [1, 6] == door.list({"fields": "id"}, expose=WRITING, statements=1).ids


@WRITES
def test_a_row_rule_is_the_condition_of_a_write_by_each_door(
    name: str, settings: Any, mirror: Mirror
) -> None:
    mirror.keep("testapp.booking")
    door = DOORS[name](settings)
    hidden = door.write("edit", 2, VALUE, expose=WRITING)
    missing = door.write("edit", 99, VALUE, expose=WRITING)
    moved = door.write("edit", 1, {"urgent": False, "_fields": "id"}, expose=WRITING)
    kept = door.get(1, {"fields": "urgent"}, expose=WRITING)

    assert (404, hidden.body) == (hidden.status, missing.body)
    assert (403, "row.denied") == (moved.status, moved.body["code"])
    assert {"urgent": True} == kept.body
