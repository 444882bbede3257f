"""Authorized conditions, and lookups of querysets, on items that no server has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pynamodb.attributes import BinaryAttribute, TTLAttribute, UnicodeAttribute, UnicodeSetAttribute

from django_flex.backends.dynamodb import Table
from django_flex.backends.dynamodb.conditions import condition_of
from django_flex.backends.dynamodb.tables import resource_of
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.introspection import describe
from django_flex.dynamodb.lookups import lookup_condition
from django_flex.dynamodb.models import DynamoModel
from django_flex.resolved import Column, Complement, Predicate


class Session(DynamoModel):
    """Something that expires, and is no table of any other test."""

    owner = UnicodeAttribute(hash_key=True)
    ends = TTLAttribute(null=True)
    tags = UnicodeSetAttribute(null=True)

    class Meta:
        table_name = "session"
        proxy = True


class Blob(DynamoModel):
    digest = BinaryAttribute(hash_key=True, legacy_encoding=False)

    class Meta:
        table_name = "blob"
        proxy = True


class Chunk(DynamoModel):
    owner = UnicodeAttribute(hash_key=True)
    digest = BinaryAttribute(range_key=True, legacy_encoding=False)

    class Meta:
        table_name = "chunk"
        proxy = True


SESSIONS = Table(model=Session, resource=resource_of(Session, "club.session"))


def a_test(name: str, operator: str, value: Any) -> Predicate:
    attribute = SESSIONS.resource.attribute(name)
    assert attribute is not None
    return Predicate(Column((), attribute), (), operator, value)


@pytest.mark.parametrize("seconds", [0, -3_000_000_000], ids=["now", "before-1970"])
@pytest.mark.parametrize(
    ("operator", "after", "expected"),
    [
        ("exact", 0, True),
        ("exact", 0.5, False),
        ("in", 0.5, False),
        ("lt", 0.5, True),
        ("lt", 0, False),
        ("lte", 0.5, True),
        ("gt", -0.5, True),
        ("gte", 0.5, False),
        ("gte", 0, True),
        ("range", 0.5, False),
    ],
)
def test_a_time_between_two_seconds_is_neither(
    operator: str, after: float, expected: bool, seconds: int
) -> None:
    """Whole seconds are stored: half a second later, an item has expired that would not have yet."""
    stored = datetime(2026, 1, 31, tzinfo=UTC) + timedelta(seconds=seconds)
    item = {"owner": {"S": "ada"}, "ends": {"N": str(int(stored.timestamp()))}}
    value: Any = stored + timedelta(seconds=after)
    if operator in {"in", "range"}:
        value = (value,) if operator == "in" else (value, value + timedelta(seconds=0.1))

    assert expected is matches(condition_of(a_test("ends", operator, value), SESSIONS), item)
    lookup = lookup_condition(describe(Session), f"ends__{operator}", value)
    assert expected is matches(lookup, item)


def test_what_is_not_there_does_not_contain_nothing() -> None:
    """As in SQL, where a comparison with NULL is not true."""
    contains = condition_of(a_test("tags", "contains", []), SESSIONS)
    without = condition_of(Complement(a_test("tags", "contains", [])), SESSIONS)
    missing: list[Any] = [{}, {"tags": {"NULL": True}}]
    there = {"tags": {"SS": ["a"]}}

    assert [False, False, True] == [matches(contains, one) for one in (*missing, there)]
    assert [True, True, False] == [matches(without, one) for one in (*missing, there)]


@pytest.mark.parametrize("model", [Blob, Chunk])
def test_a_key_of_bytes_has_no_text_so_no_row_could_be_named(model: type[DynamoModel]) -> None:
    with pytest.raises(TypeError, match="has no text: digest"):
        resource_of(model, "club.bytes")
