"""Which cases run by default: all by one door, and a sample of them by the others.

A test that takes a door is a product: each of its cases times each door. A case expects the same at
every door, so the whole product is worth its time only where it is asked for, with ``--exhaustive``.
So it is with other products: ``sampled("name")`` marks a test that has a parameter like a door; with
``differs_by_database=True`` the whole product also runs where only doors are to be sampled.

``one_in(n)`` marks a test with many like cases, few of which can fail alone: by default every n-th runs.
Of any other test no more than ``MANY`` cases run by default, others with another ``FLEX_SEED``, or as many
as ``--cases`` says. What costs much by itself, or starts processes, has the mark ``exhaustive``.

``--exhaustive --beyond-default`` is for a gate that has already run the suite without options: it leaves
out what ran there, unless it tries more in an exhaustive run, or reads a clock that has since been moved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zlib import crc32

import pytest

ROOT = Path(__file__).parent
#: The parameters that stand for a door.
DOORS = frozenset({"any_door", "door", "http_door", "query_door", "role_door", "served", "site"})
#: Of the cases of a test, one in so many meets a second door.
MORE = 3
#: Folders about what a database or a shared cache does, and how Django reaches it: whole in every run.
OF_THE_SERVERS = frozenset(
    {
        "actions",
        "backends",
        "differential",
        "idempotency",
        "schema",
        "statements",
        "throttling",
        "tokens",
    }
)
#: What reads a clock, or meets dates that are relative to now: it runs again on other days.
READS_CLOCK = (
    "tests/actions/",
    "tests/audit/",
    "tests/contrib/",
    "tests/docs/test_examples.py",
    "tests/docs/test_tutorial.py",
    "tests/doors/aggregates/test_aggregates.py",
    "tests/doors/clauses/test_filtering.py",
    "tests/doors/clauses/test_time_zones.py",
    "tests/idempotency/",
    "tests/management/",
    "tests/throttling/",
)
#: A file with one of these words may try more in an exhaustive run than by default.
TRIES_MORE = ("getoption", "random_search", "statements.size")
#: By default so many cases of a test run, evenly spread.
MANY = 2
#: By default a test meets so many doors beside its usual one; which, differs from test to test.
FEW = 1


@dataclass(frozen=True, slots=True, order=True)
class Case:
    """A case of one test: which of its values each other parameter has, and the door."""

    values: tuple[tuple[str, int], ...]
    door: int


def sample(
    cases: Iterable[Case], default: int, few: int | None = None, first: int = 0
) -> set[Case]:
    """Return which cases of one test run, whatever order they come in.

    These are all values by the default door, and every ``MORE``-th of them by one more, which is the
    one that has met the fewest of these values, then the fewest of all. A door that has met none then
    meets the first values that it can.

    Args:
        cases: all of them.
        default: the door that all values go through.
        few: how many of the others there are, all by default.
        first: a number that says which.
    """
    doors: defaultdict[tuple[tuple[str, int], ...], list[int]] = defaultdict(list)
    cases = sorted(cases)
    others = sorted({case.door for case in cases} - {default})
    if few is not None:
        others = [others[(first + n) % len(others)] for n in range(min(few, len(others)))]
    for case in cases:
        doors[case.values].append(case.door)
    met: Counter[object] = Counter()
    chosen: set[Case] = set()

    def choose(values: tuple[tuple[str, int], ...], door: int) -> None:
        chosen.add(Case(values, door))
        met.update([door, *((door, value) for value in values)])

    for number, (values, able) in enumerate(doors.items()):
        usual = default if default in able else able[0]
        choose(values, usual)
        left = [door for door in able if door != usual and door in others]
        if left and number % MORE == 0:
            new = {d: sum((d, value) not in met for value in values) for d in left}
            choose(values, min(left, key=lambda door: (-new[door], met[door], door)))
    for values, able in doors.items():
        for door in able:
            if door in others and door not in met:
                choose(values, door)
    return chosen


class Variant(Protocol):
    """A case of a test function: an item, or what pytest would make an item of."""

    def get_closest_marker(self, name: str) -> pytest.Mark | None: ...


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A case that is no item yet."""

    definition: pytest.Item
    callspec: Any

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        marks: Iterable[pytest.Mark | pytest.MarkDecorator] = self.callspec.marks
        own = (one.mark if isinstance(one, pytest.MarkDecorator) else one for one in marks)
        found = next((mark for mark in own if mark.name == name), None)
        return found or self.definition.get_closest_marker(name)


def callspec(variant: Variant) -> Any:
    """Return what pytest knows of a case: its parameters, and their positions."""
    return variant.callspec  # type: ignore[attr-defined]


V = TypeVar("V", bound=Variant)


def sample_calls(metafunc: pytest.Metafunc, many: int, seed: int) -> None:
    """Leave only the sample of a test's cases to pytest, which makes an item of each of them.

    ``Metafunc._calls`` is no public part of pytest; where it is missing, this fails at once.
    """
    calls = [Call(metafunc.definition, callspec) for callspec in metafunc._calls]
    if len(calls) > 1:
        chosen = [call.callspec for call in sampled(calls, many, seed)]
        metafunc._calls = chosen or metafunc._calls[:1]  # one that is marked as exhaustive


