"""Filter trees, resolved: names against the schema, values by type, rules of related rows inside.

The same functions read a client's filters, where every path must be granted, and the rules of the
operator, where every path of the schema may be used.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, assert_never

from django_flex.exceptions import FieldDeniedError, FilterDeniedError, QueryError
from django_flex.permissions.aggregates import gather, split_filter
from django_flex.permissions.authorized import (
    AllOf,
    AnyOf,
    Complement,
    Exists,
    Rows,
    Test,
    Value,
    Visible,
    Where,
)
from django_flex.permissions.comparands import Binder, NoValueError
from django_flex.permissions.remembering import Memory
from django_flex.permissions.values import value_of
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.ast import And, Comparison, FieldValue, Not, Or, Quantified
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.schema.paths import UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.permissions.roles import Actor
    from django_flex.query.ast import Condition, Path
    from django_flex.schema.introspection import Relation, Resource
    from django_flex.schema.paths import Target

TAIL = frozenset({*OPERATORS, *TRANSFORMS})
EVERYTHING = AllOf(())
NOTHING = AnyOf(())
_remembered: Memory[Target] = Memory()


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Where in a tree we are: paths are resolved from ``resource``, ``prefix`` is already passed.

    ``access`` is ``None`` for a rule of the operator. ``depth`` counts the hops of the prefix that
    an enclosing ``Exists`` has made. ``json_places`` collects the comparisons on JSON paths.
    """

    resource: Resource
    access: Access | None
    binder: Binder
    json_places: set[str]
    prefix: Path = ()
    depth: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Resolved:
    """A comparison whose path is known and granted, not yet placed in the tree."""

    target: Target
    asked: Comparison


def authorize_filters(condition: Condition, access: Access) -> tuple[Where, frozenset[str]]:
    """Resolve a client's filters; also return the places that compare JSON.

    Raises:
        FilterDeniedError: a path or operator that is not granted, or does not exist.
        QueryError: a granted one with an operator or value that does not fit.
    """
    binder = Binder(access.actor, access.limits, access.policy.user_values)
    scope = Scope(access.resource, access, binder, set())
    return _build(condition, scope), frozenset(scope.json_places)


def place_word(word: str, target: Target, access: Access) -> Where:
    """Return the condition that a word stands in a path, whose operator is in its ``rest``."""
    binder = Binder(access.actor, access.limits, access.policy.user_values)
    scope = Scope(access.resource, access, binder, set())
    return _place([Resolved(target, Comparison(target.canonical, word, "search"))], scope)


def bind_rule(condition: Condition, resource: Resource, actor: Actor) -> Where:
    """Resolve a rule of the operator for one caller.

    Raises:
        FilterDeniedError: the rule names something that does not exist.
        QueryError: a value in it does not fit.
    """
    return _build(condition, Scope(resource, None, Binder(actor, None, frozenset()), set()))


def _build(condition: Condition, scope: Scope) -> Where:
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


def _all(children: tuple[Condition, ...], scope: Scope) -> Where:
    """One filter object: its comparisons over one to-many relation mean the same related row."""
    groups: dict[Path | None, list[Resolved]] = {}
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


def _measured(condition: Condition, scope: Scope) -> Where | None:
    """Resolve a comparison of an aggregate of related rows; ``None`` if it is another one."""
    if not isinstance(condition, Comparison):
        return None
    path = (*scope.prefix, *condition.path)
    split = None if FUNCTIONS.keys().isdisjoint(path) else split_filter(scope.resource, path, TAIL)
    if split is None:
        return None
    measure = split.measure
    rest = split.rest if split.rest and split.rest[-1] in OPERATORS else (*split.rest, "exact")
    transforms = set(rest[:-1]) <= TRANSFORMS.keys()
    if not transforms or not (scope.access is None or scope.access.may_filter_by(measure, rest)):
        raise _denied(path, condition, scope)
    value = gather(measure, scope.access, ".".join(path), condition.place, scope.depth)
    return compare(value, rest, condition, scope.binder)


