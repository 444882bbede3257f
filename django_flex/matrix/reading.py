"""A matrix in the words of its readers, for the forms that people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django_flex.matrix.grouping import grouped
from django_flex.matrix.rules import ALL_ROWS
from django_flex.matrix.values import ANY_OPERATOR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.matrix.grouping import Group
    from django_flex.matrix.values import Cell, Opening

#: What a clause lets a role do, as the first word of a line.
_WORDS = {
    "operation": "do",
    "field": "read",
    "filter": "filter by",
    "order": "sort by",
    "group": "group by",
    "aggregate": "aggregate",
    "search": "search in",
    "list": "ask lists",
    "add": "add with",
    "edit": "edit",
    "delete": "delete with it",
    "action": "run",
}
_VALUES = {
    ANY_OPERATOR: "any operator",
    "exact": "equality",
    "row": "of a row",
    "total": "in total",
}
#: Values that are as usual, so that they are not said.
_USUAL: Mapping[str, frozenset[tuple[str, ...]]] = {
    "order": frozenset({("ascending", "descending")}),
    "filter": frozenset({(ANY_OPERATOR,)}),
    "aggregate": frozenset({("row", "total")}),
}
_SHORT = {
    "get": "read",
    "list": "read",
    "add": "add",
    "edit": "edit",
    "delete": "delete",
    "bulk_edit": "edit",
    "bulk_delete": "delete",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a section."""

    clause: str
    at: str
    names: str
    values: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The roles that may do the same on a model, and what that is; the lines are those of the first."""

    titles: tuple[str, ...]
    rules: tuple[tuple[str, str], ...]
    findings: tuple[str, ...]
    lines: tuple[Line, ...]


def summary(cell: Cell | None) -> str:
    """Return what a role may do on a model in few words, empty for nothing."""
    if cell is None:
        return ""
    names = list(dict.fromkeys(_SHORT.get(one, one) for one in cell.operations))
    names += [one.path for one in cell.openings if one.clause == "action"]
    text = ", ".join(sorted(names, key=_rank))
    some = "" if cell.rules["rows"] == ALL_ROWS else " (some rows)"
    return f"{text}{some}{' !' if cell.findings else ''}"


def _rank(name: str) -> tuple[int, str]:
    known = ("read", "add", "edit", "delete", "aggregate")
    return (known.index(name), "") if name in known else (len(known), name)


def sections(cells: Mapping[str, Cell]) -> list[Section]:
    """Return what roles may do on one model; those that may do the same are in one section."""
    alike: dict[object, list[str]] = {}
    for role, cell in cells.items():
        same = tuple((*one.subject, one.values) for one in cell.openings)
        alike.setdefault((same, tuple(cell.rules.items()), cell.findings), []).append(role)
    return [_section(roles, cells) for roles in alike.values()]


def _section(roles: list[str], cells: Mapping[str, Cell]) -> Section:
    first = cells[roles[0]]
    return Section(
        titles=tuple(_title(role, cells[role]) for role in roles),
        rules=tuple(first.rules.items()),
        findings=first.findings,
        lines=tuple(map(_line, grouped(map(_plainly, first.openings)))),
    )


def _plainly(one: Opening) -> Opening:
    """Return an opening without the terms of lines that only name its own path."""
    return replace(one, by=tuple(dict.fromkeys(_place(line, one) for line in one.by)))


def _place(line: str, one: Opening) -> str:
    place, _, term = line.removesuffix("'").partition(": '")
    named = term.removeprefix("-")
    own = any(
        named == path or named.startswith(f"{path}.") for path in (one.path, one.inside + one.path)
    )
    return place if own else line


def _title(role: str, cell: Cell) -> str:
    return role if cell.granted_as == role else f"{role} (as {cell.granted_as})"


def _line(group: Group) -> Line:
    inside = f"in the list {group.inside.removesuffix('.')}: " if group.inside else ""
    return Line(
        clause=_WORDS[group.clause],
        at=f"{inside}{group.at}" if group.at or inside else "",
        names=", ".join(_shortened(group.names) if group.clause == "aggregate" else group.names),
        values="" if group.values in _USUAL.get(group.clause, ()) else _values(group),
        by=group.by,
    )


def _shortened(names: Iterable[str]) -> list[str]:
    """Return aggregates by their functions: ``price.(avg, sum)``."""
    found: dict[str, list[str]] = {}
    for name in names:
        path, _, function = name.rpartition(".")
        found.setdefault(path, []).append(function)
    return [
        f"{path}.({', '.join(functions)})" if path else ", ".join(functions)
        for path, functions in found.items()
    ]


def _values(group: Group) -> str:
    names = (_VALUES.get(value, value) for value in group.values)
    text = ", ".join(names)
    return f"as {text}" if group.clause == "list" and text else text
