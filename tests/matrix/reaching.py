"""What requests touch, as the gate is asked, and whether a matrix lists it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from django_flex.access.reach import Access, NestedAccess
from django_flex.matrix import Cell, Matrix
from django_flex.query.operators import PATTERNS
from django_flex.schema.aggregates import Measure


@dataclass(frozen=True)
class Touched:
    """A name that the gate let through: in which clause, from which rows, how far."""

    clause: str
    path: str
    value: str
    model: str
    ways: tuple[str, ...] = ()


def _path(subject: Any) -> str:
    return ".".join(subject.canonical)


def _asked(name: str, subject: Any, args: Any, words: Any) -> tuple[str, str, str]:
    if name == "readable":
        return "field", _path(subject), ""
    if name in {"may_filter", "may_filter_by"}:
        return "filter", _path(subject), ".".join(args[0])
    if name in {"may_order", "may_order_by"}:
        return "order", _path(subject), "descending" if words["descending"] else "ascending"
    assert isinstance(subject, Measure)
    return "aggregate", _path(subject), ""


ASKED = ("readable", "may_filter", "may_order", "may_aggregate", "may_filter_by", "may_order_by")


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[Touched]]:
    """Record what the gate is asked and allows, in the words of requests."""
    found: set[Touched] = set()
    inside: list[str] = []

    def recording(name: str, call: Callable[..., bool]) -> Callable[..., bool]:
        def ask(access: Access, subject: Any, *args: Any, **words: Any) -> bool:
            inside.append(name)
            try:
                allowed = call(access, subject, *args, **words)
            finally:
                inside.pop()
            if allowed and not inside:
                found.add(touched(access, *_asked(name, subject, args, words)))
            return allowed

        return ask

    with monkeypatch.context() as patched:
        for owner in (Access, NestedAccess):
            for name in ASKED:
                if name in vars(owner):
                    patched.setattr(owner, name, recording(name, vars(owner)[name]))
        # Else a row's own columns are asked for once, whatever test was first.
        patched.setattr("django_flex.binding.grant_cache.GrantCache.get", lambda *_: None)
        yield found


def touched(access: Access, clause: str, path: str, value: str) -> Touched:
    ways: tuple[str, ...] = ()
    model, here = "", access
    while isinstance(here, NestedAccess):
        ways = (".".join(hop.name for hop in here.hops), *ways)
        here = here.outer
    model = here.entry.name
    return Touched(clause, path, value, model, ways)


def unlisted(found: set[Touched], matrix: Matrix, role: str) -> list[Touched]:
    """Return what was touched, and is in no cell of a role."""
    cells = {model: by_role.get(role) for model, by_role in matrix.models.items()}
    return sorted((one for one in found if not _lists(one, cells)), key=repr)


def _lists(one: Touched, cells: dict[str, Cell | None]) -> bool:
    cell = cells[one.model]
    if cell is None:
        return False
    here = "".join(f"{way}." for way in one.ways)
    if _opens(cell, one, here, one.path):
        return True
    for end in range(len(one.ways), 0, -1):
        way = "".join(f"{name}." for name in one.ways[: end - 1])
        if _opens(cell, one, way, ".".join((*one.ways[end - 1 :], one.path))):
            return True
    return any(
        _lists(Touched(one.clause, one.path, one.value, model, one.ways[number + 1 :]), cells)
        for number, way in enumerate(one.ways)
        for model in _listed(cell, way, "".join(f"{name}." for name in one.ways[:number]))
    )


def _listed(cell: Cell, way: str, inside: str) -> Iterator[str]:
    for opening in cell.openings:
        if (opening.clause, opening.path, opening.inside) == ("list", way, inside):
            yield from opening.values


def _opens(cell: Cell, one: Touched, inside: str, path: str) -> bool:
    for opening in cell.openings:
        if opening.clause != one.clause or opening.inside != inside:
            continue
        if not _matches(opening.path, path):
            continue
        values = opening.values
        pattern = one.value.rpartition(".")[2] in PATTERNS
        if one.clause in {"field", "aggregate"} or one.value in values:
            return True
        if one.clause == "filter" and "*" in values and not pattern:
            return True
    return False


def _matches(opened: str, path: str) -> bool:
    return path == opened or (opened.endswith(".*") and path.startswith(opened[:-1]))
