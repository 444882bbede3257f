"""JSON Schema of ``having``: conditions on groups, and on the aggregates of each."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from django_flex.describe import operators_of
from django_flex.openapi.filters import conditions_schema, either, own, pattern_of
from django_flex.query.aggregates import TRUNCATIONS
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.schema.group_parts import part_result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.describe import AggregateDescription, ModelDescription, Spelling
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node


class _Ends(NamedTuple):
    """What follows a path to give a group or an aggregate: parts of a kind, functions with their kinds."""

    kind: str = ""
    parts: tuple[str, ...] = ()
    functions: tuple[tuple[str, str], ...] = ()


def having_ref(
    name: str, model: ModelDescription, components: Components, spelling: Spelling
) -> Node:
    """Return a reference to the schema of the conditions on groups.

    Only a query tells which names it gives to groups and aggregates, so what has the form of such a
    name may be compared with anything.
    """

    def make() -> Node:
        words = "|".join(spelling.path(one) for one in sorted({*OPERATORS, *TRANSFORMS}))
        patterns: Node = {f"^[A-Za-z0-9_]{{1,64}}(\\.({words}))*$": {}}
        groups: dict[_Ends, list[str]] = {}
        for path, ends in _compared(model):
            groups.setdefault(ends, []).append(path)
        for ends, paths in groups.items():
            patterns |= _patterns(either(paths), ends, components, spelling)
        return conditions_schema(name, _count(model, components, spelling), patterns)

    return components.ref(name, make)


def totals_of(model: ModelDescription) -> Iterator[AggregateDescription]:
    """Yield the aggregates that may be requested over all rows."""
    found = [model.count] if model.count is not None else []
    found += [one.count for one in model.reach.relations if one.count is not None]
    for field in model.reach.fields:
        found += field.aggregates
    yield from (one for one in found if one.total)


def _count(model: ModelDescription, components: Components, spelling: Spelling) -> Node:
    """Return what the number of rows is compared with, by the operators themselves."""
    count = model.count
    if count is None or not count.total:
        return {}
    return dict(own([(count.path, count.kind, operators_of(count.kind))], components, spelling))


def _compared(model: ModelDescription) -> Iterator[tuple[str, _Ends]]:
    """Yield the paths that groups and aggregates begin with, and what follows them."""
    for relation in model.reach.relations:
        count = relation.count
        if count is not None and count.total:
            yield relation.path, _Ends(functions=((count.function, count.kind),))
    for field in model.reach.fields:
        functions = [(one.function, one.kind) for one in field.aggregates if one.total]
        yield field.path, _Ends(field.column.kind, field.parts, tuple(functions))


def _patterns(
    paths: str, ends: _Ends, components: Components, spelling: Spelling
) -> Iterator[tuple[str, Node]]:
    """Yield a pattern for each kind of what is compared, and what it is compared with."""
    alike: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for part in ends.parts:
        for kind in _kinds(part, ends.kind):
            alike.setdefault((kind, _operators(part, kind)), []).append(part)
    for function, kind in ends.functions:
        alike.setdefault((kind, operators_of(kind)), []).append(function)
    for (kind, operators), words in alike.items():
        named = "|".join(spelling.path(word) for word in words if word)
        way = f"({paths})(\\.({named})){'?' if '' in words else ''}" if named else paths
        direct = tuple(one for one in operators if "." not in one)
        yield pattern_of(way, kind, direct, components, spelling)
        behind = tuple(one for one in operators if "." in one)
        if behind:
            yield pattern_of(way, kind, behind, components, spelling)


def _kinds(part: str, kind: str) -> Iterator[str]:
    """Yield the kind of a group, none if it cannot be compared."""
    found = part_result("", kind, part) if part else None
    found_kind = kind if found is None else found.kind
    if found_kind != "json":
        yield found_kind


@cache
def _operators(part: str, kind: str) -> tuple[str, ...]:
    """Return how a group is compared: the start of a period only as a whole."""
    whole = part in TRUNCATIONS and kind == "datetime"
    return tuple(one for one in operators_of(kind) if not (whole and "." in one))
