"""Writes on a condition that nothing keeps: refused, whatever they would have done."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.testapp.models import Company
from tests.writes.conftest import GRANT

WRITES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "edit": ("PATCH", "1", {"name": "new"}),
    "edit-by-put": ("PUT", "1", {"name": "new"}),
    "edit-of-none": ("PATCH", "99", {"name": "new"}),
    "delete": ("DELETE", "1", {}),
    "add": ("POST", "", {"name": "new"}),
    "bulk": ("POST", "", {"_action": "bulk_edit", "_set": {"name": "new"}, "filters": {"id": 1}}),
}


@pytest.fixture(autouse=True)
def company(bookings: None, configure: Callable[..., None]) -> None:
    configure({"company": {"anon": {**GRANT, "write_fields": ["*"]}}})


@pytest.mark.parametrize("value", ["*", '"abc"', 'W/"abc", "d"', ""])
@pytest.mark.parametrize("name", WRITES)
def test_a_write_with_if_none_match_is_refused_and_does_nothing(name: str, value: str) -> None:
    method, key, body = WRITES[name]
    before = [*Company.objects.order_by("pk").values()]
    reply = Client().generic(
        method,
        f"/api/company/{key}",
        json.dumps(body),
        "application/json",
        headers={"If-None-Match": value},
    )
    assert (400, "query.unsupported") == (reply.status_code, reply.json()["code"]), reply.content
    assert "If-Match" in reply.json()["hint"]
    assert before == [*Company.objects.order_by("pk").values()]


def test_a_batch_that_writes_is_refused_and_a_read_by_post_is_not() -> None:
    edit = {"_model": "company", "_action": "edit", "_id": 1, "name": "new"}
    read = {"_model": "company", "_action": "get", "_id": 1}
    headers = {"If-None-Match": "*"}
    for operations, expected in (([read, edit], 400), ([read], 200)):
        body = {"_batch": operations}
        reply = Client().post("/api/", body, "application/json", headers=headers)
        assert expected == reply.status_code, reply.content
    reply = Client().post("/api/company/query", {"_id": 1}, "application/json", headers=headers)
    assert 200 == reply.status_code
    assert 304 == Client().get("/api/company/1", headers=headers).status_code
