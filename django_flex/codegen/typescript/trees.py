"""What can be sorted by, summed up and grouped by, as interfaces that are nested like the paths."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django_flex.codegen.paths import names_of
from django_flex.codegen.texts import literal
from django_flex.codegen.typescript.reads import part_type, value_of
from django_flex.codegen.typescript.schemas import named, or_null, type_of, union
from django_flex.query.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django_flex.codegen.paths import Level
    from django_flex.codegen.typescript.pool import Declarations
    from django_flex.describe import AggregateDescription, ReachDescription, Spelling


@dataclass(slots=True)
class Tree:
    """A name: its own type, if it has one, and the names that may follow."""

    type: str = ""
    names: dict[str, Tree] = field(default_factory=dict)

    def put(self, path: str, found: str) -> None:
        """Give the name at the end of a path its type."""
        tree = self
        for name in path.split("."):
            tree = tree.names.setdefault(name, Tree())
        tree.type = found


def tree_interface(wanted: str, tree: Tree, declarations: Declarations) -> str:
    """Return the name of the interface of a tree of values, ``{}`` if there is nothing in it."""
    if not tree.names:
        return "{}"
    return declarations.interface(wanted, _values(wanted, tree, declarations))


def _values(wanted: str, tree: Tree, declarations: Declarations) -> Iterator[str]:
    for name, one in tree.names.items():
        if not one.names:
            yield f"{named(name)}: {one.type}"
            continue
        members = ["$tree: true", *([f"$is: {one.type}"] if one.type else [])]
        members += _values(wanted, one, declarations)
        yield f"{named(name)}: {declarations.interface(wanted, members)}"


def orders_interface(
    title: str, reach: ReachDescription, declarations: Declarations, spelling: Spelling
) -> str:
    """Return the name of the interface of what rows can be sorted by."""
    tree = Tree()
    for one in reach.fields:
        parts = ""
        if one.directions:
            shown = union(literal(spelling.path(part)) for part in one.transforms)
            parts = f", {shown}" if one.transforms else ""
            found = f"flex.Sorted<{union(map(literal, one.directions))}{parts}>"
            for path in names_of(one):
                tree.put(path, found)
        if one.keys is not None and one.keys.directions:
            tree.put(one.path, f"flex.SortedKeys<{union(map(literal, one.keys.directions))}>")
        for total in one.aggregates:
            _put_order(tree, total, spelling)
    for relation in reach.relations:
        if relation.count is not None:
            _put_order(tree, relation.count, spelling)
        if relation.directions:
            directions = union(map(literal, relation.directions))
            tree.put(relation.path, f"flex.Sorted<{directions}>")
    return _orders(f"{title}Orders", tree, declarations)


def _put_order(tree: Tree, one: AggregateDescription, spelling: Spelling) -> None:
    if one.directions:
        directions = union(map(literal, one.directions))
        tree.put(spelling.path(one.path), f"flex.Sorted<{directions}>")


def _orders(wanted: str, tree: Tree, declarations: Declarations) -> str:
    members = []
    for name, one in tree.names.items():
        parts = [declarations.alias("Sorted", one.type)] if one.type else []
        if one.names:
            parts.append(_orders(wanted, one, declarations))
        members.append(f"{named(name)}: {' & '.join(parts)}")
    return declarations.interface(wanted, members) if members else "{}"


def total_type(one: AggregateDescription, *, hidden: bool) -> str:
    """Return the type of an aggregate; ``hidden``: it is null where there are too few rows."""
    found = type_of(KINDS[one.kind].reply)
    return found if one.function.startswith("count") and not hidden else or_null(found)


def groups_of(reach: ReachDescription, levels: Mapping[str, Level], spelling: Spelling) -> Tree:
    """Return what rows can be grouped by; behind a row that may be missing each is null."""
    nullable = {one.path for one in reach.relations if one.null}
    tree = Tree()
    for one in reach.fields:
        null = _behind(one.path, nullable)
        for part in one.parts:
            if not part:
                found = value_of(one.column)
                null = null or one.path in nullable
                for path in names_of(one):
                    tree.put(path, or_null(found) if null else found)
                continue
            found = part_type(one.column.kind, part)
            null_part = null or one.column.null
            path = f"{one.path}.{spelling.path(part)}"
            tree.put(path, or_null(found) if null_part else found)
    return tree


def _behind(path: str, relations: Iterable[str]) -> bool:
    return any(path.startswith(f"{one}.") for one in relations)
