"""Conditions of the client: how they are written, combined, and said in each dialect."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel

from django_flex.client import BuildError, F, UnknownOperator
from django_flex.client.dialects.directus_filters import filter_object
from django_flex.client.dialects.flex import FlexDialect
from django_flex.client.dialects.flex_queries import condition_object
from django_flex.client.queries.query import Query


class Status(Enum):
    PAID = "paid"


class Customer(BaseModel):
    id: int
    name: str = ""


@pytest.mark.parametrize(
    ("condition", "flex", "directus"),
    [
        pytest.param(F(a=1), {"a": 1}, {"a": {"_eq": 1}}, id="equal"),
        pytest.param(F("a.b", 1), {"a.b": 1}, {"a": {"b": {"_eq": 1}}}, id="path"),
        pytest.param(F(a__b__gte=1), {"a.b.gte": 1}, {"a": {"b": {"_gte": 1}}}, id="operator"),
        pytest.param(
            F("a.lt", "eq", 1), {"a.lt": 1}, {"a": {"lt": {"_eq": 1}}}, id="field named lt"
        ),
        pytest.param(F(a=None), {"a": None}, {"a": {"_null": True}}, id="null"),
        pytest.param(F(a__ne=None), {"a.isnull": False}, {"a": {"_nnull": True}}, id="not null"),
        pytest.param(F(a__isnull=False), {"a.isnull": False}, {"a": {"_nnull": True}}, id="isnull"),
        pytest.param(F(a__in={1}), {"a.in": [1]}, {"a": {"_in": [1]}}, id="a set"),
        pytest.param(
            F(a__in=[]),
            {"a.in": []},
            {"_and": [{"a": {"_null": True}}, {"a": {"_nnull": True}}]},
            id="an empty list",
        ),
        pytest.param(
            F(a__between=(1, 2)), {"a.range": [1, 2]}, {"a": {"_between": [1, 2]}}, id="synonym"
        ),
        pytest.param(
            F(a__ncontains="x"),
            {"not": {"a.contains": "x"}},
            {"a": {"_ncontains": "x"}},
            id="negated operator",
        ),
        pytest.param(
            F(a__empty=True),
            {"or": {"a.isnull": True, "a": ""}},
            {"a": {"_empty": True}},
            id="empty",
        ),
        pytest.param(
            F(a=1) & F(b=2),
            {"a": 1, "b": 2},
            {"_and": [{"a": {"_eq": 1}}, {"b": {"_eq": 2}}]},
            id="and",
        ),
        pytest.param(
            F(a=1) & F(a=2),
            {"and": [{"a": 1}, {"a": 2}]},
            {"_and": [{"a": {"_eq": 1}}, {"a": {"_eq": 2}}]},
            id="one path twice",
        ),
        pytest.param(
            (F(a=1) | F(b=2)) & F(c=3),
            {"or": [{"a": 1}, {"b": 2}], "c": 3},
            {"_and": [{"_or": [{"a": {"_eq": 1}}, {"b": {"_eq": 2}}]}, {"c": {"_eq": 3}}]},
            id="or inside and",
        ),
        pytest.param(
            F(a=1) | F(b=2) | F(c=3),
            {"or": [{"a": 1}, {"b": 2}, {"c": 3}]},
            {"_or": [{"a": {"_eq": 1}}, {"b": {"_eq": 2}}, {"c": {"_eq": 3}}]},
            id="three alternatives",
        ),
        pytest.param(~F(a__lt=1), {"not": {"a.lt": 1}}, {"a": {"_gte": 1}}, id="not"),
        pytest.param(
            ~(F(a=1) & F(b__gt=2)),
            {"not": {"a": 1, "b.gt": 2}},
            {"_or": [{"a": {"_neq": 1}}, {"b": {"_lte": 2}}]},
            id="not of and",
        ),
        pytest.param(~~F(a=1), {"a": 1}, {"a": {"_eq": 1}}, id="not not"),
        pytest.param(
            F.some("lines", qty=1, sku="x"),
            {"lines.some": {"qty": 1, "sku": "x"}},
            {"lines": {"_some": {"_and": [{"qty": {"_eq": 1}}, {"sku": {"_eq": "x"}}]}}},
            id="some",
        ),
        pytest.param(
            F.every("lines", qty__gt=1),
            {"lines.every": {"qty.gt": 1}},
            {"lines": {"_none": {"qty": {"_lte": 1}}}},
            id="every",
        ),
        pytest.param(
            ~F.none("lines", qty=1),
            {"not": {"lines.none": {"qty": 1}}},
            {"lines": {"_some": {"qty": {"_eq": 1}}}},
            id="not none",
        ),
    ],
)
def test_a_condition_is_said_in_both_dialects(
    condition: F, flex: dict[str, Any], directus: dict[str, Any]
) -> None:
    assert condition_object(condition.condition) == flex
    assert filter_object(condition.condition) == directus


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-01-02T03:04:05.000006+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.10"), "0.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Status.PAID, "paid"),
        (Customer(id=7), 7),
        (True, True),
        (b"\x00\xff", "AP8="),
    ],
)
def test_values_of_python_are_sent_as_json(value: Any, sent: Any) -> None:
    assert condition_object(F(a=value).condition) == {"a": sent}
    assert filter_object(F(a=value).condition) == {"a": {"_eq": sent}}


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda: F(title__like="x"), "did you mean 'contains'"),
        (lambda: F(title__icontain="x"), "did you mean 'icontains'"),
        (lambda: F("title", "_eqq", "x"), "did you mean 'eq'"),
        (lambda: F("title", "nonsense", "x"), "there are"),
        (lambda: F(a__in=5), "takes a list"),
        (lambda: F(a__in="abc"), "takes a list, not .abc"),
        (lambda: F(a__range=[1]), "takes two values"),
        (lambda: F(a__isnull="no"), "takes True or False"),
        (lambda: F(a__gt=None), "not None"),
        (lambda: F("a..b", 1), "is not a path"),
        (lambda: F("a"), "F takes"),
        (lambda: F.some("lines"), "needs a condition"),
        (lambda: ~F(), "needs a condition to be"),
        (lambda: condition_object(F(a=float("nan")).condition), "JSON has no nan"),
        (lambda: condition_object(F(a=object()).condition), "cannot be sent"),
        (lambda: condition_object(F(a__json={}).condition), "no operator 'json'"),
        (lambda: filter_object(F(a__regex="x").condition), "Directus has no operator"),
        (lambda: filter_object((~F(a__json={})).condition), "no complement"),
        (lambda: filter_object(F(a="").condition), "empty text"),
    ],
)
def test_what_cannot_be_said_is_refused_when_it_is_built(build: Any, told: str) -> None:
    with pytest.raises(BuildError, match=told):
        build()


def test_an_unknown_operator_is_never_taken_for_a_field() -> None:
    with pytest.raises(UnknownOperator):
        F(title__like="x")
    assert condition_object(F("title.like", "x").condition) == {"title.like": "x"}


def test_combining_conditions_changes_none_of_them() -> None:
    first, second = F(a=1), F(b=2)
    both = first & second
    assert (first & F(c=3)) != both
    assert condition_object(first.condition) == {"a": 1}
    assert both & F() == both
    assert first | F() == F()


def test_dotted_mappings_are_conditions_too() -> None:
    query = FlexDialect()
    from django_flex.client.queries.query import rows

    built = rows().filter({"price.gte": 5, "customer.name": "x"}, F(a=1), b=2).query
    asked = query.list_request(Query(collection="t", where=built.where))
    assert asked.content == (
        b'{"filters":{"price.gte":5,"customer.name":"x","a":1,"b":2},"shape":"list"}'
    )


def test_a_condition_shows_what_it_means() -> None:
    shown = repr(F(a=1) & ~F.some("lines", qty__gt=2))
    assert shown == "F(a eq 1 and not (some lines with (qty gt 2)))"


POINT = {"type": "Point", "coordinates": [13.4, 52.5]}


@pytest.mark.parametrize(
    ("condition", "written"),
    [
        (F(a__within=POINT), {"a.within": POINT}),
        (F(a__intersects=POINT), {"a.intersects": POINT}),
        (F(a__nintersects=POINT), {"not": {"a.intersects": POINT}}),
        (F(a__contains=POINT), {"a.contains": POINT}),
        (F(a__bbox=(1, 2, 3, 4)), {"a.bbox": [1, 2, 3, 4]}),
        (
            F(a__distance_lte={"geometry": POINT, "meters": 5}),
            {"a.distance_lte": {"geometry": POINT, "meters": 5}},
        ),
    ],
)
def test_geometries_are_compared(condition: F, written: dict[str, Any]) -> None:
    assert written == condition_object(condition.condition)
