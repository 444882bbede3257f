"""Which cases run by default: all by one door, and a sample of them by the others.

A test that takes a door is a product: each of its cases times each door. A case expects the same at
every door, so the whole product is worth its time only where it is asked for, with ``--exhaustive``.
So it is with other products: ``sampled("name")`` marks a test that has a parameter like a door; with
``differs_by_database=True`` the whole product also runs where only doors are to be sampled.

``one_in(n)`` marks a test with many like cases, few of which can fail alone: by default every n-th runs.
Of any other test no more than ``MANY`` cases run by default.

``--exhaustive --beyond-default`` is for a gate that has already run the suite without options: it leaves
out what ran there, unless it tries more in an exhaustive run, or reads a clock that has since been moved.

A run with ``--sample-cases`` is for another Python and Django, where it is the code that may fail and not
the case: of each test a third of the cases run, and in ``OF_THE_SERVERS`` all.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
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
#: With ``--sample-cases`` one case in so many runs.
CASES = 3
#: By default so many cases of a test run, evenly spread.
MANY = 16
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


def left_out(items: Iterable[pytest.Item], few: int | None = None) -> list[pytest.Item]:
    """Return the items that are no part of the sample of their test, of ``few`` other doors."""
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and door_parameter(item):
            tests[item.nodeid.partition("[")[0]].append(item)
    found: list[pytest.Item] = []
    for name, variants in tests.items():
        cases = cases_of(variants)
        default = next((c.door for c, item in cases.items() if by_default(item)), 0)
        chosen = sample(cases, default, few, crc32(name.encode()))
        found += [item for case, item in cases.items() if case not in chosen]
    return found


def thinned_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the items that are not the n-th of a test which is marked with ``one_in(n)``."""
    tests: defaultdict[str, list[pytest.Function]] = defaultdict(list)
    for item in items:
        if isinstance(item, pytest.Function) and item.get_closest_marker("one_in"):
            tests[item.nodeid.partition("[")[0]].append(item)
    found: list[pytest.Item] = []
    for variants in tests.values():
        marked = variants[0].get_closest_marker("one_in")
        assert marked is not None
        ordered = sorted(variants, key=lambda one: sorted(one.callspec.indices.items()))
        found += [item for n, item in enumerate(ordered) if n % marked.args[0]]
    return found


def too_many(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the items of each test beyond ``MANY``; the others are evenly spread over its cases."""
    tests: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        tests[item.nodeid.partition("[")[0]].append(item)
    found: list[pytest.Item] = []
    for variants in tests.values():
        count = len(variants)
        chosen = {n * count // MANY for n in range(MANY)}
        ordered = sorted(variants, key=_position) if count > MANY else ()
        found += [item for n, item in enumerate(ordered) if n not in chosen]
    return found


def _position(item: pytest.Item) -> list[tuple[str, int]]:
    return sorted(item.callspec.indices.items()) if hasattr(item, "callspec") else []


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


def reads_clock(item: pytest.Item) -> bool:
    """Return whether another day may be another case for a test."""
    return item.nodeid.startswith(READS_CLOCK)


def tries_more(item: pytest.Item) -> bool:
    """Return whether a test, or what collects it, may try more in an exhaustive run."""
    above = [folder / "conftest.py" for folder in item.path.parents if ROOT in folder.parents]
    return any(map(_tries_more, (item.path, *above)))


@cache
def _tries_more(path: Path) -> bool:
    return path.exists() and any(word in path.read_text() for word in TRIES_MORE)


def other_cases(items: Iterable[pytest.Item], seed: int) -> list[pytest.Item]:
    """Return all but one in ``CASES`` of each test; another seed leaves out others."""
    tests: defaultdict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if not folders(item) & OF_THE_SERVERS:
            tests[item.nodeid.partition("[")[0]].append(item)
    found: list[pytest.Item] = []
    for name, variants in tests.items():
        first = (crc32(name.encode()) + seed) % min(CASES, len(variants))
        ordered = sorted(variants, key=lambda one: one.nodeid)
        found += [item for n, item in enumerate(ordered) if n % CASES != first]
    return found


def folders(item: pytest.Item) -> set[str]:
    """Return the folders that an item is in, from that of all tests."""
    return {*item.nodeid.partition("::")[0].split("/")[1:-1]}


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
