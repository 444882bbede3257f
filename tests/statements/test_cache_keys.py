"""A part of a plan that is new decides about SQL until somebody has thought about it."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any

import pytest

from django_flex import resolved as authorized
from django_flex.backends.orm.bind_parameters import KeyArgument
from django_flex.backends.orm.prepared.cache_keys import _SPECIAL, KEY_PARTS
from django_flex.plan.nodes import AggregatePlan, ChildPlan, ReadPlan, SelectOutput
from django_flex.resolved import (
    AggregateSubquery,
    ComputedValue,
    GroupKey,
    Keyset,
    Position,
    Rows,
    Search,
    Total,
)

#: What is looked at in another way, or is no part of a statement: pages, and what becomes of rows.
ELSEWHERE: dict[type, set[str]] = {
    AggregatePlan: {
        *{"explain", "layout", "make_object", "weight", "limit", "offset", "json_places", "rules"},
        "from_primary",  # as that of a ReadPlan
    },
    ChildPlan: {"near", "keys_only", "bare", "flags", "place"},
    AggregateSubquery: {"result"},
    GroupKey: {"result"},
    Keyset: {"cursor"},
    ReadPlan: {
        "explain",
        "may_scan",  # only backends that find rows by keys ask, and SQL has nothing of it
        "from_primary",  # decides about the database, which is in the key by its alias
        "single",
        "searches",
        "count",
        "pk",
        "limit",
        "offset",
        "json_places",
        "rules",
        "totals",
    },
    Search: {"text", "anywhere", "mode", "config"},
    Total: {"result"},
    # Those with functions of their own in the module.
    ComputedValue: {"source", "attribute", "key", "masks", "hops"},
    KeyArgument: {"value"},
    Position: {"values", "backward", "inclusive", "parent"},
    Rows: {"resource", "queryset", "q", "condition", "nothing", "plain", "links", "among"},
    SelectOutput: {
        *{"columns", "flags", "layout", "make_object", "children", "weight", "has_pages"},
        "key_width",  # that of the resource
    },
    authorized.Predicate: {"column", "transforms", "operator", "value"},
}


@pytest.mark.parametrize("kind", [*KEY_PARTS, *_SPECIAL], ids=lambda kind: kind.__name__)
def test_each_field_of_a_plan_is_in_its_shape(kind: Any) -> None:
    anatomy = KEY_PARTS.get(kind)
    named: set[str] = set()
    if anatomy is not None:
        named.update(anatomy.inside)
        if isinstance(anatomy.names, attrgetter):
            named.update(anatomy.names.__reduce__()[1])

    assert {field.name for field in fields(kind)} == named | ELSEWHERE.get(kind, set())
