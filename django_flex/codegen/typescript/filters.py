"""What a row can be filtered by, as an interface with a member for each name that may follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_flex.codegen.paths import aggregates_of, names_of
from django_flex.codegen.typescript.schemas import JSON, listed, named, type_of
from django_flex.describe import capitalized
from django_flex.query.kinds import KINDS
from django_flex.query.operators import DERIVED_KINDS, OPERATORS, TRANSFORMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.codegen.typescript.pool import Declarations
    from django_flex.describe import ReachDescription, Spelling

_BASE = "flex.Conditions"
_OF_TEXT = frozenset({"text", "file"})
_NULLABLE = frozenset({"exact", "ne"})
_FIXED = {
    "boolean": "boolean",
    "pattern": "string",
    "keys": "readonly string[]",
    "part": "unknown",
    "document": "unknown",
    "distance": "unknown",
    "box": "readonly [number, number, number, number]",
}


@dataclass(slots=True)
class Filtered:
    """A name in filters: the operators behind it, and the names that may follow."""

    kind: str = "text"
    operators: tuple[str, ...] = ()
    many: bool = False
    open: bool = False
    names: dict[str, Filtered] = field(default_factory=dict)

    def at(self, path: str) -> Filtered:
        """Return the name at the end of a path."""
        found = self
        for name in path.split("."):
            found = found.names.setdefault(name, Filtered())
        return found

    @property
    def used(self) -> bool:
        """Whether anything can be filtered by it."""
        return bool(self.operators or self.open or any(one.used for one in self.names.values()))


def filtered_of(reach: ReachDescription) -> Filtered:
    """Return what a row can be filtered by."""
    root = Filtered()
    for relation in reach.relations:
        found = root.at(relation.path)
        found.many = relation.cardinality == "many"
        found.kind, found.operators = relation.kind, relation.operators
    for one in reach.fields:
        if one.operators:
            for path in names_of(one):
                found = root.at(path)
                found.kind, found.operators = one.column.kind, one.operators
        if one.keys is not None and one.keys.operators:
            root.at(one.path).open = True
    for total in aggregates_of(reach):
        if total.operators:
            found = root.at(total.path)
            found.kind, found.operators = total.kind, total.operators
    return root


def filters_interface(
    title: str, filtered: Filtered, declarations: Declarations, spelling: Spelling
) -> str:
    """Return the name of the interface of what a row can be filtered by."""
    members = (
        f"{named(name)}: {_member(title, name, one, declarations, spelling)}"
        for name, one in filtered.names.items()
        if one.used
    )
    return declarations.interface(f"{title}Filters", members, _BASE)


def _member(
    title: str, name: str, one: Filtered, declarations: Declarations, spelling: Spelling
) -> str:
    """Return the type of a name: what may follow, of the value itself and of what is behind it."""
    parts = []
    names = {key: found for key, found in one.names.items() if found.used}
    # A field comes before an operator of its name.
    operators = tuple(text for text in one.operators if text.split(".")[0] not in names)
    if operators:
        parts.append(operators_interface(one.kind, operators, declarations, spelling))
    if names:
        behind = filters_interface(f"{title}{capitalized(name)}", one, declarations, spelling)
        parts.append(f"flex.Rows<{behind}>" if one.many else behind)
    if one.open:
        parts.append("flex.OpenConditions")
    return " & ".join(parts)


def operators_interface(
    kind: str, operators: Iterable[str], declarations: Declarations, spelling: Spelling
) -> str:
    """Return the name of the interface of what may follow a value of a kind."""
    kind, asked = DERIVED_KINDS.get(kind, kind), tuple(operators)

    def make() -> str:
        members = _operators(kind, asked, declarations, spelling)
        return declarations.interface(f"{kind.title()}Conditions", members, _BASE)

    return declarations.once((kind, asked), make)


def _operators(
    kind: str, operators: Iterable[str], declarations: Declarations, spelling: Spelling
) -> Iterator[str]:
    behind: dict[str, list[str]] = {}
    for text in operators:
        name, _, rest = text.partition(".")
        if rest:
            behind.setdefault(name, []).append(rest)
        else:
            yield f"{named(spelling.path(name))}: {operand(kind, name)}"
    for name, rests in behind.items():
        there = operators_interface(TRANSFORMS[name].result, rests, declarations, spelling)
        yield f"{named(spelling.path(name))}: {there}"


def operand(kind: str, operator: str) -> str:
    """Return the type of what an operator compares a value of a kind with."""
    takes = OPERATORS[operator].takes
    if takes == "part" and kind in _OF_TEXT:
        return "string"
    if takes in _FIXED:
        return _FIXED[takes]
    value = type_of(KINDS[kind].sent)
    if value == JSON:
        return "unknown" if takes == "value" else listed("unknown")
    value = f"{value} | flex.Dynamic"
    if takes == "list":
        return listed(value)
    if takes == "pair":
        return f"readonly [{value}, {value}]"
    return f"{value} | null" if operator in _NULLABLE else value
