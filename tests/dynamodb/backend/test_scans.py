"""Lists that no key serves: refused without the operation ``scan``, and bounded with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.test import Client

from django_flex.backends.dynamodb import DynamoBackend
from django_flex.checks import check_settings
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.backend.conftest import GRANT
from tests.dynamodb.faults import FaultTransport
from tests.dynamodb.models import Play

pytestmark = pytest.mark.exhaustive

SCAN: dict[str, Any] = {**GRANT, "ops": ["get", "list", "scan", "explain"]}


def grant(settings: Any, **changes: Any) -> None:
    expose = {"play": {"anon": {**SCAN, **changes}}}
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}


@pytest.fixture(autouse=True)
def _plays(api: Client, settings: Any) -> None:
    grant(settings)
    played = [
        Play(listener=f"l{n % 7}", moment=n, title="odd" if n % 2 else "even", size=n)
        for n in range(40)
    ]
    Play.objects.bulk_create(played, mode="batch")


def ask(api: Client, **query: Any) -> tuple[int, Any]:
    body = {"_action": "list", "fields": "moment", **query}
    response = api.post("/api/play/", body, content_type="application/json")
    return response.status_code, response.json()


def moments(found: Any) -> list[Any]:
    return [one["moment"] for one in found["results"].values()]


@pytest.mark.parametrize("ops", ["*", ["get", "list", "export", "explain"]], ids=["all", "list"])
def test_nothing_scans_without_the_grant(api: Client, settings: Any, ops: Any) -> None:
    if ops == "*":
        expose = {"play": {"anon": "*"}}
        settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": expose}
    else:
        grant(settings, ops=ops)
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        status, found = ask(api, filters={"title": "odd"})

    assert (400, "query.unsupported") == (status, found["code"])
    assert [] == transport.sent


def test_pages_of_a_scan_lose_nothing_and_repeat_nothing(
    api: Client, backend: DynamoBackend
) -> None:
    backend.tables["club.play"] = replace(backend.tables["club.play"], max_evaluated=11)
    found: list[Any] = []
    transport = FaultTransport(inner=current_transport())
    query: dict[str, Any] = {"filters": {"title": "odd"}, "limit": 4}
    with override_transport(transport):
        while query:
            status, page = ask(api, **query)
            assert 200 == status, page
            found += moments(page)
            assert "prev" not in page["pagination"]
            query = page["pagination"].get("next", {})

    assert [*range(1, 40, 2)] == sorted(found)
    assert {"Scan"} == {*transport.operations}
    assert all(parameters["Limit"] <= 11 for _, parameters in transport.sent)


def test_a_row_rule_holds_in_a_scan(api: Client, settings: Any) -> None:
    grant(settings, rows={"size.lt": 6})
    status, found = ask(api, count=True)

    assert (200, 6) == (status, found["pagination"]["count"])
    assert [*range(6)] == sorted(moments(found))


def test_a_count_within_the_budget_is_exact(api: Client, backend: DynamoBackend) -> None:
    assert 20 == ask(api, filters={"title": "odd"}, count=True)[1]["pagination"]["count"]
    backend.tables["club.play"] = replace(backend.tables["club.play"], max_evaluated=5)
    paging = ask(api, filters={"title": "odd"}, count=True, limit=2)[1]["pagination"]
    assert "capped" == paging["count_kind"]


def test_a_key_is_used_where_there_is_one(api: Client) -> None:
    transport = FaultTransport(inner=current_transport())
    with override_transport(transport):
        assert 200 == ask(api, filters={"listener": "l1"})[0]

    assert ["Query"] == transport.operations


def test_a_scan_has_no_order(api: Client) -> None:
    assert 400 == ask(api, filters={"title": "odd"}, order_by="moment")[0]


def test_no_write_scans(api: Client, settings: Any) -> None:
    grant(settings, ops=["list", "scan", "bulk_delete"])
    body = {"_action": "bulk_delete", "filters": {"title": "odd"}, "_max_affected": 50}

    assert 400 == api.post("/api/play/", body, content_type="application/json").status_code


def test_a_scan_is_explained(api: Client) -> None:
    _, found = ask(api, filters={"title": "odd"}, explain=True)

    [statement] = found["plan"]["statements"]
    assert ("SCAN play FILTER title = %s", 1) == (statement["sql"], statement["parameters"])


def test_anonymous_scans_are_told(settings: Any) -> None:
    grant(settings)
    found: list[CheckMessage] = [*check_settings()]

    assert "django_flex.W037" in {one.id for one in found}
    assert "django_flex.W035" not in {one.id for one in found}
