"""How rows are read: by their keys, or by queries of the table or of one index, never by a scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from django_flex.backends.dynamodb.completeness import is_complete, is_test_by
from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import (
    And,
    Comparison,
    Condition,
    Operator,
    Or,
    conjuncts,
    simplified,
)
from django_flex.dynamodb.core.expressions import Placeholders, condition_text
from django_flex.dynamodb.core.planner import Plan, Wanted, plan_query
from django_flex.exceptions import (
    KeyNeededError,
    NeedsKeyError,
    OrderNeedsKeyError,
    RangeNeededError,
    TooManyValuesError,
)
from django_flex.query.kinds import WITHOUT_PLACES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.backends.dynamodb.tables import Table
    from django_flex.dynamodb.core.schema import AttributeValue, IndexSchema, Item, KeySchema

#: How many items are got by their keys at most.
KEYS = 100


@dataclass(frozen=True, slots=True)
class Sort:
    """One term of an order: an attribute by its stored name."""

    name: str
    descending: bool
    nulls: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One query of several: the key that it is by, the value of its hash, and its plan."""

    key: KeySchema
    hash: AttributeValue
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How rows are read.

    Attributes:
        condition: what each row has to meet.
        keys: the keys that are got, if rows are read by their keys.
        order: how rows that are got by their keys are sorted.
        branches: the queries, in the order of their hash keys.
        merged: rows of all queries are sorted by the range key together; else those of one query
            come after those of another.
        forward: rows of one query are in ascending order of its range key.
        hashes_forward: the queries are in ascending order of their hash keys.
        scan: how all of the table is read, if no key finds the rows and that is allowed.
    """

    condition: Condition | None
    keys: tuple[Item, ...] = ()
    order: tuple[Sort, ...] = ()
    branches: tuple[Branch, ...] = ()
    merged: bool = False
    forward: bool = True
    hashes_forward: bool = True
    scan: Plan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    key: KeySchema
    index: IndexSchema | None
    hashes: tuple[AttributeValue, ...]
    access: Access
    plan: Plan

    @property
    def merit(self) -> tuple[int, ...]:
        """Return what makes it better than others, the most important first."""
        ranged = len(self.plan.key) > 1
        exact = ranged and self.plan.key[1].operator is Operator.EQ
        local = self.index is not None and not self.index.is_global
        left = self.plan.filter is not None, self.plan.post is not None
        return (
            -len(self.hashes),
            exact,
            ranged,
            not self.plan.hydrate,
            2 * (self.index is None) + local,
            -sum(left),
        )


def choose_access(
    table: Table,
    condition: Condition | None,
    order: tuple[Sort, ...] = (),
    attributes: frozenset[str] | None = None,
    *,
    asked: Condition | None = None,
    may_scan: bool = False,
) -> Access:
    """Return how rows are read.

    Args:
        table: the table.
        condition: what each row has to meet.
        order: how they are sorted.
        attributes: the stored attributes that are needed, ``None`` for all.
        asked: the part of the condition that is the caller's own. A refusal counts the values in it
            alone, since those of a rule are not for everybody.
        may_scan: whether all of the table may be read, if no key finds them.

    Raises:
        KeyNeededError: no key of the table and of its indexes finds them.
        TooManyValuesError: one does, but the caller names more of its values than are looked up.
        RangeNeededError: only an index does that does not have all of them.
        OrderNeedsKeyError: one does, and none of these sorts them like this; or the order is by
            values that have none.
        TooComplexError: the conditions are longer than DynamoDB allows.
    """
    found = True if condition is None else simplified(condition)
    if found is False:
        return Access(condition=condition)
    parts = () if found is True else tuple(conjuncts(found))
    whole = None if found is True else found
    keys = _whole_keys(table, parts)
    if keys is not None:
        _check_sorted(table, order)
        return Access(condition=whole, keys=keys, order=order)
    candidates = [*_candidates(table, parts, order, attributes)]
    if not candidates and may_scan and not order:
        return Access(condition=whole, scan=_scan_plan(table, whole, attributes))
    if not candidates:
        raise _too_many(table, asked) or _refusal(table, parts, order)
    best = max(candidates, key=lambda one: one.merit)
    return replace(best.access, condition=whole)


def _check_sorted(table: Table, order: tuple[Sort, ...]) -> None:
    """Refuse to sort rows of whole keys, which are sorted here, by values that have no order."""
    name = table.description.python_name
    attributes = table.resource.attributes
    if any(attributes[name(term.name)].kind in WITHOUT_PLACES for term in order):
        sortable = (one.name for one in attributes.values() if one.kind not in WITHOUT_PLACES)
        raise OrderNeedsKeyError(
            sorted(sortable), message="This database does not sort rows by lists or JSON"
        )


def _scan_plan(
    table: Table, condition: Condition | None, attributes: frozenset[str] | None
) -> Plan:
    wanted = Wanted(
        condition=condition,
        attributes=attributes,
        index="",
        consistent=table.consistent,
        scan=True,
    )
    plan = plan_query(table.schema, wanted)
    if plan.filter is not None:
        condition_text(plan.filter, Placeholders())
    return plan


def _whole_keys(table: Table, parts: Sequence[Condition]) -> tuple[Item, ...] | None:
    """Return the keys that the conditions name, if they name some; each of them once."""
    key = table.schema.key
    for part in parts:
        listed = _listed_keys(part, key)
        if listed and len(listed) <= KEYS:
            return _once(listed)
    given = [one for name in key.names if (one := _equal_to(parts, name)) is not None]
    if len(given) < len(key.names) or prod(map(len, given)) > KEYS:
        return None
    return _once([dict(zip(key.names, one, strict=True)) for one in product(*given)])


def _listed_keys(part: Condition, key: KeySchema) -> list[Item] | None:
    """Return the keys in a condition such as those of a filter by a key of hash and range.

    Others are not among the rows that meet it, but not each of these has to meet it.
    """
    choices = part.conditions if isinstance(part, Or) else (part,)
    found: list[Item] = []
    for one in choices:
        bundled = next((test for test in conjuncts(one) if isinstance(test, Or)), None)
        if bundled is not None:  # beside the values that the hash of all of them may have
            inner = _listed_keys(bundled, key)
            if inner is None:
                return None
            found += inner
            continue
        # Keys of one hash are one condition: its value, and a list of those of the range.
        given = [_equal_to([*conjuncts(one)], name) for name in key.names]
        if None in given or len(given) == 1:
            return None
        found += [
            dict(zip(key.names, way, strict=True)) for way in product(*(one or () for one in given))
        ]
    return found


def _once(keys: Sequence[Item]) -> tuple[Item, ...]:
    return tuple({identity(one): one for one in keys}.values())


def identity(key: Item) -> str:
    """Return a text that is equal for equal keys: numbers by value, whatever they look like."""
    return repr(sorted((name, values.decode(one)) for name, one in key.items()))


def _equal_to(parts: Sequence[Condition], name: str) -> list[AttributeValue] | None:
    """Return the values of which an attribute has to have one; ``None`` if it may have others."""
    given = [
        one
        for one in parts
        if isinstance(one, Comparison)
        and one.path == (name,)
        and is_test_by(one, {Operator.EQ, Operator.IN})
    ]
    if not given:
        return None
    fewest = min(given, key=lambda one: len(one.values))
    # Those that another condition does not allow are no queries.
    return [
        value
        for value in fewest.values
        if all(any(values.equal(value, one) for one in other.values) for other in given)
    ]


def _keys(table: Table) -> Iterator[tuple[KeySchema, IndexSchema | None]]:
    yield table.schema.key, None
    for index in table.schema.indexes:
        yield index.key, index


def _candidates(
    table: Table,
    parts: tuple[Condition, ...],
    order: tuple[Sort, ...],
    attributes: frozenset[str] | None,
) -> Iterator[_Candidate]:
    for key, index in _keys(table):
        hashes = _equal_to(parts, key.hash)
        if hashes is None or len(hashes) > table.max_fanout or not is_complete(table, key, parts):
            continue
        shape = _sorted_by(key, index, hashes, order)
        if shape is None:
            continue
        in_order = sorted(hashes, key=sort_value)
        plans = [
            branch_plan(table, parts, key, index, one, shape.forward, attributes)
            for one in in_order
        ]
        branches = tuple(
            Branch(key=key, hash=one, plan=plan) for one, plan in zip(in_order, plans, strict=True)
        )
        plan = plans[0] if plans else Plan(kind="none")
        yield _Candidate(
            key=key,
            index=index,
            hashes=tuple(in_order),
            access=replace(shape, branches=branches),
            plan=plan,
        )


def branch_plan(  # noqa: PLR0913, PLR0917 - the parts of one query
    table: Table,
    parts: tuple[Condition, ...],
    key: KeySchema,
    index: IndexSchema | None,
    value: AttributeValue,
    forward: bool,  # noqa: FBT001 - by position, once
    attributes: frozenset[str] | None,
) -> Plan:
    """Return the plan of the query for one value of the hash key.

    Raises:
        TooComplexError: the conditions are longer than DynamoDB allows.
    """
    hash_only = Comparison(path=(key.hash,), operator=Operator.EQ, values=(value,))
    rest = tuple(
        one
        for one in parts
        if not (
            isinstance(one, Comparison)
            and one.path == (key.hash,)
            and is_test_by(one, {Operator.EQ, Operator.IN})
        )
    )
    plan = plan_query(
        table.schema,
        Wanted(
            condition=And((hash_only, *rest)),
            forward=forward,
            attributes=attributes,
            index="" if index is None else index.name,
            consistent=table.consistent and (index is None or not index.is_global),
        ),
    )
    if plan.filter is not None:
        condition_text(plan.filter, Placeholders())
    return plan


def _sorted_by(
    key: KeySchema,
    index: IndexSchema | None,
    hashes: Sequence[AttributeValue],
    order: tuple[Sort, ...],
) -> Access | None:
    """Return how queries of a key give an order; ``None`` if they do not."""
    one = len(hashes) <= 1
    terms = [term for term in order if not (one and term.name == key.hash)]
    if not terms:
        return Access(condition=None)
    first, *rest = terms
    unique = index is None  # of two items with one hash key, no two share the range key
    if first.name == key.range and ((one and unique) or not rest):
        return Access(condition=None, merged=not one, forward=not first.descending)
    if first.name != key.hash or one:
        return None
    if not rest:
        return Access(condition=None, hashes_forward=not first.descending)
    if rest[0].name == key.range and (unique or len(rest) == 1):
        return Access(
            condition=None,
            hashes_forward=not first.descending,
            forward=not rest[0].descending,
        )
    return None


def sort_value(value: AttributeValue) -> tuple[str, object]:
    """Return what sorts values of a key as DynamoDB does: numbers by value, texts by their bytes."""
    [(kind, content)] = value.items()
    if kind == "S":
        return kind, content.encode()
    return kind, values.exact_number(content) if kind == "N" else content


def _too_many(table: Table, asked: Condition | None) -> TooManyValuesError | None:
    """Return the error of a query with a list of values that is longer than what is looked up."""
    found = None if asked is None else simplified(asked)
    if found is None or isinstance(found, bool):
        return None
    parts = tuple(conjuncts(found))
    listed = max(
        map(len, filter(None, (_listed_keys(one, table.schema.key) for one in parts))), default=0
    )
    if listed > KEYS:
        return TooManyValuesError(table.resource.pk.name, KEYS, listed)
    for key, index in _keys(table):
        most = KEYS if index is None and key.range is None else table.max_fanout
        given = _equal_to(parts, key.hash)
        if given is not None and len(given) > most:
            name = table.description.python_name(key.hash)
            return TooManyValuesError(name, most, len(given))
    return None


def _refusal(table: Table, parts: tuple[Condition, ...], order: tuple[Sort, ...]) -> NeedsKeyError:
    """Return the error of a query that no key serves; it knows what would make it possible."""
    name = table.description.python_name
    usable = [
        key
        for key, _ in _keys(table)
        if (hashes := _equal_to(parts, key.hash)) is not None and len(hashes) <= table.max_fanout
    ]
    complete = [key for key in usable if is_complete(table, key, parts)]
    if complete and order:
        return OrderNeedsKeyError(sorted({name(key.range) for key in complete if key.range}))
    if usable:
        return RangeNeededError(sorted({name(key.range) for key in usable if key.range}))
    return KeyNeededError(sorted({name(key.hash) for key, _ in _keys(table)}))
