"""Decimals of any length are stored, found and shown with each of their digits, in plain notation."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import DecimalField, ExpressionWrapper, F, Value

from django_flex import FlexQuery
from tests.doors.fronts import AGGREGATING
from tests.wild.goods import Dose, DosePart

PLACES = 12
COMPUTED: dict[str, Any] = {
    "less": ExpressionWrapper(
        -F("tiny"), output_field=DecimalField(max_digits=14, decimal_places=PLACES)
    ),
    "nothing": Value(
        Decimal("0E-12"), output_field=DecimalField(max_digits=14, decimal_places=PLACES)
    ),
}
GRANT: dict[str, Any] = {
    **AGGREGATING,
    "fields": ["*", *COMPUTED, "parts.*"],
    "aggregates": ["*", *(f"{name}.*" for name in COMPUTED), "parts.tiny.*", "parts.tiny.sum"],
    "ops": ["get", "list", "add", "edit", "aggregate", "bulk_edit", "export"],
}
#: Three neighbours of more than 28 digits each.
WIDE = {
    "much": [f"123456789012345678901234567890.1234567{digit}" for digit in "789"],
    "less": [f"-99999999999999999999999999999.9999999{digit}" for digit in "789"],
    "round": [f"100000000000000000000000000000.0000000{digit}" for digit in "012"],
}
#: As they are sent, and as they are shown.
TINY = {
    "zero": ("0", "0.000000000000"),
    "exponent": ("0E-9", "0.000000000000"),
    "least": ("1E-12", "0.000000000001"),
    "negative": ("-0.0000007", "-0.000000700000"),
    "whole": ("1e1", "10.000000000000"),
}
exact = pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite stores floats")


@pytest.fixture(autouse=True)
def exposed(db: None, configure: Any) -> None:
    configure(
        {
            "wild.dose": {"anon": GRANT, "computed": COMPUTED},
            "wild.dosepart": {"anon": GRANT | {"fields": "*", "aggregates": "*"}},
        }
    )


def ask(action: str, /, **spec: Any) -> tuple[int, Any]:
    result = FlexQuery("wild.dose").execute({"_action": action, **spec})
    return result.status_code, result.to_dict()


def found(filters: Any) -> list[str]:
    status, reply = ask("list", filters=filters, fields="wide", shape="list")
    assert status == 200, reply
    return [row["wide"] for row in reply["results"]]


@exact
@pytest.mark.parametrize("name", WIDE)
def test_many_digits_are_stored_by_every_write(name: str) -> None:
    first, second, third = WIDE[name]
    status, row = ask("add", code="a", wide=first)
    assert (201, first) == (status, row["wide"])
    status, reply = ask("add", _items=[{"code": "b", "wide": second}, {"code": "c", "wide": third}])
    assert (201, [second, third]) == (status, [one["wide"] for one in reply["results"]])
    writes: list[Any] = [
        ("edit", {"id": row["id"], "wide": third}, third),
        ("edit", {"_items": [{"id": row["id"], "wide": second}]}, second),
        ("bulk_edit", {"filters": {"code": "a"}, "_set": {"wide": first}}, first),
        ("upsert", {"_match": "code", "code": "a", "wide": third}, third),
        ("edit", {"id": row["id"], "wide": Decimal(first)}, first),
    ]
    for action, spec, stored in writes:
        status, reply = ask(action, **spec)
        assert status == 200, reply
        assert Decimal(stored) == Dose.objects.get(code="a").wide, (action, spec)
    assert {*WIDE[name]} == {str(one) for one in Dose.objects.values_list("wide", flat=True)}


@exact
@pytest.mark.parametrize("name", WIDE)
def test_many_digits_are_compared_to_the_last(name: str) -> None:
    values = WIDE[name]
    Dose.objects.bulk_create(Dose(code=str(n), wide=Decimal(one)) for n, one in enumerate(values))
    first, second, third = sorted(values, key=Decimal)
    for _ in range(3):  # the second and the third come from a statement that was kept
        for filters, wanted in (
            ({"wide": second}, [second]),
            ({"wide.in": [first, third]}, [first, third]),
            ({"wide.ne": second}, [first, third]),
            ({"wide.gt": second}, [third]),
            ({"wide.lte": second}, [first, second]),
            ({"wide.range": [second, third]}, [second, third]),
        ):
            assert wanted == sorted(found(filters), key=Decimal), filters
    groups = ask("aggregate", group_by="wide", aggregate="count", having={"wide.max": second})[1]
    assert [second] == [group["wide"] for group in groups["results"]]
    totals = ask("aggregate", aggregate="wide.min,wide.max,wide.sum")[1]["results"]["wide"]
    assert {"min": first, "max": third, "sum": format(sum_of(values), "f")} == totals


def sum_of(values: list[str]) -> Decimal:
    """Return a sum of which no digit is cut."""
    scaled = sum(int(one.replace(".", "")) for one in values)
    return Decimal((scaled < 0, tuple(map(int, str(abs(scaled)))), -8))


@pytest.fixture
def doses() -> dict[str, str]:
    for name, (sent, shown) in TINY.items():
        status, row = ask("add", code=name, tiny=sent)
        assert (201, shown) == (status, row["tiny"])
        DosePart.objects.create(dose_id=row["id"], tiny=Decimal(sent))
    return {name: shown for name, (_, shown) in TINY.items()}


def test_small_decimals_are_plain_in_lists(doses: dict[str, str]) -> None:
    fields = "code, tiny, less, nothing, parts.tiny"
    rows = ask("list", fields=fields, shape="list")[1]["results"]
    assert doses == {row["code"]: row["tiny"] for row in rows}
    assert doses == {row["code"]: row["parts"][0]["tiny"] for row in rows}
    assert {"0.000000000000"} == {row["nothing"] for row in rows}
    for row in rows:
        assert Decimal(row["less"]) == -Decimal(row["tiny"])
        assert "E" not in row["less"]
        assert PLACES == len(row["less"].partition(".")[2])
    distinct = ask("list", fields="tiny", distinct=True)[1]["results"]
    assert {*doses.values()} == {row["tiny"] for row in distinct}


def test_small_decimals_are_plain_in_streams(doses: dict[str, str]) -> None:
    spec = {"fields": "code, tiny, nothing", "limit": 9}
    lines = b"".join(FlexQuery("wild.dose").stream({**spec, "format": "ndjson"})).splitlines()
    assert doses == {row["code"]: row["tiny"] for row in map(json.loads, lines)}
    text = b"".join(FlexQuery("wild.dose").stream({**spec, "format": "csv"})).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert doses == {row["code"]: row["tiny"].lstrip("'") for row in rows}
    assert {"0.000000000000"} == {row["nothing"] for row in rows}


def test_small_decimals_are_plain_in_aggregates(doses: dict[str, str]) -> None:
    asked = "tiny.sum, tiny.min, tiny.avg, nothing.sum, nothing.max"
    status, reply = ask("aggregate", aggregate=asked)
    assert 200 == status, reply
    assert {
        "tiny": {"sum": "9.999999300001", "min": "-0.000000700000", "avg": "1.999999860000"},
        "nothing": {"sum": "0.000000000000", "max": "0.000000000000"},
    } == reply["results"]
    groups = ask("aggregate", group_by="tiny", aggregate="count, least:tiny.min")[1]["results"]
    assert {*doses.values()} == {row["tiny"] for row in groups} == {row["least"] for row in groups}
    rows = ask("list", fields="code, parts.tiny.sum", shape="list")[1]["results"]
    assert doses == {row["code"]: row["parts"]["tiny"]["sum"] for row in rows}


def test_small_decimals_are_found_in_any_notation(doses: dict[str, str]) -> None:
    def codes(filters: Any) -> set[str]:
        rows = ask("list", fields="code", filters=filters, shape="list")[1]["results"]
        return {row["code"] for row in rows}

    assert {"least"} == codes({"tiny": "1E-12"}) == codes({"tiny": "0.000000000001"})
    assert {"zero", "exponent"} == codes({"tiny": "0E-20"}) == codes({"tiny.in": [0, "-0.0"]})
    assert {"negative"} == codes({"tiny": "-7e-7"}) == codes({"tiny.lt": "-1e-12"})
    assert {"whole"} == codes({"tiny.gt": "9.999999999999"}) == codes({"tiny": 10})
