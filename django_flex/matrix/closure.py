"""All that a role can reach from one model, by any clause, with the lines that grant it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, TypeAlias

from django_flex.access.proxies import label_with_entry
from django_flex.access.reach import NestedAccess
from django_flex.analysis.writes.writable import may_write
from django_flex.describe import operators_of
from django_flex.describe.origins import (
    Question,
    may_aggregate,
    may_filter,
    may_filter_by,
    may_order,
    may_order_by,
    may_read,
    of_operation,
    of_search,
    place_in,
    reach_from,
)
from django_flex.describe.reach import ANY_KEY
from django_flex.matrix.values import ANY_OPERATOR, Opening
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.operators import PATTERNS
from django_flex.schema.aggregates import Measure
from django_flex.schema.dependents import dependents
from django_flex.schema.introspection import model_of
from django_flex.schema.paths import ResolvedPath, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django_flex.access.reach import Access
    from django_flex.describe import (
        AggregateDescription,
        FieldDescription,
        ModelDescription,
        ReachDescription,
        RelationDescription,
    )
    from django_flex.describe.origins import Origin, Origins
    from django_flex.query.ast import Path
    from django_flex.schema.dependents import Dependent
    from django_flex.schema.resources import Relation


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Something that may be asked of rows, and how to find out from which lines that comes."""

    clause: str
    path: str
    values: tuple[str, ...] = ()
    inside: str = ""
    by: Callable[[], tuple[Origin, ...]] = tuple

    @property
    def subject(self) -> tuple[str, str]:
        """What it is about, as seen from the rows."""
        return self.clause, self.path

    def opening(self) -> Opening:
        """Return it as a value."""
        by = tuple(map(str, self.by()))
        return Opening(
            clause=self.clause, path=self.path, inside=self.inside, values=self.values, by=by
        )


#: What may be asked by subject: the clause and the path.
Known: TypeAlias = "dict[tuple[str, str], Asked]"


def asked_of(model: ModelDescription, access: Access, origins: Origins) -> Known:
    """Return what may be asked of the rows of a model, and of nested lists only that they are.

    Args:
        model: the description.
        access: the caller's reach, of which it is.
        origins: finds the lines of the settings.
    """
    walk = Walk(access, origins)
    found = list(walk.reach(model.reach))
    if model.count is not None:
        measure = Measure(FUNCTIONS["count"], None, of_rows=True)
        found += walk.aggregate(model.count, measure)
    return {one.subject: one for one in found}


def openings_of(
    model: ModelDescription, access: Access, origins: Origins, known: Mapping[str, Known]
) -> tuple[Opening, ...]:
    """Return everything that a description says may be done, sorted.

    Args:
        model: the description.
        access: the caller's reach, of which it is.
        origins: finds the lines of the settings.
        known: what the same caller may ask of each model, by the name of its entry.
    """
    here = known[model.summary.name]
    lists = _lists(model.reach, Walk(access, origins), here, known)
    found = [one.opening() for one in (*here.values(), *lists)]
    found += _operations(model, access)
    found += _actions(model, access)
    found += _writes(model, access, origins)
    found += _cascades(model, access)
    return tuple(sorted(found, key=lambda one: one.order))


def _lists(
    reach: ReachDescription, walk: Walk, outside: Known, known: Mapping[str, Known]
) -> Iterator[Asked]:
    """Yield what the arguments of nested lists may ask beyond what is said elsewhere."""
    for relation in reach.relations:
        if relation.inside is None:
            continue
        there = walk.inside_of(relation)
        own = known.get(walk.listed(relation), {})
        here = {one.subject: one for one in there.reach(relation.inside)}
        for one in here.values():
            outer = outside.get((one.clause, f"{relation.path}.{one.path}"))
            if not (_covers(own.get(one.subject), one) or _covers(outer, one)):
                yield one
        yield from _lists(relation.inside, there, here, known)


