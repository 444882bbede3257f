"""Openings put together for readers: those that differ in nothing but a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.matrix.values import CLAUSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.matrix.values import Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Openings of one clause with the same values and lines; ``at`` is how their paths begin."""

    clause: str
    inside: str
    at: str
    names: tuple[str, ...]
    values: tuple[str, ...]
    by: tuple[str, ...]


#: Clauses whose paths end in a function behind the name of a column.
_WITH_FUNCTION = frozenset({"aggregate"})


def grouped(openings: Iterable[Opening]) -> tuple[Group, ...]:
    """Return openings in groups, sorted."""
    found: dict[tuple[str, str, str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for one in openings:
        at, name = _split(one)
        key = one.clause, one.inside, at, one.values, one.by
        found.setdefault(key, []).append(name)
    groups = (
        Group(clause=clause, inside=inside, at=at, names=tuple(names), values=values, by=by)
        for (clause, inside, at, values, by), names in found.items()
    )
    return tuple(sorted(groups, key=_order))


def _split(one: Opening) -> tuple[str, str]:
    parts = one.path.split(".")
    end = len(parts) - (2 if one.clause in _WITH_FUNCTION else 1)
    if one.clause == "delete":  # the label of a model
        end = 0
    names = parts[: max(end, 0)]
    return "".join(f"{name}." for name in names), ".".join(parts[len(names) :])


def _order(group: Group) -> tuple[int, str, str, tuple[str, ...]]:
    return CLAUSES.index(group.clause), group.inside, group.at, group.names
