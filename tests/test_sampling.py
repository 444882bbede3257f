"""The cases that run by default: each by one door, some by one more, and each door once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.sampling import (
    MANY,
    MORE,
    OF_THE_SERVERS,
    READS_CLOCK,
    ROOT,
    Case,
    by_turns,
    folders,
    names_exhaustive,
    reads_clock,
    sample,
    sample_calls,
    sampled,
    tries_more,
    without_database,
)

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


@pytest.mark.parametrize("few", [1, 3, 9])
@pytest.mark.parametrize("cases", PRODUCTS.values(), ids=PRODUCTS)
def test_tests_may_meet_few_doors_and_together_all(cases: list[Case], few: int) -> None:
    found = [{case.door for case in sample(cases, DEFAULT, few, first)} for first in range(9)]

    doors = {case.door for case in cases}
    assert {min(len(doors), few + 1)} == {len(one) for one in found}
    assert doors == set().union(*found)


@pytest.mark.parametrize("cases", PRODUCTS.values(), ids=PRODUCTS)
def test_the_order_of_the_cases_does_not_matter(cases: list[Case]) -> None:
    assert sample(cases, DEFAULT) == sample(Random(1).sample(cases, len(cases)), DEFAULT)


@pytest.mark.parametrize("cases", PRODUCTS.values(), ids=PRODUCTS)
def test_one_case_in_three_is_met_twice_unless_a_door_would_not_be(cases: list[Case]) -> None:
    doors, values = ({getattr(case, name) for case in cases} for name in ("door", "values"))

    more = max(-(-len(values) // MORE), len(doors) - 1)
    assert len(sample(cases, DEFAULT)) == len(values) + more


def test_other_doors_are_met_equally_often() -> None:
    chosen = sample(cases_of(7, case=30), DEFAULT)

    met = [sum(case.door == door for case in chosen) for door in range(7) if door != DEFAULT]
    assert sorted(met) == [1, 1, 2, 2, 2, 2]


def test_each_value_of_each_parameter_meets_each_door_where_cases_are_many() -> None:
    chosen = sample(cases_of(3, one=4, other=4, third=4), DEFAULT)

    met = {(*value, case.door) for case in chosen for value in case.values}
    assert set(product(["one", "other", "third"], range(4), range(3))) == met


def test_a_case_that_cannot_meet_the_default_door_meets_the_first_that_it_can() -> None:
    chosen = sample([Case((("case", 1),), 0), Case((("case", 1),), 1)], DEFAULT)

    assert {0, 1} == {case.door for case in chosen}


def test_what_is_left_out_is_the_same_in_every_process(pytestconfig: pytest.Config) -> None:
    """The choice goes by positions, and by no hash that Python salts."""
    assert [
        Case((("case", 0),), 0),
        Case((("case", 0),), 1),
        Case((("case", 0),), 2),
        Case((("case", 0),), 3),
        Case((("case", 1),), 3),
        Case((("case", 2),), 3),
    ] == sorted(sample(cases_of(4, case=3), DEFAULT))


@dataclass(frozen=True)
class Test:
    """A test as far as the sampler asks."""

    __test__ = False

    nodeid: str
    fixturenames: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


def made(path: str, many: int, **others: Any) -> list[Any]:
    return [Test(f"{path}::test_it[{n}]", **others) for n in range(many)]


@pytest.mark.parametrize("folder", sorted(OF_THE_SERVERS))
def test_what_is_about_servers_runs_on_each_of_them(folder: str) -> None:
    assert (Path(__file__).parent / folder).is_dir()
    assert without_database(made(f"tests/{folder}/deeper/test_a.py", 1)) == []


def test_on_a_server_runs_what_may_run_statements(request: pytest.FixtureRequest) -> None:
    path = "tests/policy/test_a.py"
    none = made(path, 2)
    some = [
        *made(path, 1, fixturenames=("db", "django_db_setup")),
        *made(path, 1, marks=frozenset({"django_db"})),
    ]

    assert without_database([*none, *some]) == none
    assert without_database([request.node]) == [request.node]


def test_a_fixture_with_a_database_is_seen(request: pytest.FixtureRequest, bookings: None) -> None:
    assert without_database([request.node]) == []


def test_the_folders_of_an_item_are_those_of_its_file(request: pytest.FixtureRequest) -> None:
    assert folders(request.node) == set()
    assert folders(made("tests/doors/clauses/test_a.py", 1)[0]) == {"doors", "clauses"}


def test_what_reads_a_clock_is_there() -> None:
    assert [path for path in READS_CLOCK if not (ROOT.parent / path).exists()] == []
    assert reads_clock(made("tests/throttling/test_a.py", 1)[0])
    assert not reads_clock(made("tests/policy/test_throttling.py", 1)[0])


def test_what_tries_more_in_an_exhaustive_run_is_seen_by_its_words(
    request: pytest.FixtureRequest,
) -> None:
    def tries(path: str) -> bool:
        return tries_more(cast("pytest.Item", SimpleNamespace(path=ROOT / path)))

    assert tries("differential/test_differential.py")
    assert tries("statements/test_pairs.py")
    assert tries("memory/doors/test_counts.py"), "its conftest.py draws the cases"
    assert not tries("policy/test_guarding.py")


def test_each_item_has_its_turn() -> None:
    items = made("tests/policy/test_a.py", 40)

    turns = [{n for n, item in enumerate(items) if by_turns(item, 4, seed)} for seed in range(4)]
    assert set(range(40)) == set().union(*turns)
    assert sum(map(len, turns)) == 40


def variants(count: int, **marks: int) -> list[Any]:
    """Return so many cases of a test that is marked so."""
    own = {name: SimpleNamespace(args=[value]) for name, value in marks.items()}
    return [
        SimpleNamespace(
            nodeid=f"a.py::test_it[{n}]",
            callspec=SimpleNamespace(indices={"x": n}, params={"x": n}),
            get_closest_marker=own.get,
        )
        for n in range(count)
    ]


def numbers(variants: list[Any]) -> list[int]:
    return [item.callspec.indices["x"] for item in variants]


@pytest.mark.parametrize("seed", [0, 1, 7, 1903154])
@pytest.mark.parametrize("count", [1, MANY, MANY + 1, 100])
def test_no_more_than_so_many_cases_of_a_test_run_by_default(count: int, seed: int) -> None:
    found = numbers(sampled(variants(count), MANY, seed))

    assert len(found) == min(count, MANY)
    gaps = {after - before for before, after in pairwise(found)}
    assert max(gaps, default=0) - min(gaps, default=0) <= 1


@pytest.mark.parametrize(("count", "many"), [(3, 2), (10, 2), (10, 3), (100, 7)])
def test_nearly_every_case_runs_with_some_seed(count: int, many: int) -> None:
    found = {n for seed in range(count) for n in numbers(sampled(variants(count), many, seed))}

    assert len(found) == many * (count // many)


def test_of_like_cases_every_so_many_runs() -> None:
    assert numbers(sampled(variants(9, one_in=4), 100, 0)) == [0, 4, 8]


def test_of_a_test_for_exhaustive_runs_no_case_runs() -> None:
    assert sampled(variants(3, exhaustive=1), 100, 0) == []


@pytest.mark.parametrize(("marked", "expected"), [({}, [0, 4]), ({"exhaustive": 1}, [0])])
def test_cases_that_do_not_run_are_not_made(marked: dict[str, int], expected: list[int]) -> None:
    definition = Test("a.py::test_it", marks=frozenset(marked))
    calls = [SimpleNamespace(indices={"x": n}, params={"x": n}, marks=[]) for n in range(8)]
    metafunc = cast("Any", SimpleNamespace(definition=definition, _calls=calls))
    sample_calls(metafunc, 2, 0)

    assert [call.indices["x"] for call in metafunc._calls] == expected


def test_the_mark_of_one_case_leaves_it_out() -> None:
    marks = [[], [pytest.mark.exhaustive], [pytest.mark.exhaustive.mark], []]
    calls = [
        SimpleNamespace(indices={"x": n}, params={"x": n}, marks=m) for n, m in enumerate(marks)
    ]
    metafunc = cast("Any", SimpleNamespace(definition=Test("a.py::test_it"), _calls=calls))
    sample_calls(metafunc, 4, 0)

    assert [call.indices["x"] for call in metafunc._calls] == [0, 3]


@pytest.mark.parametrize(("mark", "named"), [("exhaustive", True), ("performance", False)])
def test_a_run_of_the_exhaustive_collects_files_that_name_the_mark(
    mark: str, named: bool, tmp_path: Path
) -> None:
    path = tmp_path / "test_a.py"
    path.write_text(f"@pytest.mark.{mark}\ndef test_it(): ...\n")

    assert names_exhaustive(path) is named