def _covers(known: Asked | None, one: Asked) -> bool:
    if known is None:
        return False
    if known.clause == "aggregate":  # in a list there are no totals
        return {*one.values} <= {*known.values, "row"}
    return {*one.values} <= {*known.values} or ANY_OPERATOR in known.values


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """A walk over the paths of a description; ``inside`` is the way to a nested list, with a dot."""

    access: Access
    origins: Origins
    inside: str = ""

    def reach(self, reach: ReachDescription) -> Iterator[Asked]:
        """Yield what may be asked of rows."""
        resource = self.access.resource
        for field in reach.fields:
            target = resolve(resource, tuple(field.path.split(".")), file_parts=True, items=True)
            yield from self._field(field, target)
        for path in reach.search:
            yield self._asked("search", path, (), partial(self._searched, path))
        for relation in reach.relations:
            yield from self._relation(relation)

    def aggregate(self, one: AggregateDescription, measure: Measure) -> Iterator[Asked]:
        """Yield how an aggregate may be asked for."""
        values = tuple(name for name, may in (("row", one.of_row), ("total", one.total)) if may)
        yield self._asked("aggregate", one.path, values, self._by(may_aggregate(measure)))
        if one.operators:
            by = self._by(may_filter_by(measure, _paths(one.operators)))
            yield self._asked("filter", one.path, _shortened(one.operators, one.kind), by)
        if one.directions:
            by = self._by(may_order_by(measure, _descending(one.directions)))
            yield self._asked("order", one.path, one.directions, by)

    def inside_of(self, relation: RelationDescription) -> Walk:
        """Return the walk over the rows of a nested list."""
        nested = self.access.inside(self._way(relation))
        return Walk(nested, self.origins, f"{self.inside}{relation.path}.")

    def listed(self, relation: RelationDescription) -> str:
        """Return the name of the entry whose grant holds in a nested list, empty without one."""
        grant = self.access.listing_grant(self._way(relation))
        if grant.empty:
            return ""
        policy, label = self.access.policy, self._way(relation)[-1].label
        found = label_with_entry(policy, label)
        return "" if found is None else policy.entries[found].name

    def _way(self, relation: RelationDescription) -> tuple[Relation, ...]:
        return resolve_hops(self.access.resource, tuple(relation.path.split(".")))

    def _field(self, field: FieldDescription, target: ResolvedPath) -> Iterator[Asked]:
        path, kind = field.path, target.value.kind
        if field.readable:
            by = self._by(may_read(target))
            yield self._asked("field", path, (), by)
            if field.parts:
                yield self._asked("group", path, (), by)
        if field.operators:
            by = self._by(may_filter(target, _paths(field.operators)))
            yield self._asked("filter", path, _shortened(field.operators, kind), by)
        if field.directions:
            by = self._by(may_order(target, _descending(field.directions)))
            yield self._asked("order", path, field.directions, by)
        for one in field.aggregates:
            measure = Measure(FUNCTIONS[one.function], target, of_rows=False)
            yield from self.aggregate(one, measure)
        if field.keys is not None:
            below = ResolvedPath(target.hops, target.attribute, (*target.keys, *ANY_KEY))
            inside = replace(
                field,
                path=f"{path}.*",
                readable=field.keys.readable,
                operators=field.keys.operators,
                directions=field.keys.directions,
                parts=(),
                aggregates=(),
                keys=None,
            )
            yield from self._field(inside, below)

    def _relation(self, relation: RelationDescription) -> Iterator[Asked]:
        way = self._way(relation)
        rows = ResolvedPath(way, way[-1].item, via=True)
        if relation.item is not None:
            yield self._asked("field", relation.path, (), self._by(may_read(rows)))
        if relation.operators:
            by = self._by(may_filter(rows, _paths(relation.operators)))
            operators = _shortened(relation.operators, relation.kind)
            yield self._asked("filter", relation.path, operators, by)
        if relation.directions:
            by = self._by(may_order(rows, _descending(relation.directions)))
            yield self._asked("order", relation.path, relation.directions, by)
        if relation.count is not None:
            measure = Measure(FUNCTIONS["count"], rows, of_rows=True)
            yield from self.aggregate(relation.count, measure)
        if relation.inside is not None:
            name = self.listed(relation)
            if name:
                by = partial(of_operation, self.access.listing_grant(way), "list")
                yield self._asked("list", relation.path, (name,), by)

    def _searched(self, path: str) -> tuple[Origin, ...]:
        access = self.access
        own = any(".".join(one.canonical) == path for one in access.grant.search)
        if own or not isinstance(access, NestedAccess):
            return of_search(access.grant, path, access.resource)
        names = ".".join(hop.name for hop in access.hops)
        return Walk(access.outer, self.origins)._searched(f"{names}.{path}")  # noqa: SLF001

    def _by(self, question: Question) -> Callable[[], tuple[Origin, ...]]:
        return partial(self.origins.of, self.access, question)

    def _asked(
        self, clause: str, path: str, values: tuple[str, ...], by: Callable[[], tuple[Origin, ...]]
    ) -> Asked:
        return Asked(clause, path, values, self.inside, by)


