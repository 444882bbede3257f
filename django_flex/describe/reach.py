"""What may be requested of a row, path by path: each answer is the one that a query would get."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from django_flex.access.everything import aggregates_by_all, filters_by_all, filters_by_all_of
from django_flex.access.reach import Access, NestedAccess
from django_flex.analysis.aggregates.group_keys import parts_of
from django_flex.analysis.aggregates.groups import OVER_RELATED
from django_flex.analysis.read.search import searchable
from django_flex.binding.related_aggregates import find_relation_measure
from django_flex.describe.resource import column_of, entry_name, may_be_missing
from django_flex.describe.values import (
    AggregateDescription,
    FieldDescription,
    KeysDescription,
    ReachDescription,
    RelationDescription,
)
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.operators import DERIVED_KINDS, OPERATORS, TRANSFORMS
from django_flex.schema.aggregates import (
    Measure,
    crossings_of,
    functions_of,
    kind_of_result,
    totals_of,
)
from django_flex.schema.paths import ResolvedPath, hops_to_others

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.describe.values import ColumnDescription, Direction
    from django_flex.policy.model import Grant
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Relation, Resource

#: Represents any key of a JSON value; no key has this name.
ANY_KEY = ("*",)
DIRECTIONS: tuple[tuple[bool, Direction], ...] = ((False, "ascending"), (True, "descending"))


def reachable(access: Access) -> ReachDescription:
    """Return what a caller may request of a row, over as many relations as a path may have."""
    walk = SchemaWalker(access)
    walk.visit(())
    search = sorted(".".join(target.canonical) for target in searchable(access))
    return ReachDescription(
        fields=tuple(walk.fields), relations=tuple(walk.relations), search=tuple(search)
    )


class SchemaWalker:
    """A walk through the paths from one row."""

    __slots__ = ("access", "depth", "fields", "relations", "written")

    def __init__(self, access: Access) -> None:
        self.access = access
        self.depth = access.limits.max_relation_depth - len(hops_to_others(_way_to(access)))
        self.written = frozenset(_written(access))
        self.fields: list[FieldDescription] = []
        self.relations: list[RelationDescription] = []

    def visit(self, hops: tuple[Relation, ...]) -> None:
        """Describe the columns at the end of a path, and the relations from there."""
        resource = hops[-1].target if hops else self.access.resource
        for attribute in resource.attributes.values():
            target = ResolvedPath(hops, attribute)
            self._describe(target)
            if attribute.kind in {"array", "file", "hstore", "json"}:
                for keys in _written_keys(target, self.access):
                    self._describe(ResolvedPath(hops, attribute, keys))
        ends = len(hops_to_others(hops)) >= self.depth
        for relation in resource.relations.values():
            if not ends or relation.same_row:
                self._cross((*hops, relation), resource)

    def _describe(self, target: ResolvedPath) -> None:
        # A path that is not readable has to be named, for any clause.
        readable = self.access.readable(target)
        if target.keys and target.attribute.kind == "file":
            if readable:  # a part of a file can only be read
                self.fields.append(_file_part(target, self.access))
            return
        if readable or target.canonical in self.written or target.attribute.kind == "json":
            found = field_of(target, self.access, readable=readable)
            if found is not None:
                self.fields.append(found)

    def _cross(self, way: tuple[Relation, ...], resource: Resource) -> None:
        before = len(self.fields), len(self.relations)
        self.visit(way)
        relation, access = way[-1], self.access
        names = tuple(hop.name for hop in way)
        many = relation.cardinality == "many"
        count, rows = None, ResolvedPath(way, relation.item, via=True)
        if many:
            count = aggregate_of(
                Measure(FUNCTIONS["count"], rows, of_rows=True), access, len(crossings_of(way))
            )
        named = relation.column is None
        kind = rows.attribute.kind
        operators = _operators(rows, access) if named else ()
        if rows.is_pointer:  # no single value: it is there or not, and compared by its type and key
            operators = tuple(name for name in operators if name == "isnull")
        # No path may lead there, and a list in a list all the same.
        inside = _inside(way, access)
        nothing = (len(self.fields), len(self.relations)) == before
        if nothing and not (count or operators or inside):
            return
        described = RelationDescription(
            path=".".join(names),
            cardinality=relation.cardinality,
            null=not many and may_be_missing(relation, access),
            model=entry_name(relation.label, access),
            label=relation.caption,
            item=_item(rows, access),
            kind=kind,
            operators=operators,
            directions=(
                _directions(rows, access) if named and not (many or rows.is_pointer) else ()
            ),
            count=count,
            inside=inside,
        )
        self.relations.insert(before[1], described)


def _item(rows: ResolvedPath, access: Access) -> ColumnDescription | None:
    """Return what the name of a relation gives of each row, if it is no column's name."""
    if rows.hops[-1].column is not None or not access.readable(rows):
        return None
    return column_of(rows, access)


