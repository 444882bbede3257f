"""The order of an entry, the order of ``Meta`` and the shape of lists, on rows of each kind."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from django_flex import FlexQuery
from tests.doors.fronts import AGGREGATING
from tests.wild.goods import Machine, Shelf, Slot, SoldGood

NAMES = ("good", "machine", "soldgood", "shelf", "slot")
MACHINES: list[tuple[Any, ...]] = [
    (1, "saw", "10.5", None, date(2024, 3, 3), 2),
    (2, "axe", "9.75", timedelta(days=10), date(2024, 3, 4), 9),
    (3, "drill", "0.001", timedelta(days=2), None, 5),
]


@pytest.fixture(autouse=True)
def rows(db: None) -> None:
    for key, code, weight, lead_time, made_on, power in MACHINES:
        Machine.objects.create(
            pk=key,
            code=code,
            weight_2=weight,
            lead_time=lead_time,
            made_on=made_on,
            power=power,
        )
    for key, above, code in ((1, None, "drill"), (2, 1, "axe"), (3, 2, "saw"), (4, 1, None)):
        Shelf.objects.create(pk=key, name=f"s{key}", inside_id=above, good_id=code)
    for key, shelf in ((1, 2), (2, 1), (3, 2)):
        Slot.objects.create(pk=key, shelf_id=shelf)


def listed(configure: Any, model: str, order: Any, **settings: Any) -> list[int]:
    """Return the keys of a list that names no order, read page by page."""
    entries: dict[str, Any] = {f"wild.{name}": {"anon": AGGREGATING} for name in NAMES}
    if order is not None:
        entries[f"wild.{model}"]["default_order_by"] = order
    configure(entries, DEFAULT_SHAPE="list", **settings)
    query: Any = {"fields": "id", "limit": 2, "cursor": True}
    keys: list[int] = []
    while query:
        reply = FlexQuery(f"wild.{model}").execute(query).to_dict()
        keys += [row["id"] for row in reply["results"]]
        query = reply["pagination"].get("next")
    return keys


@pytest.mark.parametrize(
    ("model", "order", "expected"),
    [
        ("machine", "-weight_2", [1, 2, 3]),
        ("machine", "power", [1, 3, 2]),
        ("machine", "code", [2, 3, 1]),
        ("soldgood", "-lead_time.nulls_last", [2, 3, 1]),
        ("soldgood", "made_on.nulls_first, id", [3, 1, 2]),
        ("good", "machine.power", [1, 3, 2]),
        ("shelf", "good.code.nulls_last", [2, 1, 3, 4]),
        ("shelf", "good.nulls_first", [4, 2, 1, 3]),
        ("shelf", "-inside.nulls_last, -name", [3, 4, 2, 1]),
        ("shelf", "inside.inside.name.nulls_last, name", [3, 1, 2, 4]),
        ("slot", "_order, -id", [2, 1, 3]),
    ],
)
def test_a_list_has_the_order_of_its_entry(
    configure: Any, model: str, order: str, expected: list[int]
) -> None:
    assert expected == listed(configure, model, order)


@pytest.mark.parametrize(
    ("model", "ordering", "expected"),
    [
        ("machine", ["-weight_2"], [1, 2, 3]),
        ("machine", ["power"], [1, 3, 2]),
        ("soldgood", ["code"], [2, 3, 1]),
        ("slot", None, [2, 3, 1]),
    ],
)
def test_a_list_has_the_order_of_the_model_where_a_setting_says_so(
    configure: Any, monkeypatch: Any, model: str, ordering: list[str] | None, expected: list[int]
) -> None:
    """That of ``order_with_respect_to`` is in ``Meta``, too."""
    if ordering is not None:
        kind = {"machine": Machine, "soldgood": SoldGood}[model]
        monkeypatch.setattr(kind._meta, "ordering", ordering)
    for key, place in ((1, 5), (2, 0), (3, 2)):
        Slot.objects.filter(pk=key).update(_order=place)
    assert expected == listed(configure, model, None, USE_META_ORDERING=True)
