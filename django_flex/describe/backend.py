"""Leaves out of a description what the backend of a model cannot do, whatever the grants say.

It asks what ``plan.needs`` checks of plans, path by path.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django_flex.describe.values import AggregateDescription, ReachDescription
from django_flex.plan.capabilities import ALL
from django_flex.query.kinds import WITHOUT_PLACES
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.schema.paths import UnknownPathError, resolve, resolve_hops, ways_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from django_flex.describe.values import (
        FieldDescription,
        InputDescription,
        KeysDescription,
        ModelDescription,
        ModelSummary,
        RelationDescription,
        WriteDescription,
    )
    from django_flex.plan.capabilities import Capabilities
    from django_flex.schema.resources import Attribute, Relation, Resource

_Described = TypeVar("_Described", "AggregateDescription", "FieldDescription", "KeysDescription")
#: How a description says that all readable paths may be filtered, or sorted by.
EVERYTHING = ("*",)
_COMPARISONS = frozenset(one.comparison for one in OPERATORS.values())
#: What a backend needs for an operation.
NEEDED: Mapping[str, tuple[str, ...]] = {
    "aggregate": ("aggregates",),
    "explain": ("explain",),
    "export": ("streams",),
    "scan": ("keys",),
    "add": ("writes",),
    "edit": ("writes",),
    "delete": ("writes",),
    "bulk_edit": ("writes", "writes_by_filter", "transactions"),
    "bulk_delete": ("writes", "writes_by_filter", "transactions"),
}


def within_backend(
    model: ModelDescription, resource: Resource, can: Capabilities
) -> ModelDescription | None:
    """Return a description of a model without what its backend cannot do.

    Args:
        model: what a caller may do.
        resource: the model.
        can: what plans of the model may need.

    Returns:
        ``None`` where nothing is left.
    """
    if can is ALL:
        return model
    summary, backed = summary_within_backend(model.summary, can), Backed(resource, can)
    if summary is None:
        return None
    reach = backed.reach(model.reach)
    # Where everything is granted, nothing is named that could be lost.
    named = model.filters != EVERYTHING, model.order_by != EVERYTHING
    filters = {*_filters(model.reach)} - {*_filters(reach)} if named[0] else set[str]()
    orders = {*_orders(model.reach)} - {*_orders(reach)} if named[1] else set[str]()
    return replace(
        model,
        summary=summary,
        reach=reach,
        filters=tuple(name for name in model.filters if name not in filters),
        order_by=tuple(name for name in model.order_by if name not in orders),
        count=backed.aggregate(model.count),
        writes={
            name: backed.write(write) for name, write in model.writes.items() if _has(name, can)
        },
        rates={name: rate for name, rate in model.rates.items() if _has(name, can)},
    )


def summary_within_backend(summary: ModelSummary, can: Capabilities) -> ModelSummary | None:
    """Return a model in the list of all models without what its backend cannot do."""
    operations = tuple(name for name in summary.operations if _has(name, can))
    if not (operations or summary.actions):
        return None
    return replace(summary, operations=operations)


def _has(operation: str, can: Capabilities) -> bool:
    return all(getattr(can, needed) for needed in NEEDED.get(operation, ()))


class _Way(NamedTuple):
    """What can be done with the rows behind some relations; many columns are behind the same ones.

    ``there`` is what these rows may need if they are read, ``None`` if they cannot be. Values of one
    are ``joined``, ``tested`` in filters, ``summed`` in aggregates.
    """

    hops: tuple[Relation, ...]
    there: Capabilities | None
    joined: bool
    tested: bool
    summed: bool


@dataclass(frozen=True, slots=True)
class Backed:
    """A resource, and what plans that begin at its rows may need."""

    resource: Resource
    can: Capabilities
    ways: dict[tuple[Relation, ...], _Way] = field(default_factory=dict, init=False)
    named: dict[str, _Way | None] = field(default_factory=dict, init=False)

    def reach(self, reach: ReachDescription) -> ReachDescription:
        """Return the part of a reach that can be answered."""
        fields = [found for one in reach.fields if (found := self._field(one)) is not None]
        relations = [self._relation(one) for one in reach.relations]
        ends = [one.path for one in fields]
        ends += [one.count.path for one in relations if one.count is not None]
        ends += [f"{one.path}." for one in relations if one.operators]
        return ReachDescription(
            fields=tuple(fields),
            relations=tuple(one for one in relations if _leads(one.path, ends)),
            search=self._search(reach.search),
        )

    def aggregate(
        self, one: AggregateDescription | None, hops: tuple[Relation, ...] = ()
    ) -> AggregateDescription | None:
        """Return how an aggregate of what is behind some relations can be requested."""
        passes = one is not None and self._passes(hops, many="related_aggregates")
        return self._aggregate(one) if one is not None and passes else None

    def write(self, write: WriteDescription) -> WriteDescription:
        """Return what may be sent that can be written."""
        inputs = (self._input(one) for one in write.inputs)
        children = (
            one
            for one in write.children
            if self.can.related_writes and _stores(self.can, self.resource.relations[one.name])
        )
        return replace(
            write,
            inputs=tuple(one for one in inputs if one is not None),
            children=tuple(children),
        )

    def _input(self, one: InputDescription) -> InputDescription | None:
        relation, can = self.resource.relation(one.name), self.can
        if relation is None:
            upload, updates = one.upload if can.files else None, one.updates if can.updates else ()
            return replace(one, upload=upload, updates=updates)
        if relation.same_row:
            return one
        together = can.related_writes and _stores(can, relation)
        if one.many:
            return one if together else None
        # The row that a foreign key points to is looked up in its own database.
        known = _stores(can.read_apart(relation.label), relation)
        return replace(one, updates=one.updates if together else ()) if known else None

    def _aggregate(self, one: AggregateDescription) -> AggregateDescription | None:
        """Return how an aggregate can be requested that one statement can compute."""
        found = _with(
            one,
            total=one.total and self.can.aggregates,
            of_row=one.of_row and self.can.related_aggregates,
            operators=self._operators(one.operators) if one.operators else (),
            directions=one.directions if self.can.orders else (),
        )
        return found if found.total or found.of_row else None

    def _field(self, one: FieldDescription) -> FieldDescription | None:
        way, attribute, inside_value = self._target(one.path)
        hops = way.hops
        if attribute.computed is not None and not self.can.computed:
            return None
        there, ways = way.there or self.can, ways_of(attribute, hops, self.resource)
        if ways and not all(_stores(there, hop) for each in ways for hop in each):
            return None
        # A key of a JSON value is shown by taking it out of the value, which is all that is read.
        inside = self.can.json_keys or not inside_value
        joined = inside and way.joined
        ordered = joined and (self.can.orders or (attribute.primary_key and not hops))
        if attribute.kind in WITHOUT_PLACES and not (self.can.offsets or inside_value):
            ordered = False  # there are pages by cursors alone
        grouped = joined and self.can.aggregates and self.can.groups
        aggregates = one.aggregates if inside and way.summed else ()
        if aggregates and not _sums_all(self.can):
            told = map(self._aggregate, aggregates)
            aggregates = tuple(found for found in told if found is not None)
        shown = way.there is not None
        tested = inside and way.tested
        found = _with(
            one,
            readable=one.readable and shown,
            covered=one.covered and shown,
            operators=self._operators(one.operators, attribute.kind) if tested else (),
            directions=one.directions if ordered else (),
            transforms=one.transforms if self.can.parts else (),
            parts=one.parts if grouped else (),
            aggregates=aggregates,
            keys=None if one.keys is None else self._keys(one.keys, way),
        )
        used = found.readable or found.operators or found.directions or found.aggregates
        return found if used or found.parts or found.keys else None

    def _target(self, path: str) -> tuple[_Way, Attribute, bool]:
        """Return the way to a column, the column, and whether the path ends inside its values."""
        names, _, last = path.rpartition(".")
        if names not in self.named:
            self.named[names] = self._way_named(names)
        way = self.named[names]
        if way is not None:
            there = way.hops[-1].target if way.hops else self.resource
            attribute = there.attribute(last)
            if attribute is not None:
                return way, attribute, False
        target = resolve(self.resource, tuple(path.split(".")), file_parts=True)
        return self._way(target.hops), target.attribute, bool(target.keys)

    def _way_named(self, names: str) -> _Way | None:
        """Return the way of some names, ``None`` if not all of them are relations."""
        try:
            return self._way(resolve_hops(self.resource, tuple(names.split(".")) if names else ()))
        except UnknownPathError:
            return None

    def _way(self, hops: tuple[Relation, ...]) -> _Way:
        if hops not in self.ways:
            self.ways[hops] = _Way(
                hops=hops,
                there=self._readable(hops),
                joined=self._passes(hops),
                tested=self._passes(hops, many="related_filters"),
                summed=self._passes(hops, many="related_aggregates"),
            )
        return self.ways[hops]

    def _keys(self, keys: KeysDescription, way: _Way) -> KeysDescription | None:
        inside = self.can.json_keys
        found = _with(
            keys,
            readable=keys.readable and way.there is not None,
            operators=self._operators(keys.operators, "json") if inside and way.tested else (),
            directions=keys.directions if inside and way.joined and self.can.orders else (),
        )
        return found if found.readable or found.operators or found.directions else None

    def _relation(self, one: RelationDescription) -> RelationDescription:
        hops = resolve_hops(self.resource, tuple(one.path.split(".")))
        there = None if one.inside is None else self._readable(hops)
        inside = None
        if there is not None and one.inside is not None:
            inside = Backed(hops[-1].target, there).reach(one.inside)
        tested = self._passes(hops, many="related_filters")
        return replace(
            one,
            item=one.item if self._readable(hops) is not None else None,
            operators=self._operators(one.operators, one.kind) if tested else (),
            directions=one.directions if self.can.orders and self._passes(hops) else (),
            count=self.aggregate(one.count, hops),
            inside=inside,
        )

    def _search(self, paths: tuple[str, ...]) -> tuple[str, ...]:
        """Return what is searched: every path, or nothing if one of them cannot be."""
        targets = (resolve(self.resource, tuple(path.split("."))) for path in paths)
        tested = all(self._passes(target.hops, many="related_filters") for target in targets)
        return paths if self.can.search and self._has("icontains") and tested else ()

    def _readable(self, hops: tuple[Relation, ...]) -> Capabilities | None:
        """Return what rows behind some relations may need if they are read, ``None`` if they cannot be."""
        can = self.can
        for hop in hops:
            many = hop.cardinality == "many"
            if not (can.lists if many else can.joins):
                return None
            can = can.read_apart(hop.label) if many else can
            if not _stores(can, hop):
                return None
        return can

    def _passes(self, hops: tuple[Relation, ...], *, many: str | None = None) -> bool:
        """Whether one statement can go a way; ``many`` is what it needs for a to-many relation."""
        for hop in hops:
            needed = "joins" if hop.cardinality == "one" else many
            if needed is None or not getattr(self.can, needed) or not _stores(self.can, hop):
                return False
        return True

    def _operators(self, operators: tuple[str, ...], kind: str = "") -> tuple[str, ...]:
        can = self.can
        found = _able(operators, can.transforms, can.operators_for(""), can.operators_for(kind))
        if kind == "json" and not can.containment:
            return tuple(text for text in found if text != "contained_by")
        return found

    def _has(self, text: str) -> bool:
        """Whether there is an operator, for some kind of values."""
        return OPERATORS[text].comparison in self.can.operators_for("")


def _sums_all(can: Capabilities) -> bool:
    """Whether each aggregate can be shown, compared in each way, and sorted by."""
    compared = _compares_all(can.transforms, can.operators_for(""))
    return can.aggregates and can.related_aggregates and can.orders and compared


@lru_cache(maxsize=64)
def _compares_all(transforms: frozenset[str], operators: frozenset[str]) -> bool:
    return transforms >= TRANSFORMS.keys() and operators >= _COMPARISONS


@lru_cache(maxsize=4_096)
def _able(
    operators: tuple[str, ...],
    transforms: frozenset[str],
    able: frozenset[str],
    of_kind: frozenset[str],
) -> tuple[str, ...]:
    """Return the operators that there are, each with the transforms before it.

    The columns of a kind have the same ones, so that few different questions are asked.

    Args:
        operators: as they are written behind a path.
        transforms: those that there are.
        able: the operators that there are behind a transform.
        of_kind: those of the column's own kind.
    """
    found = []
    for text in operators:
        *steps, operator = text.split(".")
        there = able if steps else of_kind
        if transforms.issuperset(steps) and OPERATORS[operator].comparison in there:
            found.append(text)
    return tuple(found) if len(found) < len(operators) else operators


def _with(one: _Described, **parts: Any) -> _Described:
    """Return a description with some parts, itself where it has them: most backends leave all of it."""
    same = all(getattr(one, name) == part for name, part in parts.items())
    return one if same else replace(one, **parts)


def _leads(path: str, ends: Iterable[str]) -> bool:
    return any(end.startswith(f"{path}.") for end in ends)


def _stores(can: Capabilities, relation: Relation) -> bool:
    """Whether related rows, and the links to them, are stored together with the others."""
    return can.resources is None or all(one in can.resources for one in relation.needed)


def _filters(reach: ReachDescription) -> Iterator[str]:
    """Yield what can be filtered, as grants write it."""
    for one in _paths(reach):
        if one.operators:
            yield f"{one.path}.*"
        yield from (f"{one.path}.{name}".removesuffix(".exact") for name in one.operators)


def _orders(reach: ReachDescription) -> Iterator[str]:
    """Yield what can be sorted by, as grants write it."""
    for one in _paths(reach):
        yield from (f"{'-' * (name == 'descending')}{one.path}" for name in one.directions)


def _paths(reach: ReachDescription) -> Iterator[FieldDescription | AggregateDescription]:
    for found in reach.fields:
        yield found
        yield from found.aggregates
    yield from (one.count for one in reach.relations if one.count is not None)