def sampled(variants: Sequence[V], many: int, seed: int) -> list[V]:
    """Return which cases of one test run by default.

    Args:
        variants: all of them.
        many: how many at most.
        seed: a number that says which.
    """
    found = [item for item in variants if not item.get_closest_marker("exhaustive")]
    if not found or not hasattr(found[0], "callspec"):
        return found
    marked = found[0].get_closest_marker("one_in")
    found.sort(key=_position)
    if marked is not None:
        found = found[:: marked.args[0]]
    if door_parameter(found[0]):
        found = _by_few_doors(found, FEW)
    return _spread(found, many, seed)


def left_out(items: Iterable[pytest.Item], few: int | None = None) -> list[pytest.Item]:
    """Return the items that are no part of the sample of their test, of ``few`` other doors or all."""
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and door_parameter(item):
            tests[item.nodeid.partition("[")[0]].append(item)
    found: list[pytest.Item] = []
    for variants in tests.values():
        chosen = set(_by_few_doors(variants, few))
        found += [item for item in variants if item not in chosen]
    return found


def _by_few_doors(variants: Sequence[V], few: int | None) -> list[V]:
    """Return those of the sample, with ``few`` doors beside the usual one, or all."""
    cases = cases_of(variants)
    default = next((c.door for c, item in cases.items() if by_default(item)), 0)
    chosen = sample(cases, default, few, crc32(_name(variants[0]).encode()))
    return [item for case, item in cases.items() if case in chosen]


def _name(variant: Variant) -> str:
    """Return the name of a test without its parameters, with its file."""
    item: Any = getattr(variant, "definition", variant)
    name: str = item.nodeid.partition("[")[0]
    return name


def _spread(variants: Sequence[V], many: int, seed: int) -> list[V]:
    """Return no more than so many, evenly spread, other ones with another seed."""
    count = len(variants)
    if count <= many:
        return list(variants)
    first = seed % (count // many)
    return [variants[n * count // many + first] for n in range(many)]


def _position(variant: Variant) -> list[tuple[str, int]]:
    return sorted(callspec(variant).indices.items())


def without_database(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the items that may run no statement: pytest-django refuses it where none asks for a database."""
    return [
        item
        for item in items
        if not folders(item) & OF_THE_SERVERS
        and not item.get_closest_marker("django_db")
        and "django_db_setup" not in getattr(item, "fixturenames", ["django_db_setup"])
    ]


def by_turns(item: pytest.Item, number: int, seed: int) -> bool:
    """Return whether it is this item's turn, which comes with one seed in so many."""
    return (crc32(item.nodeid.encode()) + seed) % number == 0


def repeats_doors(item: pytest.Item) -> bool:
    """Return whether a test of the doors runs on another backend, which no door knows."""
    return item.nodeid.startswith("tests/memory/doors/")


def reads_clock(item: pytest.Item) -> bool:
    """Return whether another day may be another case for a test."""
    return item.nodeid.startswith(READS_CLOCK)


def tries_more(item: pytest.Item) -> bool:
    """Return whether a test, or what collects it, may try more in an exhaustive run."""
    above = [folder / "conftest.py" for folder in item.path.parents if ROOT in folder.parents]
    return any(map(_tries_more, (item.path, *above)))


@cache
def names_exhaustive(path: Path) -> bool:
    """Return whether a test in a file may have the mark: a run of these tests collects no other file."""
    return "exhaustive" in path.read_text()


@cache
def _tries_more(path: Path) -> bool:
    return path.exists() and any(word in path.read_text() for word in TRIES_MORE)


def folders(item: pytest.Item) -> set[str]:
    """Return the folders that an item is in, from that of all tests."""
    return {*item.nodeid.partition("::")[0].split("/")[1:-1]}


def differs_by_database(item: pytest.Item) -> bool:
    """Return whether the values that a test samples may mean something else to each database."""
    marked = item.get_closest_marker("sampled")
    return bool(marked and marked.kwargs.get("differs_by_database"))


def door_parameter(item: Variant) -> str:
    """Return the name of the parameter that stands for a door, or nothing."""
    if not hasattr(item, "callspec"):
        return ""
    marked = item.get_closest_marker("sampled")
    names = DOORS.union(marked.args if marked else ())
    return next((name for name in callspec(item).params if name in names), "")


def by_default(item: Variant) -> bool:
    """Return whether this is the door that all cases go through."""
    return getattr(callspec(item).params[door_parameter(item)], "by_default", False)


def cases_of(variants: Iterable[V]) -> dict[Case, V]:
    """Return the cases of one test; values are numbered in the order of their definition."""
    numbers: defaultdict[str, dict[int, int]] = defaultdict(dict)

    def number(name: str, value: object) -> int:
        return numbers[name].setdefault(id(value), len(numbers[name]))

    cases: dict[Case, V] = {}
    for item in sorted(variants, key=_position):
        parameter = door_parameter(item)
        others = [(k, v) for k, v in sorted(callspec(item).params.items()) if k != parameter]
        values = tuple((name, number(name, value)) for name, value in others)
        cases[Case(values, number(parameter, callspec(item).params[parameter]))] = item
    return cases
