"""``computed`` of an entry: what can be one, and what is reported instead."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import (
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    JSONField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Now, RowNumber, Upper

from django_flex.policy.compile.computed import KINDS
from django_flex.policy.compile.entries import compile_policy
from django_flex.schema.introspection import describe
from tests.testapp.models import Customer, Line


def compile_fields(computed: Any, model: str = "booking") -> tuple[Any, list[Any]]:
    """Return the computed fields of a model, and the problems found."""
    policy, problems = compile_policy({model: {"computed": computed, "staff": "*"}})
    (entry,) = policy.entries.values()
    found = {name: a for name, a in entry.resource.attributes.items() if a.computed}
    return found, list(problems)


PRODUCTS = Line.objects.filter(booking=OuterRef("pk")).order_by("pk").values("product")[:1]


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        pytest.param(Upper("status"), "text", id="function"),
        pytest.param(F("customer__name"), "text", id="column-of-a-related-row"),
        pytest.param(F("customer"), "integer", id="key"),
        pytest.param(Now(), "datetime", id="moment"),
        pytest.param(Value(1), "integer", id="constant"),
        pytest.param(Subquery(PRODUCTS), "text", id="subquery"),
        pytest.param(Exists(PRODUCTS), "boolean", id="exists"),
        pytest.param(ExpressionWrapper(Q(seats=4), CharField()), "text", id="condition"),
        pytest.param(KT("customer__metadata__level"), "text", id="key-of-a-json-value"),
        pytest.param(lambda: Upper("status"), "text", id="callable"),
        pytest.param(Now, "datetime", id="class"),
    ],
)
def test_an_expression_is_typed_by_its_output_field(expression: Any, kind: str) -> None:
    found, problems = compile_fields({"made": expression})
    assert [] == problems
    assert kind == found["made"].kind
    assert kind in KINDS


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        pytest.param(Upper("nothing"), "Cannot resolve keyword 'nothing'", id="unknown-column"),
        pytest.param(F("price") + F("status"), "You must set output_field", id="no-output-field"),
        pytest.param("status", "An expression is needed", id="text"),
        pytest.param(7, "An expression is needed", id="number"),
        pytest.param(Count("lines"), "of one row", id="aggregate"),
        pytest.param(Sum("price"), "of one row", id="aggregate-of-the-row"),
        pytest.param(F("lines__product"), "of one row", id="to-many"),
        pytest.param(Upper("tags__slug"), "of one row", id="many-to-many"),
        pytest.param(Upper("customer__booking__status"), "of one row", id="there-and-back"),
        pytest.param(Window(RowNumber()), "A window", id="window"),
        pytest.param(F("customer__metadata"), "'JSONField' cannot be", id="json"),
        pytest.param(Cast("status", JSONField()), "'JSONField' cannot be", id="cast-to-json"),
        pytest.param(F("document"), "'FileField' cannot be", id="file"),
        pytest.param(F("digest"), "'BinaryField' cannot be", id="binary"),
    ],
)
def test_what_is_no_value_of_one_row_is_reported_and_left_out(
    expression: Any, message: str
) -> None:
    found, problems = compile_fields({"made": expression, "good": Upper("status")})
    assert ["good"] == list(found)
    assert ["E019"] == [problem.id for problem in problems]
    assert message in problems[0].message
    assert "EXPOSE['booking']['computed']['made']" == problems[0].place


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("status", id="column"),
        pytest.param("customer_id", id="key"),
        pytest.param("lines", id="relation"),
        pytest.param("pk", id="pk"),
        pytest.param("id", id="id"),
        pytest.param("icontains", id="operator"),
        pytest.param("year", id="transform"),
        pytest.param("some", id="quantifier"),
        pytest.param("or", id="connector"),
        pytest.param("count", id="aggregate"),
        pytest.param("nulls_first", id="suffix"),
        pytest.param("_made", id="underscore"),
        pytest.param("a.b", id="dot"),
        pytest.param("größe", id="letters"),
        pytest.param("x" * 65, id="long"),
        pytest.param("", id="empty"),
        pytest.param(5, id="number"),
    ],
)
def test_a_name_that_means_something_else_is_reported(name: Any) -> None:
    found, problems = compile_fields({name: Upper("status")})
    assert {} == found
    assert ["E019"] == [problem.id for problem in problems]


def test_computed_is_an_object() -> None:
    assert ["E009"] == [problem.id for problem in compile_fields(["made"])[1]]
    assert ({}, []) == compile_fields({})


def test_the_relation_paths_of_an_expression_are_known() -> None:
    found, _ = compile_fields({"made": Upper("customer__company__name"), "key": F("customer")})
    assert (("customer", "company"),) == found["made"].computed.ways
    assert () == found["key"].computed.ways


def test_a_column_of_a_parent_class_is_no_related_one() -> None:
    found, problems = compile_fields({"made": Upper("name")}, model="restaurant")
    assert [] == problems
    assert () == found["made"].computed.ways


def test_other_settings_do_not_know_the_fields_of_these() -> None:
    policy, _ = compile_policy(
        {
            "customer": {"computed": {"made": Upper("name")}, "staff": {"fields": ["made"]}},
            "booking": {"staff": {"fields": ["customer.made"], "filters": ["customer.made"]}},
        }
    )
    grant = policy.entries["testapp.booking"].grants["staff"]
    assert {("customer", "made")} == grant.fields.exact
    assert describe(Customer).attribute("made") is None
    _, problems = compile_policy({"booking": {"staff": {"fields": ["customer.made"]}}})
    assert ["E006"] == [problem.id for problem in problems]


def test_what_needs_a_grant_is_left_to_grants() -> None:
    policy, problems = compile_policy(
        {
            "booking": {
                "computed": {"rate": Cast("seats", FloatField())},
                "staff": {"fields": ["rat"]},
            }
        }
    )
    assert ["E006"] == [problem.id for problem in problems]
    assert "did you mean 'rate'?" == problems[0].hint
    assert not policy.entries["testapp.booking"].grants["staff"].fields
