"""Filter trees, resolved: names against the schema, values by type, rules of related rows inside.

The same functions read a client's filters, where every path must be granted, and the rules of the
operator, where every path of the schema may be used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from django_flex.binding import related_aggregates as aggregates
from django_flex.binding.comparands import Comparands, UnmatchedError, check_taken, derived_kind
from django_flex.binding.comparisons import ALWAYS, NEVER, compare, compared, compared_label
from django_flex.binding.grant_cache import GrantCache
from django_flex.binding.related import rows_behind
from django_flex.binding.values import value_of
from django_flex.dataclass_init import fast_init
from django_flex.exceptions import FieldDeniedError, FilterDeniedError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.ast import And, Comparison, FieldValue, Not, Or, Quantified
from django_flex.query.kinds import STORED_OTHERWISE, WITH_ITEMS
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.resolved import (
    AllOf,
    AnyOf,
    Complement,
    Exists,
    Value,
    VisibleHop,
    Where,
)
from django_flex.schema.paths import UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.binding.caller import Caller, Reach
    from django_flex.query.ast import Condition, Path
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Relation, Resource

TAIL = frozenset({*OPERATORS, *TRANSFORMS})
#: Kinds of which two columns may still be of different types, which databases do not compare.
_NO_COLUMNS = WITH_ITEMS | STORED_OTHERWISE | {"composite", "json", "geometry", "hstore"}
#: What a path leads to of which the grant alone decides: no related row, JSON or expression is on it.
own_paths: GrantCache[ResolvedPath] = GrantCache()


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class BindingScope:
    """Where in a tree we are: paths are resolved from ``resource``, ``prefix`` is already passed.

    ``access`` is ``None`` for a rule of the operator. ``depth`` counts the hops of the prefix that
    an enclosing ``Exists`` has made. ``json_places`` collects the comparisons on JSON paths.
    ``hint`` says what was probably meant by a filter that is denied; ``named`` has aggregates that
    the query names.
    """

    resource: Resource
    access: Reach | None
    comparands: Comparands
    json_places: set[str]
    prefix: Path = ()
    depth: int = 0
    hint: Callable[[str], str | None] | None = None
    named: aggregates.NamedAggregates | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedComparison:
    """A comparison whose path is known and granted, not yet placed in the tree."""

    target: ResolvedPath
    asked: Comparison


def bind_condition(condition: Condition, scope: BindingScope) -> Where:
    """Resolve a condition; comparisons on JSON are noted in the scope.

    Raises:
        FilterDeniedError: a path or operator that is not granted, or does not exist.
        QueryError: a granted one with an operator or value that does not fit.
    """
    return _build(condition, scope)


def bind_word(asked: Comparison, target: ResolvedPath, scope: BindingScope) -> Where:
    """Return the condition that a path contains a word; the operator is in the path's ``rest``."""
    return _place([ResolvedComparison(target, asked)], scope)


def bind_rule(condition: Condition, resource: Resource, caller: Caller | None) -> Where:
    """Resolve a rule of the operator for one caller; without one, to see whether it is valid.

    Raises:
        FilterDeniedError: the rule names something that does not exist.
        QueryError: a value in it does not fit.
        NoValueError: it compares, in any part, with a value that the caller lacks.
    """
    return _build(
        condition, BindingScope(resource, None, Comparands(caller, None, frozenset()), set())
    )


def _build(condition: Condition, scope: BindingScope) -> Where:
    match condition:
        case Comparison():
            return _measured(condition, scope) or _place([_resolve(condition, scope)], scope)
        case And(children=children):
            return _all(children, scope)
        case Or(children=children):
            return AnyOf(tuple(_build(child, scope) for child in children))
        case Not(child=child):
            return Complement(_build(child, scope))
        case Quantified():
            return _quantified(condition, scope)
    assert_never(condition)


def _all(children: tuple[Condition, ...], scope: BindingScope) -> Where:
    """One filter object: its comparisons over one to-many relation mean the same related row."""
    groups: dict[Path | None, list[ResolvedComparison]] = {}
    built: list[Where] = []
    for child in children:
        aggregate = _measured(child, scope)
        if aggregate is not None:
            built.append(aggregate)
        elif isinstance(child, Comparison):
            found = _resolve(child, scope)
            groups.setdefault(_crossing(found.target, scope.depth), []).append(found)
        else:
            built.append(_build(child, scope))
    for key, members in groups.items():
        if key is None:
            built.extend(_place([member], scope) for member in members)
        else:
            built.append(_place(members, scope))
    return built[0] if len(built) == 1 else AllOf(tuple(built))


