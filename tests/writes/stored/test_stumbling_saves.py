"""Code that saves a row and meets JSON of another form than it expects: the value is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.signals import pre_save

from tests.wild.saving import Counting
from tests.wild.unhashed import Rank, Sort, Species
from tests.writes.conftest import GRANT, ask

NAMES = ["counting", "countingbase"]
UNHASHED: dict[str, Any] = {"sort": Sort, "species": Species, "rank": Rank}
VALUES: list[tuple[str, Any]] = [
    *(("data", value) for value in ("x", "", 5, 1.5, True, [], [1])),
    *(("items", value) for value in ("x", 5, False, {}, {"a": 1})),
    *(("notes", value) for value in (5, True, 1.5)),
]


@pytest.fixture(autouse=True)
def exposed(db: None, configure: Callable[..., None]) -> None:
    names = [*NAMES, *UNHASHED, "word"]
    configure({f"wild.{name}": {"anon": {**GRANT, "write_fields": ["*"]}} for name in names})


def stored() -> list[Any]:
    return list(Counting.objects.order_by("pk").values())


@pytest.mark.parametrize(("column", "value"), VALUES)
@pytest.mark.parametrize("name", NAMES)
def test_json_that_save_stumbles_over_is_named(name: str, column: str, value: Any) -> None:
    status, row = ask(f"wild.{name}", "add", name="a")
    assert status == 201, row
    before = stored()
    sent = {column: value}
    for action, spec, place in (
        ("add", sent, None),
        ("add", {"_items": [{"name": "b"}, sent]}, "_items[1]"),
        ("edit", {"id": row["id"], **sent}, None),
        ("edit", {"_items": [{"id": row["id"], **sent}]}, "_items[0]"),
        ("bulk_edit", {"filters": {"name": "a"}, "_set": sent}, None),
    ):
        status, reply = ask(f"wild.{name}", action, **spec)
        assert (400, {column: ["invalid"]}) == (status, reply.get("codes")), (action, reply)
        assert place in {None, reply.get("path")}
    assert before == stored()


@pytest.mark.parametrize("name", NAMES)
def test_json_of_the_form_that_it_expects_is_blamed_for_nothing(name: str) -> None:
    status, row = ask(f"wild.{name}", "add", data={"a": 1}, items=[1], notes={})
    assert status == 201, row
    assert ({"a": 1, "names": [""]}, {"seen": True}) == (row["data"], row["notes"])
    for sent in ({"data": {"a": 2}}, {"data.a": "x"}, {}):
        with pytest.raises(KeyError):
            ask(f"wild.{name}", "edit", id=row["id"], name="broken", **sent)
        with pytest.raises(KeyError):
            ask(f"wild.{name}", "add", name="broken", items=[1])


@pytest.mark.parametrize("column", ["name", "data", "items"])
@pytest.mark.parametrize("name", NAMES)
def test_null_is_refused_before_anything_is_saved(name: str, column: str) -> None:
    key = ask(f"wild.{name}", "add", name="a")[1]["id"]
    for action, spec in (("add", {}), ("edit", {"id": key})):
        status, reply = ask(f"wild.{name}", action, **spec, **{column: None})
        assert (400, {column: ["null"]}) == (status, reply.get("codes")), (action, reply)


def test_receivers_stumble_over_nothing_else() -> None:
    def fail(instance: Counting, **_: Any) -> None:
        instance.data["a"].nothing()

    pre_save.connect(fail, sender=Counting)
    try:
        assert 400 == ask("wild.counting", "add", data=[1])[0]
        with pytest.raises((AttributeError, KeyError)):
            ask("wild.counting", "add", data={"a": 1})
    finally:
        pre_save.disconnect(fail, sender=Counting)


@pytest.mark.parametrize("name", UNHASHED)
def test_a_missing_key_that_its_field_stumbles_over_is_named(name: str) -> None:
    for many in ({"name": "x"}, {"_items": [{"name": "x"}, {"name": "y"}]}):
        status, reply = ask(f"wild.{name}", "add", **many)
        assert status == 400, reply
    assert not UNHASHED[name].objects.exists()