def compare(value: Value, rest: Path, asked: Comparison, binder: Binder) -> Where:
    """Return a comparison of a value that is no column of its own.

    Args:
        value: what is compared.
        rest: transforms and an operator.
        asked: the comparison as it was asked for.
        binder: types the other side.
    """
    *transforms, operator = rest
    if isinstance(asked.value, FieldValue):
        raise QueryError("'$field' compares columns, no aggregates", path=asked.place)
    kind = _derived_kind(value.attribute.kind, transforms, asked.place)
    try:
        field = value.attribute.value_field
        bound = binder.bind(asked.value, operator, kind, field, asked.place)
    except NoValueError:
        return NOTHING if operator not in {"ne", "nin"} else EVERYTHING
    if operator in {"ne", "nin"}:
        positive = "exact" if operator == "ne" else "in"
        return Complement(Test(value, tuple(transforms), positive, bound))
    return Test(value, tuple(transforms), operator, bound)


def _crossing(target: Target, depth: int) -> Path | None:
    """Return the way through the first to-many hop behind ``depth``; existence stands alone."""
    if target.via and target.rest == ("isnull",):
        return None
    for end in range(depth, len(target.hops)):
        if target.hops[end].cardinality == "many":
            return target.hop_names[: end + 1]
    return None


def _resolve(comparison: Comparison, scope: Scope) -> Resolved:
    path = (*scope.prefix, *comparison.path)
    access = scope.access
    if access is not None and access.decides:
        found = _remembered.get(access.grant, path)
        if found is not None:
            return Resolved(found, comparison)
    try:
        target = resolve(scope.resource, path, tail=TAIL)
        target = _with_operator(target)
    except UnknownPathError:
        raise _denied(path, comparison, scope) from None
    if access is not None:
        if not access.may_filter(target, target.rest):
            raise _denied(path, comparison, scope)
        access.count_joins(target.hops, comparison.place)
        if target.attribute.kind == "json":
            scope.json_places.add(comparison.place)
        elif access.decides and not target.hops and target.attribute.computed is None:
            _remembered.keep(access.grant, path, target)
    return Resolved(target, comparison)


def _with_operator(target: Target) -> Target:
    """Complete what stands behind the column: transforms, then exactly one operator."""
    rest = target.rest
    if not rest or rest[-1] not in OPERATORS:
        rest = (*rest, "exact")
    if any(name not in TRANSFORMS for name in rest[:-1]):
        raise UnknownPathError
    return replace(target, rest=rest)


def _denied(path: Path, comparison: Comparison, scope: Scope) -> FilterDeniedError:
    from django_flex.permissions.hints import filter_hint

    text = ".".join(path)
    hint = filter_hint(text, scope.access) if scope.access is not None else None
    return FilterDeniedError(text, path=comparison.place, hint=hint)


def _place(members: list[Resolved], scope: Scope) -> Where:
    """Put comparisons that share a related row under one ``Exists``, hop by hop."""
    target = members[0].target
    for end in range(scope.depth, len(target.hops)):
        if target.hops[end].cardinality == "many":
            return _exists(members, end, scope)
    return _test(members[0], scope)


def _exists(members: list[Resolved], end: int, scope: Scope) -> Where:
    first = members[0]
    hops = first.target.hops
    if first.target.via and end == len(hops) - 1 and _asks_existence(first):
        found = _related(hops, end, None, scope)
        missing = first.target.rest[-1] == "exact" or _truth(first, scope)
        return Complement(found) if missing else found
    inner = replace(scope, depth=end + 1)
    deeper: dict[Path | None, list[Resolved]] = {}
    for member in members:
        deeper.setdefault(_crossing(member.target, end + 1), []).append(member)
    tests: list[Where] = []
    for key, group in deeper.items():
        groups = [[member] for member in group] if key is None else [group]
        tests.extend(_place(part, inner) for part in groups)
    return _related(hops, end, tests[0] if len(tests) == 1 else AllOf(tuple(tests)), scope)