def _measured(condition: Condition, scope: BindingScope) -> Where | None:
    """Resolve a comparison of an aggregate of related rows; ``None`` if it is another one."""
    if not isinstance(condition, Comparison):
        return None
    path = (*scope.prefix, *condition.path)
    split = aggregates.split_named(scope.named, path) if scope.named and not scope.depth else None
    if split is None and not FUNCTIONS.keys().isdisjoint(path):
        split = aggregates.split_filter(scope.resource, path, TAIL)
    if split is None:
        return None
    measure = split.measure
    rest = split.rest if split.rest and split.rest[-1] in OPERATORS else (*split.rest, "exact")
    transforms = set(rest[:-1]) <= TRANSFORMS.keys()
    if not transforms or not (scope.access is None or scope.access.may_filter_by(measure, rest)):
        raise _denied(path, condition, scope)
    value = split.value or aggregates.related_aggregate(
        measure, scope.access, ".".join(path), condition.place, scope.depth
    )
    return compare(value, rest, condition, scope.comparands)


def _crossing(target: ResolvedPath, depth: int) -> Path | None:
    """Return the way through the first to-many hop behind ``depth``; ``None`` for ``isnull`` alone."""
    if target.via and target.rest == ("isnull",):
        return None
    for end in range(depth, len(target.hops)):
        if target.hops[end].cardinality == "many":
            return target.hop_names[: end + 1]
    return None


def _resolve(comparison: Comparison, scope: BindingScope) -> ResolvedComparison:
    path = (*scope.prefix, *comparison.path)
    access = scope.access
    if access is not None and access.decides:
        found = own_paths.get(access.grant, path)
        if found is not None:
            return ResolvedComparison(found, comparison)
    try:
        target = resolve(scope.resource, path, tail=TAIL, items=True)
        target = with_operator(target)
    except UnknownPathError:
        raise _denied(path, comparison, scope) from None
    if access is not None:
        if not access.may_filter(target, target.rest):
            raise _denied(path, comparison, scope)
        access.count_joins(target.hops, comparison.place)
        if target.attribute.kind == "json":
            scope.json_places.add(comparison.place)
        elif access.decides and not target.hops and target.attribute.computed is None:
            own_paths.put(access.grant, path, target)
    if target.rest != ("isnull",) and comparison.value is not None:
        _check_pointer(target, comparison)
    return ResolvedComparison(target, comparison)


def _check_pointer(target: ResolvedPath, comparison: Comparison) -> None:
    """Refuse a generic foreign key as a value: rows of any model may have the same key."""
    if target.is_pointer:
        name = ".".join(target.hop_names)
        raise QueryError(
            "A generic foreign key is compared by its type and its key",
            path=comparison.place,
            hint=f"'{name}.type', '{name}.id'",
        )


def with_operator(target: ResolvedPath) -> ResolvedPath:
    """Complete what follows the column: transforms, then exactly one operator."""
    rest = target.rest
    if not rest or rest[-1] not in OPERATORS:
        rest = (*rest, "exact")
    if any(name not in TRANSFORMS for name in rest[:-1]):
        raise UnknownPathError
    return replace(target, rest=rest)


def _denied(path: Path, comparison: Comparison, scope: BindingScope) -> FilterDeniedError:
    text = ".".join(path)
    hint = None if scope.hint is None else scope.hint(text)
    return FilterDeniedError(text, path=comparison.place, hint=hint)


def _place(members: list[ResolvedComparison], scope: BindingScope) -> Where:
    """Put comparisons that share a related row under one ``Exists``, hop by hop."""
    target = members[0].target
    for end in range(scope.depth, len(target.hops)):
        if target.hops[end].cardinality == "many":
            return _exists(members, end, scope)
    return _test(members[0], scope)


def _exists(members: list[ResolvedComparison], end: int, scope: BindingScope) -> Where:
    first = members[0]
    hops = first.target.hops
    if first.target.via and end == len(hops) - 1 and _asks_existence(first):
        found = _related(hops, end, None, scope)
        try:
            missing = first.target.rest[-1] == "exact" or _truth(first, scope)
        except UnmatchedError:
            return NEVER
        return Complement(found) if missing else found
    inner = replace(scope, depth=end + 1)
    deeper: dict[Path | None, list[ResolvedComparison]] = {}
    for member in members:
        deeper.setdefault(_crossing(member.target, end + 1), []).append(member)
    tests: list[Where] = []
    for key, group in deeper.items():
        groups = [[member] for member in group] if key is None else [group]
        tests.extend(_place(part, inner) for part in groups)
    return _related(hops, end, tests[0] if len(tests) == 1 else AllOf(tuple(tests)), scope)


def _asks_existence(member: ResolvedComparison) -> bool:
    rest, value = member.target.rest, member.asked.value
    return rest == ("isnull",) or (rest == ("exact",) and value is None)


def _truth(member: ResolvedComparison, scope: BindingScope) -> bool:
    attribute = member.target.attribute
    return bool(
        scope.comparands.bind(
            member.asked.value, "isnull", "integer", attribute, member.asked.place
        )
    )


def _related(
    hops: tuple[Relation, ...], end: int, where: Where | None, scope: BindingScope
) -> Where:
    relation = hops[end]
    way = hops[scope.depth : end]
    return Exists(
        hops=way,
        relation=relation,
        rows=rows_behind(relation, scope.access),
        where=where,
        masks=_masks(way, scope.access),
    )


