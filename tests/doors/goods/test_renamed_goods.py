"""To-one objects under another name: of the same model, by a code, and of two tables."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING
from tests.wild.goods import Machine, Shelf

NAMES = ("good", "machine", "soldgood", "shelf")


@pytest.fixture(autouse=True)
def shelves(db: None, configure: Any) -> None:
    configure({f"wild.{name}": {"anon": EVERYTHING} for name in NAMES})
    saw = Machine.objects.create(pk=7, code="saw", name="Saw", power=9, extra={"a": {"b": 1}})
    above = None
    for key, name in enumerate(("house", "room", "rack"), start=1):
        good = {"good_id": "saw", "machine": saw} if name == "rack" else {}
        above = Shelf.objects.create(pk=key, name=name, inside=above, **good)


def rack(fields: str, key: int = 3) -> Any:
    result = FlexQuery("wild.shelf").execute({"_id": key, "fields": fields})
    assert 200 == result.status_code, result.to_dict()
    return {name: value for name, value in result.to_dict().items() if name != "id"}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("up:inside.name, up:inside.cost", {"up": {"name": "room", "cost": "1.00"}}),
        ("up:inside.inside.name, up:inside.inside.id", {"up": {"name": "house", "id": 1}}),
        (
            "up:inside.name, up:inside.inside.name",
            {"up": {"name": "room", "inside": {"name": "house"}}},
        ),
        ("up:inside.name, inside.id", {"up": "room", "inside": {"id": 2}}),
        ("g:good.code, g:good.id", {"g": {"code": "saw", "id": 7}}),
        ("g:good, g:good.name", {"g": {"id": 7, "name": "Saw"}}),
        ("m:machine.power, m:machine.name", {"m": {"power": 9, "name": "Saw"}}),
        ("m:machine.extra.a.b, m:machine.id", {"m": {"extra": {"a": {"b": 1}}, "id": 7}}),
        ("g:good.machine.power, g:good.machine.code", {"g": {"power": 9, "code": "saw"}}),
        ("good:machine.power, good:machine.id", {"good": {"power": 9, "id": 7}}),
    ],
)
def test_object_has_the_name_that_was_asked_for(fields: str, expected: Any) -> None:
    assert expected == rack(fields)


@pytest.mark.parametrize("path", ["inside", "inside.inside", "good", "machine", "good.machine"])
def test_missing_object_is_null(path: str) -> None:
    assert {"x": None} == rack(f"x:{path}.name, x:{path}.id", key=1)
