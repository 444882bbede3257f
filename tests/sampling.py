"""Which cases run by default: all by one door, and a pairwise sample of them by the others.

A test that takes a door is a product: each of its cases times each door. A case expects the same at
every door, so the whole product is worth its time only where it is asked for, with ``--exhaustive``.
So it is with other products: ``sampled("name")`` marks a test that has a parameter like a door; with
``differs_by_database=True`` the whole product also runs where only doors are to be sampled.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

#: The parameters that stand for a door.
DOORS = frozenset({"any_door", "door", "http_door", "query_door", "role_door", "served", "site"})


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """A case of one test: which of its values each other parameter has, and the door."""

    values: tuple[tuple[str, int], ...]
    door: int


def sample(cases: Iterable[Case], default: int) -> set[Case]:
    """Return which cases of one test run by default, whatever order they come in.

    These are all values by the default door, and all of them by one more, which is the one that has
    met the fewest of these values, then the fewest of all. A door that has met none then meets the
    first values that it can.
    """
    doors: defaultdict[tuple[tuple[str, int], ...], list[int]] = defaultdict(list)
    for case in sorted(cases):
        doors[case.values].append(case.door)
    met: Counter[object] = Counter()
    chosen: set[Case] = set()

    def choose(values: tuple[tuple[str, int], ...], door: int) -> None:
        chosen.add(Case(values, door))
        met.update([door, *((door, value) for value in values)])

    for values, able in doors.items():
        usual = default if default in able else able[0]
        choose(values, usual)
        others = [door for door in able if door != usual]
        if others:
            new = {d: sum((d, value) not in met for value in values) for d in others}
            choose(values, min(others, key=lambda door: (-new[door], met[door], door)))
    for values, able in doors.items():
        for door in able:
            if door not in met:
                choose(values, door)
    return chosen


def left_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the items that are no part of the sample of their test."""
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and door_parameter(item):
            tests[item.nodeid.partition("[")[0]].append(item)
    found: list[pytest.Item] = []
    for variants in tests.values():
        cases = cases_of(variants)
        default = next((c.door for c, item in cases.items() if by_default(item)), 0)
        chosen = sample(cases, default)
        found += [item for case, item in cases.items() if case not in chosen]
    return found


def differs_by_database(item: pytest.Item) -> bool:
    """Return whether the values that a test samples may mean something else to each database."""
    marked = item.get_closest_marker("sampled")
    return bool(marked and marked.kwargs.get("differs_by_database"))


def door_parameter(item: pytest.Function) -> str:
    """Return the name of the parameter that stands for a door, or nothing."""
    if not hasattr(item, "callspec"):
        return ""
    marked = item.get_closest_marker("sampled")
    names = DOORS.union(marked.args if marked else ())
    return next((name for name in item.callspec.params if name in names), "")


def by_default(item: pytest.Function) -> bool:
    """Return whether this is the door that all cases go through."""
    return getattr(item.callspec.params[door_parameter(item)], "by_default", False)


def cases_of(variants: Iterable[pytest.Function]) -> dict[Case, pytest.Function]:
    """Return the cases of one test; values are numbered in the order of their definition."""
    numbers: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def number(name: str, value: object) -> int:
        return numbers[name].setdefault(id(value), len(numbers[name]))

    cases: dict[Case, pytest.Function] = {}
    for item in sorted(variants, key=lambda one: sorted(one.callspec.indices.items())):
        parameter = door_parameter(item)
        others = [(k, v) for k, v in sorted(item.callspec.params.items()) if k != parameter]
        values = tuple((name, number(name, value)) for name, value in others)
        cases[Case(values, number(parameter, item.callspec.params[parameter]))] = item
    return cases
