"""Values of clients, typed by column: what fits, what it becomes, what does not fit."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import models

from django_flex.query.ast import ParameterText
from django_flex.schema.model_attributes import ModelAttribute
from django_flex.schema.resources import Attribute
from django_flex.schema.values import EXPECTED, UnfitValueError, coerce


def column(kind: str, **facts: Any) -> Attribute:
    return Attribute("x", "x", kind, null=True, primary_key=False, **facts)


DECIMAL = column("decimal", digits=8, scale=2)
ANY = column("other")
DAY = date(2025, 1, 31)
FITS = [
    ("integer", 5, 5),
    ("integer", "-5", -5),
    ("integer", 2**63 - 1, 2**63 - 1),
    ("integer", str(-(2**63)), -(2**63)),
    ("year", "2025", 2025),
    ("part", 12, 12),
    ("decimal", "10.50", Decimal("10.5")),
    ("decimal", 10, Decimal(10)),
    ("decimal", 0.1, Decimal("0.1")),
    ("decimal", "1e2", Decimal(100)),
    ("float", "1.5", 1.5),
    ("float", 3, 3.0),
    ("float", 1e300, 1e300),
    ("float", "-1.5e308", -1.5e308),
    ("float", 2.5e-308, 2.5e-308),
    ("boolean", True, True),
    ("boolean", "false", False),
    ("text", "a", "a"),
    ("text", "", ""),
    ("uuid", "00000000-0000-0000-0000-000000000001", UUID(int=1)),
    ("uuid", "00000000000000000000000000000001", UUID(int=1)),
    ("date", "2025-01-31", DAY),
    ("date", DAY, DAY),
    ("datetime", "2025-01-31T12:00:00+02:00", datetime(2025, 1, 31, 10, tzinfo=UTC)),
    ("datetime", "2025-01-31T12:00", datetime(2025, 1, 31, 12, tzinfo=UTC)),
    ("datetime", "2025-01-31", datetime(2025, 1, 31, tzinfo=UTC)),
    ("time", "12:30", time(12, 30)),
    ("duration", "01:30:00", timedelta(hours=1, minutes=30)),
    ("duration", "P1DT2H", timedelta(days=1, hours=2)),
    ("json", ParameterText("5"), 5),
    ("json", ParameterText("null"), None),
    ("json", "5", "5"),
    ("json", (1, 2), [1, 2]),
]
UNFIT: dict[str, list[Any]] = {
    "integer": [
        True,
        1.0,
        "1.0",
        " 1 ",
        "1_0",
        "\uff11",
        "",
        "a",
        2**63,
        -(2**63) - 1,
        None,
        [],
        {},
    ],
    "year": [0, 1, 9_999, -5, "abc", 2**40, True],
    "part": [2**31, -(2**31), "x", None],
    "decimal": ["NaN", "Infinity", "sNaN", "1e999", "1_0", "", "\uff11", True, None, [], "1.005"],
    "float": ["NaN", "-inf", "1e400", "1.8e308", "1e-400", True, "", {}],
    "boolean": [0, 1, "True", "yes", "", None],
    "text": [5, True, None, ["a"], {}, "a\x00", "\ud800"],
    "file": [5, "\x00"],
    "uuid": [1, "x", "{00000000-0000-0000-0000-000000000001}", "urn:uuid:" + "0" * 32, None],
    "date": [5, "2025-02-30", "2025-01-31T00:00", "\uff12025-01-01", "", None, [], "10000-01-01"],
    "datetime": [5, "x", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", None, "25:00"],
    "time": ["25:00", "12:30+02:00", 5, "", None],
    "duration": ["long", 5, "P99999999999D", None],
    "json": [2**63, -(2**63)],
    "other": [None, [], {}],
}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [pytest.param(*case, id=f"{n}-{case[0]}") for n, case in enumerate(FITS)],
)
def test_value_that_fits_is_typed(kind: str, value: Any, expected: Any) -> None:
    found = coerce(value, kind, DECIMAL if kind == "decimal" else ANY)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        pytest.param(kind, value, id=f"{kind}-{n}")
        for kind, values in UNFIT.items()
        for n, value in enumerate(values)
    ],
)
def test_value_that_does_not_fit_says_what_would(kind: str, value: Any) -> None:
    with pytest.raises(UnfitValueError) as caught:
        coerce(value, kind, DECIMAL if kind == "decimal" else ANY)
    assert str(caught.value).startswith(("a ", EXPECTED[kind]))


@pytest.mark.parametrize("zero", [0, 0.0, "-0", "0E-60", Decimal("0.00000")])
def test_zero_fits_a_column_without_digits_before_the_point(zero: object) -> None:
    fraction = column("decimal", digits=5, scale=5)
    found = coerce(zero, "decimal", fraction)
    assert 0 == found
    models.DecimalField(max_digits=5, decimal_places=5).run_validators(found)
    with pytest.raises(UnfitValueError):
        coerce(1, "decimal", fraction)


def test_decimal_is_held_to_its_column() -> None:
    assert coerce("999999.99", "decimal", DECIMAL) == Decimal("999999.99")
    with pytest.raises(UnfitValueError, match="at most 6 digits"):
        coerce("1000000", "decimal", DECIMAL)


def test_value_of_another_kind_is_read_by_its_field() -> None:
    field = ModelAttribute("x", "x", "other", value_field=models.IntegerField())
    assert coerce("5", "other", field) == 5
    with pytest.raises(UnfitValueError):
        coerce("five", "other", field)


@pytest.mark.parametrize(
    "text",
    [
        "123456789012345678901234567890.12345678",
        "-99999999999999999999999999999.99999999",
        "0.00000001",
        "10000000000000000000000000000000000000",
    ],
)
def test_decimal_keeps_each_of_its_digits(text: str) -> None:
    wide = column("decimal", digits=48, scale=8)

    assert Decimal(text) == coerce(text, "decimal", wide)
    assert Decimal(text) == coerce(Decimal(text), "decimal", wide)
