"""The text of a key: any key has one, no two have the same, and it gives the key again."""

from __future__ import annotations

import math
import string
from datetime import date, timedelta
from typing import Any
from urllib.parse import quote, unquote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_flex import FlexQuery
from django_flex.plan.json_values import encode
from django_flex.plan.nodes import Leaf
from django_flex.plan.sizes import ReplySize, weigh
from django_flex.schema.conversions.keys import KeyTextError, any_key, key_text, parts_of_text
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.introspection import describe
from django_flex.schema.resources import Attribute
from django_flex.schema.values import UnfitValueError
from tests.keyed.models import PriceQuote, SensorReading

SAFE = frozenset(string.ascii_letters + string.digits + "-._~")
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
UUIDS = st.uuids()


@given(st.tuples(TEXTS, st.dates()))
def test_a_text_gives_its_key_again(key: tuple[str, date]) -> None:
    text = key_text(key)

    assert key == coerce_key(text, describe(PriceQuote).pk)
    assert SAFE.issuperset(text)
    assert text == quote(text, safe="") == unquote(text)


@given(st.lists(TEXTS, min_size=2, max_size=4), st.lists(TEXTS, min_size=2, max_size=4))
def test_no_two_keys_have_one_text(one: list[str], other: list[str]) -> None:
    assert tuple(one) == parts_of_text(key_text(tuple(one)))
    assert (one == other) is (key_text(tuple(one)) == key_text(tuple(other)))


@pytest.mark.exhaustive
@given(UUIDS, UUIDS)
def test_uuids_and_foreign_keys(one: UUID, other: UUID) -> None:
    assert (one, other) == coerce_key(key_text((one, other)), describe(SensorReading).pk)


@given(TEXTS)
def test_any_text_is_a_key_or_none(text: str) -> None:
    try:
        parts = parts_of_text(text)
    except KeyTextError:
        assert "_" in text
    else:
        assert parts == parts_of_text(key_text(parts))


@pytest.mark.parametrize(
    "text", ["", "a", "a~b~2026-01-01", "a~2026-13-01", "_~2026-01-01", "_F~1"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(UnfitValueError):
        coerce_key(text, describe(PriceQuote).pk)


@pytest.mark.parametrize(
    ("part", "text"),
    [(True, "true"), (-5, "-5"), (timedelta(1, 2), "P1DT00H00M02S"), ("_", "_5F"), ("é", "_C3_A9")],
)
def test_parts_are_written_as_in_replies(part: object, text: str) -> None:
    assert f"{text}~{text}" == key_text((part, part))


@pytest.mark.exhaustive
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3)), max_size=500))
def test_conditions_on_many_keys_stay_flat(keys: Any) -> None:
    from django_flex.schema.conversions.keys import KeyConditions

    def nested(parts: Any) -> int:
        return 1 + max(parts, default=0)

    make: KeyConditions[str, int] = KeyConditions(
        equal=lambda _column, _value: 1, among=lambda _column, _some: 1, every=nested, some=nested
    )
    assert any_key(("a", "b"), keys, make) <= 5


@pytest.mark.parametrize("key", [[1, 1], (1, 1), 1, {"row": 1, "column": 1}], ids=repr)
def test_a_key_has_no_other_form_than_its_text(rows: None, key: Any) -> None:
    def status(**query: Any) -> int:
        return FlexQuery("keyed.plotcell").execute(query).status_code

    assert 200 == status(_action="list", filters={"pk.in": ["1~1"]})
    assert 200 == status(_action="get", _id="1~1")
    for filters in ({"pk": key}, {"pk.in": [key]}, {"not": {"pk": key}}, {"pk.ne": key}):
        assert 400 == status(_action="list", filters=filters), filters
    assert status(_action="get", _id=key) in {400, 404}


@pytest.mark.parametrize("name", ["a" * 10, "\n" * 200, "é" * 200, "\U0001f600" * 200, "_" * 999])
def test_the_bound_of_a_reply_with_texts_in_keys_is_not_below_its_size(name: str) -> None:
    parts = (Attribute("a", "a", "text"), Attribute("b", "b", "integer"))
    key = Attribute("pk", "pk", "composite", primary_key=True, parts=parts)
    weight = weigh((Leaf("pk", 0, "composite", key, indexes=(0, 1)),))
    size = ReplySize(10**9)

    size.add([(name, 2**31)] * 3, weight)

    written = encode([{"pk": key_text((name, 2**31))}] * 3)
    assert len(written) - 5 <= size.upper_bound < math.inf


def test_decoded_json_is_measured_and_not_counted_by_its_members() -> None:
    column = Attribute("data", "data", "json")
    size = ReplySize(1_000)

    size.add([({"text": "x" * 10_000},)], weigh((Leaf("data", 0, "json", column),)))

    assert 1_000 == size.to_measure
