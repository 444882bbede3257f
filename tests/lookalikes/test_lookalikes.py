"""Columns and relations that are called like lookups: what is asked for is what is compared."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management.color import no_style
from django.db import connection, models

from django_flex import FlexQuery
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.schema.conversions.keys import key_text
from tests.lookalikes.models import (
    LOOKUPS,
    Berth,
    Captain,
    Fleet,
    FleetDay,
    Hire,
    Pennant,
    Steamer,
    Vessel,
    Voyage,
)

NAMES = ["vessel", "steamer", "captain", "voyage", "fleet", "hire", "pennant", "fleetday", "berth"]
GRANT: dict[str, Any] = {
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "write_fields": ["*", "vessel"],
    "ops": ["get", "list", "aggregate", "add", "edit", "delete", "bulk_edit", "bulk_delete"],
}
KEYS = (1, 2, 3, 4, 5)


def lookalike(key: int) -> dict[str, Any]:
    """Return values that no key has, in the opposite order, and none where a key has one."""
    value = None if key % 2 else 100 - key
    return dict.fromkeys((*LOOKUPS, "in"), value)


def expose(configure: Callable[..., None], **roles: Any) -> None:
    grants = {name: {"anon": GRANT | roles.get(name, {})} for name in NAMES}
    entries = {f"lookalikes.{name}": entry for name, entry in grants.items()}
    configure(entries, MAX_RELATION_DEPTH=5)


@pytest.fixture(autouse=True)
def rows(db: None, configure: Callable[..., None]) -> None:
    """Five vessels, of which the last is a steamer too; each has a captain and a voyage."""
    expose(configure)
    Vessel.objects.bulk_create(Vessel(id=n, name=f"v{n}", **lookalike(n)) for n in KEYS)
    Steamer(vessel_ptr_id=5, power=9).save_base(raw=True)
    Steamer(vessel_ptr_id=4, power=8).save_base(raw=True)
    Captain.objects.bulk_create(Captain(vessel_id=n, id=50 - n, gt=n) for n in KEYS)
    Fleet.objects.bulk_create(Fleet(id=n, name=f"f{n}") for n in (1, 2))
    Voyage.objects.bulk_create(
        Voyage(
            id=n,
            number=n,
            vessel_id=n,
            captain_id=n,
            steamer_id=n if n > 3 else None,
            fleet_id=n if n < 3 else None,
        )
        for n in KEYS
    )
    Voyage.objects.create(id=6, number=6)
    Berth.objects.bulk_create(Berth(vessel_id=n, place=7) for n in KEYS)
    Pennant.objects.create(id=1, fleet_id=2, text="p")
    FleetDay.objects.create(id=1, fleet_id=2, date=datetime(2026, 5, 1, tzinfo=UTC), hour=3)
    for n in KEYS:
        Hire.objects.create(id=n, fleet_id=1 + n % 2, vessel_id=n)
        Fleet.objects.get(pk=1 + n % 2).vessels.add(n)
    numbered: list[type[models.Model]] = [Vessel, Fleet, Voyage, Hire, Pennant, FleetDay]
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), numbered):
            cursor.execute(statement)


def run(model: str, action: str = "list", status: int = 200, **query: Any) -> dict[str, Any]:
    result = FlexQuery(f"lookalikes.{model}").execute({"_action": action, **query})
    reply = result.to_dict()
    assert status == result.status_code, reply
    return reply


def numbers(model: str = "voyage", name: str = "number", **query: Any) -> list[int]:
    query = {"fields": name, "shape": "list", "order_by": name, **query}
    return [row[name] for row in run(model, **query)["results"]]


#: A filter of voyages, and a test of the number that each has in place of all keys.
FILTERS: dict[str, tuple[dict[str, Any], Callable[[int], bool]]] = {
    "equal": ({"vessel": 2}, lambda n: n == 2),
    "equal-by-column": ({"vessel_id": 2}, lambda n: n == 2),
    "not-equal": ({"vessel.ne": 2}, lambda n: n != 2),
    "not-among": ({"vessel.nin": [2, 3]}, lambda n: n not in {2, 3}),
    "null": ({"vessel": None}, lambda n: n == 6),
    "not-null": ({"not": {"vessel": None}}, lambda n: n < 6),
    "negated": ({"not": {"vessel": 2}}, lambda n: n != 2),
    "key": ({"vessel.pk.gt": 2}, lambda n: 2 < n < 6),
    "key-in": ({"vessel.id.in": [1, 4]}, lambda n: n in {1, 4}),
    "field": ({"vessel.gt": 98}, lambda n: n == 2),
    "field-in": ({"vessel.in": 96}, lambda n: n == 4),
    "field-with-operator": ({"vessel.gt.gt": 96}, lambda n: n == 2),
    "field-null": ({"vessel.isnull": None}, lambda n: n % 2 == 1 or n == 6),
    "one-to-one": ({"captain": 2}, lambda n: n == 2),
    "one-to-one-gt": ({"captain.pk.gt": 2}, lambda n: 2 < n < 6),
    "one-to-one-gte": ({"captain.vessel.pk.gte": 2}, lambda n: 2 <= n < 6),
    "one-to-one-lt": ({"captain.pk.lt": 3}, lambda n: n < 3),
    "one-to-one-lte": ({"captain.pk.lte": 3}, lambda n: n <= 3),
    "one-to-one-in": ({"captain.pk.in": [1, 4]}, lambda n: n in {1, 4}),
    "one-to-one-range": ({"captain.pk.range": [2, 3]}, lambda n: n in {2, 3}),
    "one-to-one-null": ({"captain.pk.isnull": True}, lambda n: n == 6),
    "one-to-one-not-among": ({"captain.pk.nin": [1, 4]}, lambda n: n not in {1, 4}),
    "one-to-one-itself-not-among": ({"captain.nin": [1, 4]}, lambda n: n not in {1, 4}),
    "one-to-one-itself-in": ({"captain.in": [1, 4]}, lambda n: n in {1, 4}),
    "one-to-one-itself-gte": ({"captain.gte": 4}, lambda n: n in {4, 5}),
    "one-to-one-itself-range": ({"captain.range": [2, 3]}, lambda n: n in {2, 3}),
    "other-column-id": ({"captain.id": 48}, lambda n: n == 2),
    "inherited": ({"steamer": 5}, lambda n: n == 5),
    "inherited-not-among": ({"steamer.nin": [5]}, lambda n: n != 5),
    "inherited-key": ({"steamer.pk.gt": 4}, lambda n: n == 5),
    "inherited-key-in": ({"steamer.pk.in": [4]}, lambda n: n == 4),
    "inherited-null": ({"steamer": None}, lambda n: n not in {4, 5}),
    "column-to-column": ({"vessel": {"$field": "number"}}, lambda n: n < 6),
    "column-among-columns": ({"captain.pk.gte": {"$field": "number"}}, lambda n: n < 6),
    "to-many": ({"vessel.voyages.some": {"vessel.nin": [3]}}, lambda n: n not in {3, 6}),
    "far-side": ({"fleet.in.text": "p"}, lambda n: n == 2),
    "far-side-called-exact": ({"fleet.exact.vessel": 3}, lambda n: n == 2),
    "far-side-called-year": ({"fleet.year.date.year": 2026}, lambda n: n == 2),
    "far-side-column": ({"fleet.year.hour.gte": 3}, lambda n: n == 2),
    "beside-such": ({"fleet": 2}, lambda n: n == 2),
    "not-among-such": ({"fleet.nin": [2]}, lambda n: n != 2),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters_compare_what_they_name(name: str) -> None:
    filters, expected = FILTERS[name]
    assert [n for n in range(1, 7) if expected(n)] == numbers(filters=filters)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", [*LOOKUPS, "in", "pk", "id"])
def test_keys_of_json_are_no_lookups(name: str) -> None:
    for n in KEYS:
        Vessel.objects.filter(pk=n).update(data={name: n, "other": 9 - n})
    for prefix, model in (("data", "vessel"), ("vessel.data", "voyage")):
        path = f"{prefix}.{name}"
        assert 5 == numbers(model, "id", order_by=f"-{path}.nulls_last")[0]
        # The language has operators of some of these names, which it then takes for them.
        asked = {"fields": "id", "shape": "list", "order_by": "id", "filters": {f"{path}.gt": 3}}
        reply = FlexQuery(f"lookalikes.{model}").execute({"_action": "list", **asked})
        if name == "len":
            assert [] == reply.to_dict()["results"]
        elif name in {*TRANSFORMS, *OPERATORS}:
            assert reply.status_code in {400, 403}
        else:
            assert [4, 5] == [row["id"] for row in reply.to_dict()["results"]]
    row = run("vessel", "get", _id=2, fields=f"data.{name}")
    assert {"data": {name: 2}} == row
    named = run("voyage", "get", _id=2, fields=f"vessel.data.{name}")
    assert {"vessel": {"data": {name: 2}}} == named


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", FILTERS)
def test_filters_count_and_aggregate_the_same(name: str) -> None:
    filters, expected = FILTERS[name]
    reply = run("voyage", "aggregate", aggregate="count", filters=filters)
    assert len([n for n in range(1, 7) if expected(n)]) == reply["results"]["count"]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", FILTERS)
def test_row_rules_compare_what_they_name(name: str, configure: Callable[..., None]) -> None:
    filters, expected = FILTERS[name]
    expose(configure, voyage={"rows": filters})
    visible = [n for n in range(1, 7) if expected(n)]
    assert visible == numbers()
    # Of a row that was written, too.
    for n in range(1, 7):
        run("voyage", "edit", 200 if n in visible else 404, _id=n, number=n)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("name", FILTERS)
def test_lists_inside_rows_are_filtered_by_what_is_named(name: str) -> None:
    filters, expected = FILTERS[name]
    related = {"voyages": {"fields": "number", "filters": filters}}
    (vessels,) = [run("vessel", fields="name", related=related, shape="list")["results"]]
    found = [one["number"] for row in vessels for one in row["voyages"]]
    assert [n for n in KEYS if expected(n)] == sorted(found)


ORDERS = [
    "vessel",
    "-vessel",
    "vessel.nulls_first",
    "-vessel.nulls_last",
    "captain",
    "-captain",
    "captain.pk",
    "-captain.pk.nulls_last",
    "steamer",
    "-steamer.nulls_first",
    "steamer.pk",
    "fleet",
    "-fleet",
    "vessel.gt",
    "-vessel.isnull.nulls_last",
    "captain.vessel.in",
]


@pytest.mark.one_in(3)
@pytest.mark.parametrize("limit", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_cursors_go_through_all_rows_once_both_ways(order: str, limit: int) -> None:
    query: dict[str, Any] = {"fields": "number", "shape": "list", "order_by": order}
    whole = [row["number"] for row in run("voyage", **query, cursor=True)["results"]]
    assert [1, 2, 3, 4, 5, 6] == sorted(whole)
    pages: list[list[int]] = []
    last: dict[str, Any] = {}
    after: dict[str, Any] | None = {"cursor": True}
    while after is not None:
        page = run("voyage", **query, limit=limit, cursor=after["cursor"])
        pages.append([row["number"] for row in page["results"]])
        assert len(pages) < 9
        last, after = page["pagination"], page["pagination"].get("next")
    assert whole == [n for page in pages for n in page]
    back = [pages.pop()]
    while (before := last.get("prev")) is not None:
        page = run("voyage", **query, limit=limit, cursor=before["cursor"])
        back.insert(0, [row["number"] for row in page["results"]])
        last = page["pagination"]
    assert whole == [n for page in back for n in page]


@pytest.mark.parametrize("model", ["captain", "steamer", "berth"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_cursors_by_a_key_that_points_elsewhere(model: str, sign: str) -> None:
    wanted = list(run(model, order_by=f"{sign}pk", limit=10, fields="pk")["pagination"]["ids"])
    found: list[Any] = []
    after: dict[str, Any] | None = {"cursor": True}
    while after is not None:
        page = run(model, order_by=f"{sign}pk", limit=1, fields="pk", cursor=after["cursor"])
        found += page["pagination"]["ids"]
        after = page["pagination"].get("next")
        assert len(found) < 9
    assert wanted == found
    assert len(wanted) == len(set(wanted)) > 1


@pytest.mark.parametrize(
    ("model", "filters", "expected"),
    [
        ("captain", {"pk.gt": 3}, [45, 46]),
        ("captain", {"pk.in": [1, 2]}, [48, 49]),
        ("captain", {"pk": 1}, [49]),
        ("captain", {"vessel.pk.lte": 2}, [48, 49]),
        ("captain", {"vessel.nin": [1, 2, 3]}, [45, 46]),
        ("captain", {"pk.range": [1, 2]}, [48, 49]),
        ("captain", {"gt": 2}, [48]),
        ("captain", {"gt.gt": 4}, [45]),
    ],
)
def test_a_key_that_points_elsewhere(model: str, filters: Any, expected: list[int]) -> None:
    assert expected == numbers(model, "id", filters=filters)


def test_a_composite_key_with_a_part_that_points_elsewhere() -> None:
    keys = [key_text((n, 7)) for n in (2, 4)]
    found = run("berth", filters={"pk.in": keys}, fields="place", order_by="pk")
    assert keys == found["pagination"]["ids"]
    assert {"place": 7} == run("berth", "get", _id=keys[0], fields="place")
    changed = run("berth", "delete", _items=keys)
    assert [200, 200] == [200 for _ in changed["results"]]
    assert [1, 3, 5] == sorted(Berth.objects.values_list("vessel_id", flat=True))


def test_lists_inside_rows_are_of_their_rows() -> None:
    fields = "name, voyages.number, hires.id, fleets.name, hirers.name, berths.place"
    vessels = run("vessel", fields=fields, order_by="id", shape="list")["results"]
    assert [[{"number": n}] for n in KEYS] == [row["voyages"] for row in vessels]
    assert [[{"id": n}] for n in KEYS] == [row["hires"] for row in vessels]
    named = [[{"name": f"f{1 + n % 2}"}] for n in KEYS]
    assert named == [row["fleets"] for row in vessels]
    assert named == [row["hirers"] for row in vessels]
    assert [[{"place": 7}] for n in KEYS] == [row["berths"] for row in vessels]


def test_lists_inside_rows_whose_relations_are_called_so() -> None:
    fields = "name, in.text, exact.id, year.hour, voyages.number, vessels.name, hired.name"
    one, two = run("fleet", fields=fields, order_by="id", shape="list")["results"]
    assert ([], [{"text": "p"}]) == (one["in"], two["in"])
    assert ([2, 4], [1, 3, 5]) == tuple(sorted(x["id"] for x in row["exact"]) for row in (one, two))
    assert ([], [{"hour": 3}]) == (one["year"], two["year"])
    assert ([{"number": 1}], [{"number": 2}]) == (one["voyages"], two["voyages"])
    for name in ("vessels", "hired"):
        assert ["v2", "v4"] == sorted(x["name"] for x in one[name])
        assert ["v1", "v3", "v5"] == sorted(x["name"] for x in two[name])


def test_lists_inside_a_single_row() -> None:
    assert [{"number": 2}] == run("vessel", "get", _id=2, fields="voyages.number")["voyages"]
    assert [{"number": 2}] == run("captain", "get", _id=2, fields="voyages.number")["voyages"]
    assert [{"number": 5}] == run("steamer", "get", _id=5, fields="trips.number")["trips"]
    captains = run("captain", fields="voyages.number", order_by="pk", shape="list")["results"]
    assert [[{"number": n}] for n in KEYS] == [row["voyages"] for row in captains]


def test_aggregates_of_related_rows() -> None:
    named = {"few": {"from": "voyages", "filters": {"captain.nin": [2]}, "aggregate": "count"}}
    vessels = run("vessel", fields="n:voyages.count, few", related=named, order_by="id")
    assert [1] * 5 == [row["n"] for row in vessels["results"].values()]
    assert [1, 0, 1, 1, 1] == [row["few"]["count"] for row in vessels["results"].values()]
    voyages = run("voyage", fields="n:captain.vessel.voyages.count", order_by="id")
    assert [1] * 5 + [None] == [row["n"] for row in voyages["results"].values()]


def test_a_hidden_row_is_no_row_of_a_list(configure: Callable[..., None]) -> None:
    expose(configure, vessel={"rows": {"id.in": [1, 3]}}, captain={"rows": {"pk.nin": [1, 2]}})
    fleets = run("fleet", fields="vessels.id, hired.id", order_by="id", shape="list")["results"]
    for name in ("vessels", "hired"):
        assert [[], [1, 3]] == [sorted(x["id"] for x in row[name]) for row in fleets]
    shown = run("voyage", fields="number, captain.id", order_by="id", shape="list")["results"]
    assert [None, None, 47, 46, 45, None] == [
        row["captain"] and row["captain"]["id"] for row in shown
    ]


def test_writes_take_keys_as_keys(configure: Callable[..., None]) -> None:
    run("voyage", "add", 201, number=7, vessel=2, captain=3, steamer=5, fleet=1)
    assert (2, 3, 5, 1) == Voyage.objects.values_list(
        "vessel_id", "captain_id", "steamer_id", "fleet_id"
    ).get(number=7)
    # 98 is in the columns of the second vessel, but is no key.
    for name in ("vessel", "captain", "steamer"):
        reply = run("voyage", "add", 400, number=8, **{name: 98})
        assert [name] == list(reply["fields"])
    items = [{"number": 9, "vessel": n, "captain": n} for n in (1, 2, 3)]
    run("voyage", "add", 201, _items=items)
    reply = run("voyage", "add", 400, _items=[*items, {"number": 9, "captain": 96}])
    assert "captain" in str(reply)
    expose(configure, captain={"rows": {"pk.nin": [2]}}, vessel={"rows": {"pk.nin": [2]}})
    for name in ("vessel", "captain"):
        run("voyage", "add", 400, number=8, **{name: 2})
        run("voyage", "add", 201, number=8, **{name: 3})


def test_upserts_match_by_a_foreign_key() -> None:
    assert 48 == run("captain", "upsert", _match="vessel", vessel=2, gt=7)["id"]
    many = [{"vessel": n, "gt": 30 + n} for n in (1, 3)]
    run("captain", "upsert", _match="vessel", _items=many)
    assert [31, 7, 33, 4, 5] == list(Captain.objects.order_by("pk").values_list("gt", flat=True))


def test_changes_and_deletes_by_filter() -> None:
    run("voyage", "bulk_edit", filters={"captain.in": [1, 4]}, _set={"number": 40}, _max_affected=9)
    assert [1, 4] == sorted(Voyage.objects.filter(number=40).values_list("pk", flat=True))
    run("voyage", "bulk_delete", filters={"vessel.nin": [2, 3]}, _max_affected=9)
    assert [2, 3] == sorted(Voyage.objects.values_list("pk", flat=True))
    run("captain", "edit", _items=[{"pk": 2, "gt": 7}, {"pk": 3, "gt": 8}])
    assert [7, 8] == list(Captain.objects.order_by("gt").values_list("gt", flat=True))[-2:]
