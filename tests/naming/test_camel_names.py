"""Names with digits, and with underscores at their ends, in camelCase and back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F
from django.test import Client

from django_flex.query.naming import to_camel, to_snake
from tests.naming.test_camel import GRANT
from tests.wild.goods import Good, Machine, Shelf

COMPUTED = {"sold_": F("sold"), "sold_2x": F("sold") * 2, "a1_b2c": F("id")}


@pytest.fixture(autouse=True)
def goods(db: None, configure: Any) -> None:
    entries: dict[str, Any] = {f"wild.{one}": {"anon": GRANT} for one in ("machine", "shelf")}
    configure({"wild.good": {"anon": GRANT, "computed": COMPUTED}, **entries}, NAMING="camel")
    saw = Machine.objects.create(
        pk=1, code="saw", sold=3, weight_2="1.5", sha256_sum="ff", extra={"a_b": {"c_1": 2}}
    )
    Shelf.objects.create(pk=1, name="rack", machine=saw, good=saw)


def send(method: str, url: str, body: object = None) -> Any:
    sent = "" if body is None else json.dumps(body)
    return Client().generic(method, f"/api/wild.{url}", sent, content_type="application/json")


@pytest.mark.parametrize(
    ("name", "camel"),
    [
        ("sha256_sum", "sha256Sum"),
        ("ipv4_address", "ipv4Address"),
        ("a1_b2c", "a1B2c"),
        ("x_y1", "xY1"),
        ("_max_affected", "_maxAffected"),
        ("weight_2", "weight_2"),
        ("sha_256_sum", "sha_256_sum"),
        ("iso_8601_at", "iso_8601_at"),
        ("sold_2x", "sold_2x"),
        ("a_1b", "a_1b"),
        ("sold_", "sold_"),
        ("a_b_", "a_b_"),
        ("_sold", "_sold"),
        ("__a_b", "__a_b"),
        ("a__b_c", "a__b_c"),
        ("straße_nr", "straße_nr"),
        ("", ""),
        ("_", "_"),
    ],
)
def test_a_name_comes_back(name: str, camel: str) -> None:
    assert (camel, name) == (to_camel(name), to_snake(camel))


SHOWN = {
    "weight_2": "1.500",
    "sha256Sum": "ff",
    "sold_": 3,
    "sold_2x": 6,
    "a1B2c": 1,
    "inStock": 0,
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_name_is_read_filtered_and_sorted_by(name: str) -> None:
    filters = json.dumps({"filters": {name: SHOWN[name]}, "fields": name, "orderBy": f"-{name}"})
    reply = send("GET", f"good/?shape=list&q={filters}".replace(" ", "%20")).json()
    assert [SHOWN[name]] == [row[name] for row in reply["results"]]


def test_other_spellings_are_unknown_except_that_of_the_model() -> None:
    for name in ("weight2", "Sha256Sum", "sha256sum", "sold2x", "sold2X", "a1_b2C"):
        assert (name, 403) == (name, send("GET", f"good/1?fields={name}").status_code)
    for name in ("sha256_sum", "weight_2", "a1_b2c"):
        assert name in send("GET", f"good/1?fields={name}").json()


def test_relations_and_their_parts_have_names_too() -> None:
    fields = "up:good.sha256Sum, machine.placesOfMachine.count, good.weight_2, keptFor"
    reply = send("GET", f"shelf/1?fields={fields}".replace(" ", "%20")).json()
    assert ("ff", {"weight_2": "1.500"}) == (reply["up"], reply["good"])
    assert {"placesOfMachine": {"count": 1}} == reply["machine"]
    assert "PT3600S" == reply["keptFor"]


def test_keys_of_json_and_names_of_outputs_stay() -> None:
    fields = "extra, in_:inStock, in_Stock:inStock, _a_b:inStock"
    reply = send("GET", f"good/1?fields={fields}".replace(" ", "%20")).json()
    assert {"in_": 0, "in_Stock": 0, "_a_b": 0} == {
        key: value for key, value in reply.items() if key.lstrip("_")[0] in "ia" and key != "id"
    }
    assert {"a_b": {"c_1": 2}} == reply["extra"]
    assert 1 == len(send("GET", "good/?filters.extra.a_b.c_1=2&shape=list").json()["results"])


def test_writes_take_them_and_errors_name_them() -> None:
    changes = {"weight_2": {"$inc": "0.125"}, "sha256Sum": "aa", "extra.a_b.c_1": {"$inc": 1}}
    assert 200 == send("PATCH", "machine/1", changes).status_code
    good = Good.objects.get()
    assert (Decimal("1.625"), "aa") == (good.weight_2, good.sha256_sum)
    assert {"a_b": {"c_1": 3}} == good.extra
    wrong = {"weight_2": "x", "sha256Sum": "a" * 65, "inStock": -1}
    assert set(wrong) == set(send("PATCH", "machine/1", wrong).json()["fields"])
    twice = {"sha256Sum": "a", "sha256_sum": "a"}
    assert 400 == send("PATCH", "machine/1", twice).status_code
