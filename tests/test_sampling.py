"""The cases that run by default: each once by one door, and each door with each value, if it can."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from tests.sampling import Case, sample

DEFAULT = 3


def cases_of(doors: int, **values: int) -> list[Case]:
    """Return the product of so many doors, and so many values of each parameter."""
    products = product(*([(name, n) for n in range(many)] for name, many in values.items()))
    return [Case(values, door) for values in products for door in range(doors)]


PRODUCTS = {
    "doors-alone": cases_of(7),
    "less-cases-than-doors": cases_of(7, case=3),
    "more-cases-than-doors": cases_of(7, case=30),
    "two-doors": cases_of(4, case=5),
    "two-parameters": cases_of(7, one=6, other=9),
    "three-parameters": cases_of(5, one=4, other=3, third=2),
}


@pytest.mark.parametrize("cases", PRODUCTS.values(), ids=PRODUCTS)
def test_every_case_goes_through_the_default_door(cases: list[Case]) -> None:
    met = {case.values for case in sample(cases, DEFAULT) if case.door == DEFAULT}

    assert {case.values for case in cases} == met


@pytest.mark.parametrize("cases", PRODUCTS.values(), ids=PRODUCTS)
def test_every_test_meets_every_door(cases: list[Case]) -> None:
    assert {case.door for case in cases} == {case.door for case in sample(cases, DEFAULT)}


@pytest.mark.parametrize("cases", PRODUCTS.values(), ids=PRODUCTS)
def test_the_order_of_the_cases_does_not_matter(cases: list[Case]) -> None:
    assert sample(cases, DEFAULT) == sample(Random(1).sample(cases, len(cases)), DEFAULT)


@pytest.mark.parametrize("cases", PRODUCTS.values(), ids=PRODUCTS)
def test_a_case_is_met_twice_unless_a_door_would_not_be(cases: list[Case]) -> None:
    doors, values = ({getattr(case, name) for case in cases} for name in ("door", "values"))

    assert len(sample(cases, DEFAULT)) == len(values) + max(len(values), len(doors) - 1)


def test_other_doors_are_met_equally_often() -> None:
    chosen = sample(cases_of(7, case=30), DEFAULT)

    met = [sum(case.door == door for case in chosen) for door in range(7) if door != DEFAULT]
    assert [5] * 6 == met


def test_each_value_of_each_parameter_meets_each_door() -> None:
    chosen = sample(cases_of(5, one=4, other=4, third=4), DEFAULT)

    met = {(*value, case.door) for case in chosen for value in case.values}
    assert set(product(["one", "other", "third"], range(4), range(5))) == met


def test_a_case_that_cannot_meet_the_default_door_meets_the_first_that_it_can() -> None:
    chosen = sample([Case((("case", 1),), 0), Case((("case", 1),), 1)], DEFAULT)

    assert {0, 1} == {case.door for case in chosen}


def test_what_is_left_out_is_the_same_in_every_process(pytestconfig: pytest.Config) -> None:
    """The choice goes by positions, and by no hash that Python salts."""
    assert [
        Case((("case", 0),), 0),
        Case((("case", 0),), 3),
        Case((("case", 1),), 1),
        Case((("case", 1),), 3),
        Case((("case", 2),), 2),
        Case((("case", 2),), 3),
    ] == sorted(sample(cases_of(4, case=3), DEFAULT))
