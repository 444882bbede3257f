"""Keys without a hash: their rows are read, and every write of one is a refusal, not a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from django_flex.plan.json_values import plain
from tests.wild.unhashed import Rank, Sort, Species, Specimen
from tests.writes.conftest import GRANT, ask

MESSAGE = "The keys of this model have no hash, so its rows can only be read, without lists"
KEYS = {"sort": ["x", "y"], "species": {"code": "x-y"}, "rank": "x-y"}
MODELS: dict[str, Any] = {"sort": Sort, "species": Species, "rank": Rank}
every_model = pytest.mark.parametrize("name", KEYS)


@pytest.fixture(autouse=True)
def rows(open_to_everybody: None, configure: Callable[..., None]) -> None:
    grant = {**GRANT, "write_fields": ["*", "key"], "aggregates": ["*"]}
    grant["ops"] = [*GRANT["ops"], "aggregate"]
    configure({f"wild.{name}": {"anon": grant} for name in (*KEYS, "specimen")})
    for model in MODELS.values():
        with connection.cursor() as cursor:
            table = model._meta.db_table
            for text in ("x-y", "z-w"):
                column = connection.ops.quote_name("key")
                cursor.execute(
                    f"INSERT INTO {table} ({column}, name) VALUES (%s, %s)", [text, text]
                )
    Specimen.objects.bulk_create([Specimen(**{f"{name}_id": "x-y"}, name=name) for name in KEYS])


@every_model
def test_rows_are_read(name: str) -> None:
    model = f"wild.{name}"
    assert (200, {"key": KEYS[name], "name": "x-y"}) == _plain(ask(model, "get", id="x-y"))
    query = {"fields": "key", "filters": {"key": "x-y"}, "shape": "list"}
    assert [{"id": KEYS[name], "key": KEYS[name]}] == _plain(ask(model, "list", **query))[1][
        "results"
    ]
    counted = {"fields": "name, specimens.count", "order_by": "name", "shape": "list"}
    status, reply = ask(model, "list", **counted)
    assert (200, [1, 0]) == (status, [one["specimens"]["count"] for one in reply["results"]])
    through = {"fields": f"{name}.name", "filters": {f"{name}": "x-y"}, "shape": "list"}
    (found,) = ask("wild.specimen", "list", **through)[1]["results"]
    assert {"name": "x-y"} == found[name]


def _plain(answer: tuple[int, Any]) -> tuple[int, Any]:
    return answer[0], plain(answer[1])


@every_model
@pytest.mark.parametrize(
    ("action", "spec"),
    [
        ("edit", {"id": "x-y", "name": "b"}),
        ("edit", {"_items": [{"id": "x-y", "name": "b"}, {"id": "z-w", "name": "c"}]}),
        ("edit", {"id": "x-y", "specimens": {"$add": [{"name": "b"}]}}),
        ("delete", {"id": "x-y"}),
        ("bulk_edit", {"filters": {}, "_set": {"name": "b"}}),
        ("bulk_edit", {"filters": {"name": "x-y"}, "_set": {"name": "b"}}),
        ("bulk_delete", {"filters": {"name": "x-y"}}),
        ("upsert", {"_match": "key", "key": "x-y", "name": "b"}),
        ("list", {"fields": "name, specimens.name"}),
        ("list", {"fields": "name", "related": {"specimens": {"fields": "name"}}}),
    ],
)
def test_what_needs_their_hash_is_refused(name: str, action: str, spec: dict[str, Any]) -> None:
    status, reply = ask(f"wild.{name}", action, **spec)

    assert (400, MESSAGE, "query.unsupported") == (status, reply["error"], reply["code"])
    assert {"x-y", "z-w"} == set(MODELS[name].objects.values_list("name", flat=True))
    assert 3 == Specimen.objects.count()


@every_model
@pytest.mark.parametrize("key", ["k-k", ["k", "k"], {"code": "kk"}, 5])
def test_no_row_is_added(name: str, key: object) -> None:
    status, _ = ask(f"wild.{name}", "add", key=key, name="new")

    assert 400 == status
    assert 2 == MODELS[name].objects.count()


@every_model
@pytest.mark.parametrize(
    ("action", "path"), [("add", ""), ("add_list", "_items[1]."), ("edit", ""), ("missing", "")]
)
def test_references_to_them_name_their_place(name: str, action: str, path: str) -> None:
    key = Specimen.objects.get(name=name).pk
    to: dict[str, Any] = {name: "gone" if action == "missing" else "z-w"}
    cases: dict[str, dict[str, Any]] = {
        "add": to,
        "missing": to,
        "edit": {"id": key, **to},
        "add_list": {"_items": [{"name": "a"}, to]},
    }

    operation = "edit" if action == "edit" else "add"
    status, reply = ask("wild.specimen", operation, **cases[action])

    assert (400, MESSAGE, f"{path}{name}") == (status, reply["error"], reply["path"])
    assert 3 == Specimen.objects.count()


@every_model
def test_rows_beside_them_are_written(name: str) -> None:
    key = Specimen.objects.get(name=name).pk

    status, reply = ask("wild.specimen", "edit", id=key, name="b", **{name: None})

    assert 200 == status, reply
    assert {"b"} == set(
        Specimen.objects.filter(pk=key, **{name: None}).values_list("name", flat=True)
    )