def _masks(way: tuple[Relation, ...], access: Reach | None) -> tuple[VisibleHop, ...]:
    return access.masks(way) if access is not None else ()


def _quantified(condition: Quantified, scope: BindingScope) -> Where:
    path = (*scope.prefix, *condition.path)
    try:
        hops = resolve_hops(scope.resource, path)
    except UnknownPathError:
        # Answered by the first name inside, exactly as if the relation were there and not granted.
        inside, first = _first(condition.condition)
        raise _denied((*path, *inside), first, scope) from None
    inner = replace(scope, prefix=path, depth=len(hops))
    where = _build(condition.condition, inner)
    if hops[-1].cardinality != "many":
        raise QueryError(
            worded("'{}' needs a to-many relation", condition.quantifier), path=condition.place
        )
    if condition.quantifier == "every":
        where = Complement(where)
    found = _nested(hops, len(hops) - 1, where, scope)
    return found if condition.quantifier == "some" else Complement(found)


def _first(condition: Condition) -> tuple[Path, Comparison]:
    """Return the first comparison of a tree, and its path through the relations around it."""
    match condition:
        case Comparison():
            return condition.path, condition
        case Quantified(path=path, condition=child):
            inside, first = _first(child)
            return (*path, *inside), first
        case Not(child=child):
            return _first(child)
        case And(children=children) | Or(children=children):
            return _first(children[0])
    assert_never(condition)


def _nested(hops: tuple[Relation, ...], end: int, where: Where, scope: BindingScope) -> Where:
    """Wrap a condition behind ``hops[end]`` in an ``Exists`` for each to-many hop before it."""
    crossings = [
        position for position in range(scope.depth, end + 1) if hops[position].cardinality == "many"
    ]
    for position, crossing in reversed(list(enumerate(crossings))):
        start = crossings[position - 1] + 1 if position else scope.depth
        where = _related(hops, crossing, where, replace(scope, depth=start))
    return where


def _test(member: ResolvedComparison, scope: BindingScope) -> Where:
    target, asked = member.target, member.asked
    attribute = target.value
    if target.keys and attribute.kind == "array":
        raise QueryError(
            "An array in an array cannot be compared",
            path=asked.place,
            hint="name an item of it, as in 'grid.0.1'",
        )
    *transforms, operator = target.rest
    hops = target.hops[scope.depth :]
    column = _value(hops, target, scope)
    kind = derived_kind(attribute.kind, transforms, asked.place)
    if isinstance(asked.value, FieldValue):
        value: object = _other_column(member, kind, scope)
    else:
        try:
            value = scope.comparands.bind(asked.value, operator, kind, attribute, asked.place)
            check_taken(value, target.rest, attribute, asked.place)
        except UnmatchedError:
            return ALWAYS if OPERATORS[operator].negates else NEVER
    if attribute.computed is not None and attribute.computed.halves and not transforms:
        return compared_label(column, attribute.computed.halves, OPERATORS[operator], value)
    return compared(column, transforms, OPERATORS[operator], value)


def _value(hops: tuple[Relation, ...], target: ResolvedPath, scope: BindingScope) -> Value:
    here = target.hops[scope.depth - 1].target if scope.depth else scope.resource
    masks = _masks(hops, scope.access)
    return value_of(hops, target.attribute, scope.access, here, keys=target.keys, masks=masks)


def _other_column(member: ResolvedComparison, kind: str, scope: BindingScope) -> Value:
    """Resolve ``{"$field": path}``: a readable column of the same row and of the same kind."""
    asked, operator = member.asked, member.target.rest[-1]
    path = (*scope.prefix, *asked.value.path)
    text = ".".join(path)
    try:
        target = resolve(scope.resource, path)
    except UnknownPathError:
        raise FieldDeniedError(text, path=asked.place) from None
    hops = target.hops[scope.depth :]
    if scope.access is not None:
        if not scope.access.readable(target):
            raise FieldDeniedError(text, path=asked.place)
        scope.access.count_joins(target.hops, asked.place)
    _check_pointer(target, asked)
    # Behind an `Exists` a path from elsewhere would name another column of the related row.
    elsewhere = target.hop_names[: scope.depth] != member.target.hop_names[: scope.depth]
    if elsewhere or target.keys or any(hop.cardinality == "many" for hop in hops):
        raise QueryError("'$field' needs a column of the same row", path=asked.place)
    comparable = kind not in _NO_COLUMNS and operator in {"exact", "ne", "lt", "lte", "gt", "gte"}
    alike = target.attribute.kind == kind and target.attribute.stored is None
    if not (alike and comparable and member.target.attribute.stored is None):
        raise QueryError(
            "'$field' compares columns of one kind", path=asked.place, hint="by lt, lte, gt, gte"
        )
    return _value(hops, target, scope)
