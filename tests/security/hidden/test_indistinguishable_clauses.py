"""In lists, aggregates, ``distinct`` and streams, too, forbidden answers as unknown: byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Model

from tests.security.conftest import Ask, granted
from tests.security.hidden import test_indistinguishable
from tests.security.hidden.test_indistinguishable import FORBIDDEN
from tests.testapp.models import Line

pytestmark = pytest.mark.usefixtures("secrets")
forget_names = test_indistinguishable.forget_names  # the fixture

OPERATIONS = ["get", "list", "aggregate"]
EXPOSE = {
    "booking": granted(
        rows={"customer": 1},
        fields=["id", "status", "customer", "customer.name", "lines.product"],
        filters=["status.*", "customer.name", "lines.product.*"],
        order_by=["status", "-price", "lines.product"],
        aggregates=["count", "status.count_distinct", "lines.count"],
        ops=OPERATIONS,
    ),
    "customer": granted(rows={"vip": True}, fields=["id", "name"], ops=OPERATIONS),
}


def _query(clause: str, path: str) -> dict[str, Any]:
    """Return a query that names a path in one clause."""
    grouped = {"_action": "aggregate", "group_by": "status", "aggregate": "count"}
    head, _, last = path.rpartition(".")
    inside = f"{head}.lines.{last}" if head else f"lines.{path}"
    clauses: dict[str, dict[str, Any]] = {
        "related": {"related": {path: {}}},
        "related-from": {"related": {"x": {"from": path}}},
        "related-fields": {"related": {path: {"fields": "id"}}},
        "related-beyond": {"related": {f"{path}.lines": {}}},
        "related-wrong-shape": {"related": {path: {"shape": "list", "order_by": "-x"}}},
        "list-field": {"fields": f"id, {path}.id"},
        "list-alias": {"fields": f"x:{path}.id"},
        "list-wildcard": {"fields": f"{path}.*"},
        "list-exclusion": {"fields": f"{path}.*, -{path}.id"},
        "count": {"fields": f"{path}.count"},
        "count-alias": {"fields": f"x:{path}.count"},
        "max": {"fields": f"{path}.max"},
        "max-beyond": {"fields": f"{path}.id.max"},
        "aggregate-filter": {"filters": {f"{path}.count.gt": 1}},
        "aggregate-filter-type": {"filters": {f"{path}.count": "x"}},
        "aggregate-order": {"order_by": f"-{path}.count"},
        "aggregate-order-beyond": {"order_by": f"{path}.id.max.nulls_last"},
        "total": {"_action": "aggregate", "aggregate": f"{path}.count"},
        "total-sum": {"_action": "aggregate", "aggregate": f"{path}.sum"},
        "total-max": {"_action": "aggregate", "aggregate": f"x:{path}.max"},
        "total-distinct": {"_action": "aggregate", "aggregate": f"{path}.count_distinct"},
        "total-beyond": {"_action": "aggregate", "aggregate": f"{path}.id.max"},
        "total-called": {"_action": "aggregate", "aggregate": f"min({path})"},
        "beside-list": {"fields": "id", "aggregate": f"{path}.max"},
        "group": {"_action": "aggregate", "group_by": path},
        "group-alias": {"_action": "aggregate", "group_by": f"x:{path}"},
        "group-part": {"_action": "aggregate", "group_by": f"{path}.year"},
        "group-month": {"_action": "aggregate", "group_by": f"{path}.trunc_month"},
        "group-key": {"_action": "aggregate", "group_by": f"{path}.a"},
        "group-beyond": {"_action": "aggregate", "group_by": f"status, {path}.id"},
        "having": {**grouped, "having": {path: 1}},
        "having-max": {**grouped, "having": {f"{path}.max": 1}},
        "having-count": {**grouped, "having": {"not": {f"{path}.count_distinct.gt": 1}}},
        "having-beyond": {**grouped, "having": {"or": [{f"{path}.id.max.isnull": True}]}},
        "group-order": {**grouped, "order_by": path},
        "group-order-max": {**grouped, "order_by": f"-{path}.max"},
        "group-filter": {**grouped, "filters": {f"{path}.isnull": False}},
        "distinct": {"fields": "id", "distinct": path},
        "distinct-beyond": {"fields": "id", "distinct": f"{path}.id"},
        "distinct-fields": {"fields": path, "distinct": True},
        "distinct-order": {"fields": "status", "distinct": True, "order_by": path},
        "cursor-order": {"fields": "id", "cursor": True, "order_by": path},
        "counted-filter": {"fields": "id", "count": True, "filters": {path: 1}},
        "estimated-filter": {"fields": "id", "count": "estimated", "filters": {path: 1}},
        "stream": {"fields": path, "format": "csv"},
        "stream-filter": {"fields": "id", "format": "ndjson", "filters": {f"{path}.isnull": True}},
        "inside-field": {"fields": inside},
        "inside-alias": {"fields": f"x:{inside}"},
        "inside-related": {"fields": "id", "related": {"lines": {"fields": last}}},
        "inside-filter": {"fields": "id", "related": {"lines": {"filters": {last: 1}}}},
        "inside-aggregate": {
            "fields": "id",
            "related": {"lines": {"filters": {f"{last}.count": 1}}},
        },
        "inside-order": {"fields": "id", "related": {"lines": {"order_by": f"{last}.nulls_last"}}},
        "inside-distinct": {"fields": "id", "related": {"lines": {"distinct": last}}},
        "inside-combined": {"related": {"lines": {"fields": last, "distinct": True}}},
        "inside-cursor": {"related": {"lines": {"cursor": True, "order_by": last}}},
        "inside-related-twice": {"related": {"lines": {"related": {last: {"limit": 1}}}}},
    }
    return clauses[clause]


CLAUSES = [
    "related",
    "related-from",
    "related-fields",
    "related-beyond",
    "related-wrong-shape",
    "list-field",
    "list-alias",
    "list-wildcard",
    "list-exclusion",
    "count",
    "count-alias",
    "max",
    "max-beyond",
    "aggregate-filter",
    "aggregate-filter-type",
    "aggregate-order",
    "aggregate-order-beyond",
    "total",
    "total-sum",
    "total-max",
    "total-distinct",
    "total-beyond",
    "total-called",
    "beside-list",
    "group",
    "group-alias",
    "group-part",
    "group-month",
    "group-key",
    "group-beyond",
    "having",
    "having-max",
    "having-count",
    "having-beyond",
    "group-order",
    "group-order-max",
    "group-filter",
    "distinct",
    "distinct-beyond",
    "distinct-fields",
    "distinct-order",
    "cursor-order",
    "counted-filter",
    "estimated-filter",
    "stream",
    "stream-filter",
]
INSIDE = [
    "inside-field",
    "inside-alias",
    "inside-related",
    "inside-filter",
    "inside-aggregate",
    "inside-order",
    "inside-distinct",
    "inside-combined",
    "inside-cursor",
    "inside-related-twice",
]
#: Lists that the caller may ask for here.
LISTED = ("reverse", "reverse-of-a-relation")
#: There and not granted, behind the list that is.
FORBIDDEN_INSIDE = {
    "column": (Line, "note"),
    "number": (Line, "quantity"),
    "relation": (Line, "booking"),
    "primary-key": (Line, "id"),
}


def _assert_same(
    ask: Ask, forget_names: Callable[..., None], model: type[Model], path: str, clause: str
) -> None:
    query = _query(clause, path)
    action = {"pk": "aggregate"} if query.pop("_action", None) else {}
    forbidden = ask(query, EXPOSE, **action)
    forget_names(model, path.rpartition(".")[2])
    unknown = ask(query, EXPOSE, **action)
    assert forbidden.status == 403, forbidden.content
    assert forbidden.content == unknown.content
    assert forbidden.statements == unknown.statements == []


@pytest.mark.one_in(3)
@pytest.mark.parametrize("clause", CLAUSES)
@pytest.mark.parametrize(
    ("model", "path"),
    [pytest.param(*case, id=name) for name, case in FORBIDDEN.items() if name not in LISTED],
)
@pytest.mark.sampled("path")
def test_forbidden_path_answers_as_one_that_does_not_exist(
    ask: Ask, forget_names: Callable[..., None], clause: str, model: type[Model], path: str
) -> None:
    _assert_same(ask, forget_names, model, path, clause)


@pytest.mark.parametrize("clause", INSIDE)
@pytest.mark.parametrize("name", FORBIDDEN_INSIDE)
def test_forbidden_path_in_a_list_answers_as_one_that_does_not_exist(
    ask: Ask, forget_names: Callable[..., None], clause: str, name: str
) -> None:
    _assert_same(ask, forget_names, *FORBIDDEN_INSIDE[name], clause)