def _inside(way: tuple[Relation, ...], access: Access) -> ReachDescription | None:
    """Return what the arguments of a nested list may ask; a list in a list is described in there."""
    if [hop for hop in way if hop.cardinality == "many"] != [way[-1]]:
        return None
    inside = access.inside(way)
    return reachable(inside) if any(inside.readable_attributes(())) else None


def field_of(target: ResolvedPath, access: Access, *, readable: bool) -> FieldDescription | None:
    """Return what may be done with a path, ``None`` if that is nothing."""
    path, kind = target.canonical, target.value.kind
    # An item of an array or hstore can be read and filtered, and nothing else.
    whole = target.attribute.kind not in {"array", "hstore"} or not target.keys
    has_items = whole and kind in {"array", "hstore"}
    single = whole and all(hop.cardinality == "one" for hop in target.hops)
    parts = parts_of(target) if single and readable else ()
    field = FieldDescription(
        path=".".join(path),
        column=column_of(target, access),
        readable=readable,
        named=path in access.grant.fields.exact,
        covered=readable and not target.keys and _is_covered(target, access),
        operators=_operators(target, access) if whole or kind != "array" else (),
        directions=_directions(target, access) if single else (),
        transforms=tuple(part for part in parts if part),
        parts=parts if _groups(access) else (),
        aggregates=tuple(_aggregates(target, access)),
        keys=_keys(target, access, single=single) if kind == "json" or has_items else None,
    )
    used = field.readable or field.operators or field.directions or field.aggregates or field.keys
    return field if used else None


def _is_covered(target: ResolvedPath, access: Access) -> bool:
    return access.grant.unrestricted or not access.leaves_out(target)


def _file_part(target: ResolvedPath, access: Access) -> FieldDescription:
    path = target.canonical
    return FieldDescription(
        path=".".join(path),
        column=column_of(target, access),
        readable=True,
        named=path in access.grant.fields.exact,
    )


def _groups(access: Access) -> bool:
    """Whether the caller may request groups; the rows of a nested list cannot be grouped."""
    granted = access.grant.unrestricted or "aggregate" in access.grant.operations
    return granted and not isinstance(access, NestedAccess)


def _keys(target: ResolvedPath, access: Access, *, single: bool) -> KeysDescription | None:
    anything = ResolvedPath(target.hops, target.attribute, (*target.keys, *ANY_KEY))
    kind = anything.value.kind
    found = KeysDescription(
        readable=access.readable(anything),
        operators=_operators(anything, access) if kind != "array" else (),
        directions=_directions(anything, access) if single and kind == "json" else (),
    )
    return found if found.readable or found.operators or found.directions else None


def _directions(target: ResolvedPath, access: Access) -> tuple[Direction, ...]:
    return tuple(
        name for descending, name in DIRECTIONS if access.may_order(target, descending=descending)
    )


def _operators(target: ResolvedPath, access: Access) -> tuple[str, ...]:
    kind = target.value.kind
    if filters_by_all(access, target):
        return operators_of(kind)
    return tuple(text for rest, text in rests(kind) if access.may_filter(target, rest))


@cache
def operators_of(kind: str) -> tuple[str, ...]:
    """Return everything that may follow a path of a kind, if it is granted, with dots."""
    return tuple(text for _, text in rests(kind))


@cache
def rests(kind: str) -> tuple[tuple[Path, str], ...]:
    """Return everything that may follow a path of a kind, with dots: transforms, then an operator."""
    return tuple((rest, ".".join(rest)) for rest in _rests(DERIVED_KINDS.get(kind, kind)))


