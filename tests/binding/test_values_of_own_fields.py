"""A value that a project's own field or lookup does not take is a mistake of the client, not of the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import CharField, JSONField, Q, lookups

from django_flex import FlexQuery
from tests.testapp.kinds import FoldedField, PrefixedField, Sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(configure: Callable[..., None]) -> int:
    """The key of the one sample; anybody may do anything with it."""
    operations = ["list", "get", "edit", "aggregate"]
    grant = {"rows": "*", "fields": "*", "filters": "*", "aggregates": "*", "ops": operations}
    configure({"sample": {"anon": {**grant, "write_fields": ["note"]}}})
    return Sample.objects.create(name="n", folded=None, prefixed="p").pk


def status(query: Any) -> tuple[int, Any]:
    reply = FlexQuery("sample").execute({"_action": "list", "fields": "id", **query})
    return reply.status_code, reply.to_dict().get("path")


class Picky(lookups.Exact):
    """A lookup of a project, that knows few values."""

    known = {"n": 1}

    def get_prep_lookup(self) -> Any:
        return str(self.known[self.rhs])


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param({"folded.gte": ""}, (400, "filters.folded.gte"), id="none-of-an-order"),
        pytest.param({"parent.folded.lt": ""}, (400, "filters.parent.folded.lt"), id="related"),
        pytest.param({"children.folded.lt": ""}, (400, "filters.children.folded.lt"), id="to-many"),
        pytest.param({"folded": ""}, (200, None), id="none-of-equality"),
        pytest.param({"folded.in": ["", "a"]}, (200, None), id="none-of-a-list"),
        pytest.param({"folded.range": ["", "a"]}, (200, None), id="none-of-a-range"),
        pytest.param({"folded.len.gte": 3}, (200, None), id="behind-a-transform"),
    ],
)
def test_value_that_the_field_refuses_is_refused(key: int, filters: Any, expected: Any) -> None:
    found = [status({"filters": {**filters, "id": key}}) for _ in range(2)]
    counted = FlexQuery("sample").execute(
        {"_action": "aggregate", "aggregate": "count", "filters": filters}
    )

    assert [expected] * 2 == found
    assert expected[0] == counted.status_code


@pytest.mark.parametrize("method", ["get_prep_value", "get_db_prep_value"])
@pytest.mark.parametrize("operator", ["exact", "ne", "in", "nin", "gt"])
@pytest.mark.parametrize(
    "error",
    [
        pytest.param(ValueError("x"), id="value"),
        pytest.param(KeyError("x"), id="key"),
        pytest.param(ValidationError("x"), id="validation"),
    ],
)
def test_field_that_raises_refuses_the_value(
    key: int, monkeypatch: Any, error: Exception, operator: str, method: str
) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise error

    monkeypatch.setattr(PrefixedField, method, refuse, raising=False)
    value = ["a"] if operator in {"in", "nin"} else "a"

    assert status({"filters": {f"prefixed.{operator}": value}}) == (
        400,
        f"filters.prefixed.{operator}",
    )


def test_lookup_that_raises_refuses_the_value(key: int) -> None:
    with_lookup = CharField.register_lookup(Picky, "exact")
    try:
        found = [status({"filters": {"name": value}}) for value in ("n", "m")]
    finally:
        CharField._unregister_lookup(with_lookup, "exact")
        CharField.register_lookup(lookups.Exact, "exact")

    assert [(200, None), (400, "filters.name")] == found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"_action": "get", "id": "b"}, 404, id="get"),
        pytest.param({"_action": "edit", "id": "b", "note": "x"}, 403, id="edit"),
    ],
)
def test_key_that_its_field_refuses_is_of_no_row(
    key: int, monkeypatch: Any, query: Any, expected: int
) -> None:
    pk: Any = Sample._meta.pk

    class Own(type(pk)):  # type: ignore[misc]  # a class that is known at run time
        def get_prep_value(self, value: Any) -> Any:
            if value == 77:
                raise ValueError
            return super().get_prep_value(value)

    monkeypatch.setattr(pk, "__class__", Own)

    assert status({**query, "id": 77})[0] == expected
    assert status({"_action": "get", "id": key})[0] == 200


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param({"folded.gte": ""}, id="data"),
        pytest.param(lambda _user: Q(folded__gte=""), id="callable"),
    ],
)
def test_rule_with_a_value_that_its_field_refuses_shows_nothing(
    key: int, configure: Callable[..., None], rule: Any
) -> None:
    configure({"sample": {"anon": {"rows": rule, "fields": "*", "ops": ["list", "get"]}}})

    assert {} == FlexQuery("sample").execute({"fields": "id"}).to_dict().get("results", {})
    assert status({"_action": "get", "id": key})[0] in {401, 403, 404}


def test_fields_stay_as_they_are_asked_for(key: int) -> None:
    Sample.objects.filter(pk=key).update(folded=FoldedField().get_prep_value("ABC"))

    assert status({"filters": {"folded.gte": "ABC"}}) == (200, None)


@pytest.mark.parametrize(
    "error", [pytest.param(ValueError("x"), id="value"), pytest.param(KeyError("x"), id="key")]
)
@pytest.mark.parametrize(
    "query",
    [
        pytest.param({"_action": "add", "prefixed": "bad"}, id="add"),
        pytest.param({"_action": "edit", "prefixed": "bad"}, id="edit"),
        pytest.param({"_action": "add", "parent": 77}, id="key-of-another-row"),
        pytest.param({"_action": "upsert", "_match": ["id"], "id": 77, "note": "x"}, id="upsert"),
    ],
)
def test_written_value_that_its_field_refuses_is_named(
    key: int, configure: Callable[..., None], monkeypatch: Any, query: Any, error: Exception
) -> None:
    names = ["id", "prefixed", "note", "parent"]
    grant = {"rows": "*", "fields": names, "write_fields": names}
    configure({"sample": {"anon": {**grant, "ops": ["add", "edit", "upsert"]}}})
    pk: Any = Sample._meta.pk

    class Own(type(pk)):  # type: ignore[misc]  # a class that is known at run time
        def get_prep_value(self, value: Any) -> Any:
            if value == 77:
                raise error
            return super().get_prep_value(value)

    def refuse(_field: Any, value: Any) -> Any:
        if value == "bad":
            raise error
        return value

    monkeypatch.setattr(pk, "__class__", Own)
    monkeypatch.setattr(PrefixedField, "get_prep_value", refuse)
    reply = FlexQuery("sample").execute(
        {**query, **({"id": key} if query["_action"] == "edit" else {})}
    )

    assert 400 == reply.status_code, reply.to_dict()
    assert {"prefixed", "parent", "id"} & {
        *reply.to_dict().get("fields", {}),
        reply.to_dict().get("path"),
    }
    assert 1 == Sample.objects.count()


@pytest.mark.parametrize("place", ["data", "data.in", "data.a", "data.a.ne", "data.a.gte"])
def test_json_field_that_raises_refuses_the_value(key: int, monkeypatch: Any, place: str) -> None:
    class Own(JSONField):
        def get_prep_value(self, value: Any) -> Any:
            raise ValueError

        def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
            return self.get_prep_value(value)

    monkeypatch.setattr(Sample._meta.get_field("data"), "__class__", Own)

    assert (400, f"filters.{place}") == status(
        {"filters": {place: ["bad"] if place.endswith("in") else "bad"}}
    )
