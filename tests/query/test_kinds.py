"""The table of kinds is total: what lacks a part of its own fails where it is declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from django_flex.query.kinds import KINDS, Kind, check_total
from django_flex.query.operators import operators_for
from django_flex.schema.model_attributes import FIELD_KINDS


def test_every_kind_of_a_field_is_in_the_table() -> None:
    assert {kind for _, kind in FIELD_KINDS} <= KINDS.keys()


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_can_be_filtered_by(name: str) -> None:
    assert "isnull" in operators_for(name)


def test_a_kind_without_documentation_fails() -> None:
    with pytest.raises(TypeError, match="'date' has no documentation"):
        replace(KINDS["date"], help="")


def test_a_kind_without_json_schema_fails() -> None:
    with pytest.raises(TypeError, match="reply"):
        Kind(name="colour", help="a colour", expected="a colour", sent={})  # type: ignore[call-arg]  # what mypy finds, too


def test_a_part_that_lacks_a_kind_fails() -> None:
    with pytest.raises(TypeError, match="coercion and kinds do not match: colour"):
        check_total("coercion", KINDS, {*KINDS, "colour"})


def test_a_part_of_an_unknown_kind_fails() -> None:
    with pytest.raises(TypeError, match="operators and kinds do not match: colour"):
        check_total("operators", {*KINDS, "colour"})