def _rests(kind: str) -> Iterator[Path]:
    for operator in OPERATORS.values():
        if kind in operator.kinds:
            yield (operator.name,)
    for transform in TRANSFORMS.values():
        if kind in transform.kinds:
            result = DERIVED_KINDS.get(transform.result, transform.result)
            yield from ((transform.name, *rest) for rest in _rests(result))


def _aggregates(target: ResolvedPath, access: Access) -> Iterator[AggregateDescription]:
    crossings = len(crossings_of(target.hops))
    if crossings > 1 or (crossings == 0 and isinstance(access, NestedAccess)):
        return  # no clause takes these
    if crossings == 0 and aggregates_by_all(access, target):
        path = ".".join(target.canonical)
        for name, kind in totals_of(target):
            yield AggregateDescription(
                path=f"{path}.{name}", function=name, kind=kind, total=True, of_row=False
            )
        return
    for function in functions_of(target):
        found = aggregate_of(Measure(function, target, of_rows=False), access, crossings)
        if found is not None:
            yield found


def aggregate_of(measure: Measure, access: Access, crossings: int) -> AggregateDescription | None:
    """Return how an aggregate over some to-many relations may be requested, ``None`` if it may not."""
    if not access.may_aggregate(measure):
        return None
    path, function = measure.canonical, measure.function.name
    # A field or a JSON key with the name of a function takes precedence over the function.
    of_row = crossings == 1 and find_relation_measure(access.resource, path) is not None
    put_together = crossings == 1 and function in OVER_RELATED
    total = not isinstance(access, NestedAccess) and (crossings == 0 or put_together)
    if not (total or of_row):
        return None
    kind = kind_of_result(measure)
    if not of_row:
        return AggregateDescription(
            path=".".join(path), function=function, kind=kind, total=total, of_row=False
        )
    return AggregateDescription(
        path=".".join(path),
        function=function,
        kind=kind,
        total=total,
        of_row=True,
        operators=_operators_of(measure, kind, access),
        directions=tuple(
            name
            for descending, name in DIRECTIONS
            if access.may_order_by(measure, descending=descending)
        ),
    )


def _operators_of(measure: Measure, kind: str, access: Access) -> tuple[str, ...]:
    if filters_by_all_of(access, measure):
        return operators_of(kind)
    return tuple(text for rest, text in rests(kind) if access.may_filter_by(measure, rest))


def _way_to(access: Access) -> tuple[Relation, ...]:
    return (*_way_to(access.outer), *access.hops) if isinstance(access, NestedAccess) else ()


def _written(access: Access) -> Iterator[Path]:
    """Yield the paths that grants write out for filters, orders and aggregates, as seen from here."""
    yield from _clauses(access.grant)
    if isinstance(access, NestedAccess):
        names = tuple(hop.name for hop in access.hops)
        for path in _written(access.outer):
            if path[: len(names)] == names:
                yield path[len(names) :]


def _clauses(grant: Grant) -> Iterator[Path]:
    filters, aggregates = grant.filters, grant.aggregates
    for path, _ in (*filters.exact, *grant.order_by.exact):
        yield path
        yield path[:-1]  # before the function, where it is an aggregate
    yield from filters.open_paths
    for path in aggregates.exact:
        yield path[:-1]
    yield from aggregates.open_paths


def _written_keys(target: ResolvedPath, access: Access) -> list[Path]:
    """Return the keys in a JSON value that some grant writes out, of whichever model on the way."""
    found: set[Path] = set()
    for grant, path in _grants_on(target, access):
        for written in (*grant.fields.exact, *_clauses(grant)):
            if len(written) > len(path) and written[: len(path)] == path:
                found.add(written[len(path) :])
    return sorted(found)


def _grants_on(target: ResolvedPath, access: Access) -> Iterator[tuple[Grant, Path]]:
    """Yield the grants that may say something of a path, each with the path as it writes it."""
    yield access.grant, target.canonical
    for position, hop in enumerate(target.hops, 1):
        grant = access.related_grant(hop.label)
        if grant is not None:
            yield grant, target.canonical[position:]
    if isinstance(access, NestedAccess):
        yield from _grants_on(replace(target, hops=(*access.hops, *target.hops)), access.outer)