def _operations(model: ModelDescription, access: Access) -> Iterator[Opening]:
    for name in model.summary.operations:
        by = tuple(map(str, of_operation(access.grant, name)))
        yield Opening(clause="operation", path=name, by=by)


def _actions(model: ModelDescription, access: Access) -> Iterator[Opening]:
    for action in model.summary.actions:
        by = tuple(map(str, of_operation(access.grant, action.id)))
        inputs = tuple(sorted(str(one["name"]) for one in action.fields if "name" in one))
        yield Opening(clause="action", path=action.id, values=inputs, by=by)


def _writes(model: ModelDescription, access: Access, origins: Origins) -> Iterator[Opening]:
    for operation, write in model.writes.items():
        for one in write.inputs:
            attribute = access.resource.attribute(one.name)
            relation = None if attribute is not None else access.resource.relations[one.name]
            target = (
                ResolvedPath((relation,), relation.item, via=True)
                if relation is not None
                else resolve(access.resource, (one.name,))
            )
            values = (*one.updates, *(("upload",) if one.upload is not None else ()))
            by = tuple(map(str, origins.of_writing(access, target, operation)))
            yield Opening(clause=operation, path=one.name, values=values, by=by)
        for child in write.children:
            way = access.resource.relations[child.name]
            there = access.related_grant(way.label)
            lines = origins.of_writing(access, ResolvedPath((way,), way.item, via=True), operation)
            inner = [] if there is None else [of_operation(there, n) for n in child.operations]
            by = tuple(dict.fromkeys(map(str, (*lines, *(one for part in inner for one in part)))))
            yield Opening(clause=operation, path=child.name, values=child.operations, by=by)


def _cascades(model: ModelDescription, access: Access) -> Iterator[Opening]:
    """Yield the rows of other models that go, or change, with a row that is deleted."""
    django_model = model_of(access.resource)
    writing = access.grant.writing.get("delete")
    deletes = not {"delete", "bulk_delete"}.isdisjoint(model.summary.operations)
    if writing is None or django_model is None or not deletes:
        return
    for dependent in dependents(django_model):
        lines: tuple[Origin, ...] = ()
        if writing.cascade.opens(dependent.label):
            lines = (place_in(access.grant, "delete", "cascade"),)
        lines += _of_dependent(dependent, access)
        if lines:
            change = "delete" if dependent.changes is None else f"edit {dependent.changes}"
            yield Opening(
                clause="delete", path=dependent.label, values=(change,), by=tuple(map(str, lines))
            )


def _of_dependent(dependent: Dependent, access: Access) -> tuple[Origin, ...]:
    """Return the lines by which the role may do to such rows what the delete does to them."""
    grant, entry = access.related_grant(dependent.label), access.policy.entries.get(dependent.label)
    operation = "delete" if dependent.changes is None else "edit"
    if grant is None or entry is None or operation not in grant.operations:
        return ()
    if dependent.changes is not None:
        attribute = entry.resource.column(dependent.changes)
        there = reach_from(access, entry.resource, grant.writing["edit"].grant)
        if not may_write(ResolvedPath((), attribute), there, "edit"):
            return ()
    return of_operation(grant, operation)


@lru_cache(maxsize=4_096)
def _paths(operators: tuple[str, ...]) -> tuple[Path, ...]:
    return tuple(tuple(one.split(".")) for one in operators)


def _descending(directions: tuple[str, ...]) -> tuple[bool, ...]:
    return tuple(one == "descending" for one in directions)


@lru_cache(maxsize=4_096)
def _shortened(operators: tuple[str, ...], kind: str) -> tuple[str, ...]:
    """Return ``*`` for all operators of a kind but patterns, beside those that are patterns."""
    ordinary = [one for one in operators_of(kind) if one.rpartition(".")[2] not in PATTERNS]
    if not ordinary or not set(operators).issuperset(ordinary):
        return operators
    return (ANY_OPERATOR, *(one for one in operators if one not in ordinary))
