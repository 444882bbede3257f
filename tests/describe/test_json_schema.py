"""Columns as JSON Schema."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from django_flex.describe import ColumnDescription, reply_schema, sent_schema
from django_flex.query.kinds import KINDS
from django_flex.schema.declarations import Choice, Declaration


def column(kind: str, *, null: bool = False, **declared: Any) -> ColumnDescription:
    return ColumnDescription(kind=kind, null=null, declaration=Declaration(**declared))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_schema(kind: str) -> None:
    reply = dict(KINDS[kind].reply)
    if kind == "file":
        reply["type"] = ["object", "null"]  # an empty text in a column that is never NULL
    assert reply == reply_schema(column(kind))
    assert KINDS[kind].sent == sent_schema(column(kind))


@pytest.mark.parametrize(
    ("given", "schema"),
    [
        pytest.param(column("text", null=True), {"type": ["string", "null"]}, id="null in a text"),
        pytest.param(column("json", null=True), {}, id="null in what takes anything"),
        pytest.param(
            column("decimal", null=True),
            {"type": ["string", "number", "null"], "format": "decimal"},
            id="null in a decimal",
        ),
        pytest.param(
            column("text", min_length=2, max_length=5),
            {"type": "string", "minLength": 2, "maxLength": 5},
            id="lengths",
        ),
        pytest.param(
            column("integer", minimum=0, maximum=9),
            {"type": "integer", "minimum": 0, "maximum": 9},
            id="bounds",
        ),
        pytest.param(
            column("date", minimum=date(2026, 1, 31)),
            {"type": "string", "format": "date"},
            id="bounds that are no numbers",
        ),
        pytest.param(
            column("text", format="email"), {"type": "string", "format": "email"}, id="a format"
        ),
        pytest.param(
            column("decimal", null=True, choices=(Choice(Decimal("1.50"), "half"),)),
            {"type": ["string", "number", "null"], "format": "decimal", "enum": ["1.50", None]},
            id="choices",
        ),
    ],
)
def test_what_may_be_sent_is_what_the_model_takes(
    given: ColumnDescription, schema: dict[str, Any]
) -> None:
    assert schema == sent_schema(given)


def test_a_reply_may_be_older_than_the_choices() -> None:
    given = column("text", null=True, max_length=1, choices=(Choice("S", "small"),))

    assert {"type": ["string", "null"]} == reply_schema(given)