def _asks_existence(member: Resolved) -> bool:
    rest, value = member.target.rest, member.asked.value
    return rest == ("isnull",) or (rest == ("exact",) and value is None)


def _truth(member: Resolved, scope: Scope) -> bool:
    attribute = member.target.attribute
    return bool(
        scope.binder.bind(
            member.asked.value, "isnull", "integer", attribute.value_field, member.asked.place
        )
    )


def _related(hops: tuple[Relation, ...], end: int, where: Where | None, scope: Scope) -> Where:
    relation = hops[end]
    way = hops[scope.depth : end]
    access = scope.access
    rows = access.related_rows(relation.target) if access is not None else None
    return Exists(
        hops=way,
        relation=relation,
        rows=rows or Rows(relation.target, plain=True),
        where=where,
        guards=_guards(way, access),
    )


def _guards(way: tuple[Relation, ...], access: Access | None) -> tuple[Visible, ...]:
    return access.guards(way) if access is not None else ()


def _quantified(condition: Quantified, scope: Scope) -> Where:
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
        raise QueryError(f"'{condition.quantifier}' needs a to-many relation", path=condition.place)
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


def _nested(hops: tuple[Relation, ...], end: int, where: Where, scope: Scope) -> Where:
    """Wrap a condition behind ``hops[end]`` in an ``Exists`` for each to-many hop before it."""
    crossings = [
        position for position in range(scope.depth, end + 1) if hops[position].cardinality == "many"
    ]
    for position, crossing in reversed(list(enumerate(crossings))):
        start = crossings[position - 1] + 1 if position else scope.depth
        where = _related(hops, crossing, where, replace(scope, depth=start))
    return where


def _test(member: Resolved, scope: Scope) -> Where:
    target, asked = member.target, member.asked
    attribute = target.attribute
    *transforms, operator = target.rest
    hops = target.hops[scope.depth :]
    column = _value(hops, target, scope)
    kind = _derived_kind(attribute.kind, transforms, asked.place)
    if isinstance(asked.value, FieldValue):
        value: Any = _other_column(member, kind, scope)
    else:
        try:
            field = attribute.value_field
            value = scope.binder.bind(asked.value, operator, kind, field, asked.place)
        except NoValueError:
            return NOTHING if operator not in {"ne", "nin"} else EVERYTHING
    if operator in {"ne", "nin"}:
        positive = "exact" if operator == "ne" else "in"
        return Complement(Test(column, tuple(transforms), positive, value))
    return Test(column, tuple(transforms), operator, value)


def _value(hops: tuple[Relation, ...], target: Target, scope: Scope) -> Value:
    here = target.hops[scope.depth - 1].target if scope.depth else scope.resource
    guards = _guards(hops, scope.access)
    return value_of(hops, target.attribute, scope.access, here, keys=target.keys, guards=guards)


def _derived_kind(kind: str, transforms: list[str], place: str) -> str:
    for name in transforms:
        transform = TRANSFORMS[name]
        if kind not in transform.kinds:
            raise QueryError(f"'{name}' does not apply to this field", path=place)
        kind = transform.result
    return kind


def _other_column(member: Resolved, kind: str, scope: Scope) -> Value:
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
    # Behind an `Exists` a path from elsewhere would name another column of the related row.
    elsewhere = target.hop_names[: scope.depth] != member.target.hop_names[: scope.depth]
    if elsewhere or target.keys or any(hop.cardinality == "many" for hop in hops):
        raise QueryError("'$field' needs a column of the same row", path=asked.place)
    comparable = kind != "json" and operator in {"exact", "ne", "lt", "lte", "gt", "gte"}
    if target.attribute.kind != kind or not comparable:
        raise QueryError(
            "'$field' compares columns of one kind", path=asked.place, hint="by lt, lte, gt, gte"
        )
    return _value(hops, target, scope)
