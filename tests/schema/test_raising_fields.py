"""Whatever the code of a field raises, on the way in or out, is an answer about its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_flex.plan.json_values import texts_of
from tests.wild.raising import ERRORS, FullyRaising, Raising, Shown
from tests.writes.conftest import GRANT, ask

MODELS: dict[str, Any] = {"raising": Raising, "fullyraising": FullyRaising}
READ = ["reading", "preparing", "storing"]
OPERATORS = ["{}", "{}.ne", "{}.in", "{}.nin"]


@pytest.fixture(autouse=True)
def exposed(bookings: None, configure: Callable[..., None]) -> None:
    ops = [*GRANT["ops"], "aggregate"]
    names = (*MODELS, "shown")
    configure({f"wild.{name}": {"anon": {**GRANT, "ops": ops}} for name in names})
    for model in MODELS.values():
        model.objects.create(pk=1, name="x")


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("column", [*READ, "saving"])
@pytest.mark.parametrize("model", MODELS)
def test_a_value_that_cannot_be_stored_names_its_field(model: str, column: str, error: str) -> None:
    sent = {column: error}
    asked: list[Any] = [
        ("add", sent, None),
        ("add", {"_items": [{"name": "y"}, sent]}, "_items[1]"),
        ("edit", {"id": 1, **sent}, None),
        ("edit", {"_items": [{"id": 1, **sent}]}, "_items[0]"),
        ("bulk_edit", {"filters": {"name": "x"}, "_set": sent}, None),
    ]
    for action, spec, place in asked:
        status, reply = ask(f"wild.{model}", action, **spec)
        assert (400, [column]) == (status, list(reply.get("fields", ()))), (action, reply)
        assert place in {None, reply.get("path")}
        assert "secret" not in str(reply)
    assert [("x", None)] == list(MODELS[model].objects.values_list("name", column))


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("column", READ)
def test_a_value_that_cannot_be_looked_for_names_its_path(column: str, error: str) -> None:
    for operator in OPERATORS:
        name = operator.format(column)
        value: Any = ["a", error] if name.endswith("in") else error
        for filters, path in (({name: value}, name), ({"not": {name: value}}, f"not.{name}")):
            status, reply = ask("wild.raising", "list", filters=filters)
            assert (400, f"filters.{path}") == (status, reply.get("path")), (filters, reply)
            assert "secret" not in str(reply)
    for action, spec in (
        ("bulk_delete", {"filters": {column: error}}),
        ("upsert", {"_match": column, column: error, "name": "z"}),
    ):
        status, reply = ask("wild.raising", action, **spec)
        assert 400 == status, reply
        assert column in str(reply)
    assert 1 == Raising.objects.count()


@pytest.mark.parametrize("error", ERRORS)
def test_a_row_whose_key_cannot_be_read_is_listed(error: str) -> None:
    Shown.objects.bulk_create([Shown(code="a"), Shown(code=error)])

    status, reply = ask("wild.shown", "list", shape="list")

    assert (200, [{"id": None, "code": None}]) == (
        status,
        [row for row in reply["results"] if row["id"] != "a"],
    )
    assert {"a", "null"} == set(ask("wild.shown", "list")[1]["results"])


def test_a_key_that_cannot_be_read_has_one_text_wherever_it_stands() -> None:
    for keys in ([1, None], [None, 1], ["a", None]):
        assert "null" in texts_of(keys)


def test_rows_whose_keys_are_alike_are_not_lost_in_a_map() -> None:
    Shown.objects.bulk_create([Shown(code="a"), *(Shown(code=name) for name in ERRORS)])

    status, reply = ask("wild.shown", "list")

    assert (400, "shape", '"shape": "list"') == (status, reply.get("path"), reply.get("hint")), (
        reply
    )
    listed = ask("wild.shown", "list", shape="list")[1]["results"]
    assert len(ERRORS) + 1 == len(listed)
    assert ["a"] == [row["code"] for row in listed if row["code"] is not None]
    pages = ask("wild.shown", "list", limit=1, offset=0)
    assert 200 == pages[0], pages
