"""From what is wanted of a table to one plan that never reads more of it than it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from django_flex.dynamodb.core import conditions as nodes
from django_flex.dynamodb.core import values
from django_flex.dynamodb.core.conditions import Comparison, Condition, Operator, all_of
from django_flex.dynamodb.core.ranges import RANGE_OPERATORS, RangeChoice, choose
from django_flex.dynamodb.core.schema import IndexSchema, KeySchema, TableSchema


class NoPlanError(ValueError):
    """No key serves what is wanted; the message says what would make it possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a table.

    Attributes:
        condition: which items.
        order_by: the attribute to sort by, if any.
        forward: in ascending order.
        attributes: those that are needed, or ``None`` for whole items.
        index: the name of the index to use; ``""`` is the table itself, ``None`` leaves it open.
        consistent: all writes that were acknowledged have to be seen.
        scan: the whole table may be read.
    """

    condition: Condition | None = None
    order_by: str | None = None
    forward: bool = True
    attributes: frozenset[str] | None = None
    index: str | None = None
    consistent: bool = False
    scan: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How it is read.

    Attributes:
        kind: one item by its key, a query, a scan, or nothing, since no item can match.
        index: the index that is read, or ``None`` for the table.
        key: the conditions on the key: the hash, and at most one on the range.
        filter: what DynamoDB checks of the items that it has read.
        post: what is checked here, since DynamoDB does not filter by attributes of the key that it
            queries, by attributes that an index does not have, nor items that are got by key.
        projection: the attributes that are read, or ``None`` for all.
        forward: in ascending order of the range key.
        hydrate: items are then read from the table, as the index does not have all of them.
        consistent: all acknowledged writes are seen.
        reason: why this and nothing else, for people.
    """

    kind: Literal["get", "query", "scan", "none"]
    index: IndexSchema | None = None
    key: tuple[Comparison, ...] = ()
    filter: Condition | None = None
    post: Condition | None = None
    projection: tuple[str, ...] | None = None
    forward: bool = True
    hydrate: bool = False
    consistent: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    """A key that can serve the query, and how well."""

    key: KeySchema
    index: IndexSchema | None
    hash: Comparison
    range: RangeChoice
    rest: tuple[Condition, ...]
    hydrate: bool

    @property
    def merit(self) -> tuple[int, ...]:
        """Return what makes it better than others, the most important first."""
        found = self.range.key
        exact = found is not None and found.operator is Operator.EQ
        is_table = self.index is None
        is_local = self.index is not None and not self.index.is_global
        # An index lacks the items without its range key, unless the conditions ask for it.
        is_complete = is_table or found is not None or self.key.range is None
        return (
            is_table and exact,
            exact,
            found is not None,
            is_complete,
            # Which items are found must not depend on which attributes are wanted of them.
            is_complete and not self.hydrate,
            2 * is_table + is_local,
            -len(self.rest),
        )


_EXACT = frozenset({Operator.EQ})


def plan_query(schema: TableSchema, wanted: Wanted) -> Plan:
    """Return the plan for what is wanted.

    Raises:
        NoPlanError: neither the table nor an index has a key for it, and it may not be scanned.
    """
    condition = True if wanted.condition is None else nodes.simplified(wanted.condition)
    if condition is False:
        return Plan(kind="none", reason="no item can meet all conditions")
    found = () if condition is True else tuple(nodes.conjuncts(condition))
    candidates = [*_candidates(schema, wanted, found)]
    if not candidates:
        if wanted.scan:
            return _scan(schema, wanted, found)
        raise NoPlanError(_what_would_do(schema, wanted, found))
    best = max(candidates, key=lambda one: one.merit)
    return _plan(schema, wanted, best)


def _keys(schema: TableSchema, wanted: Wanted) -> Iterator[tuple[KeySchema, IndexSchema | None]]:
    if wanted.index in {None, ""}:
        yield schema.key, None
    for index in schema.indexes:
        if wanted.index is None or wanted.index == index.name:
            yield index.key, index


def _candidates(
    schema: TableSchema, wanted: Wanted, found: tuple[Condition, ...]
) -> Iterator[_Candidate]:
    for key, index in _keys(schema, wanted):
        hashes = [one for one in found if _is_on(one, key.hash, _EXACT)]
        full = [one for one in found if _is_on(one, key.range, _EXACT)]
        is_item = index is None and (key.range is None or bool(full))
        if not hashes or (wanted.order_by not in {None, key.range} and not is_item):
            continue
        if wanted.consistent and index is not None and index.is_global:
            continue
        by_range = [one for one in found if _is_on(one, key.range, RANGE_OPERATORS)]
        range_choice = choose(one for one in by_range if isinstance(one, Comparison))
        first = hashes[0]
        if not isinstance(first, Comparison):
            continue
        used = [first, *by_range]
        rest = tuple(one for one in found if not any(one is other for other in used))
        needed = wanted.attributes
        if needed is not None:
            needed = needed.union(*(nodes.attributes(one) for one in rest))
        lacking = index is not None and (
            index.projected is not None if needed is None else not schema.has(index, needed)
        )
        yield _Candidate(
            key=key,
            index=index,
            hash=first,
            range=range_choice,
            rest=rest,
            hydrate=lacking,
        )


def _is_on(
    condition: Condition, name: str | None, operators: set[Operator] | frozenset[Operator]
) -> bool:
    return (
        isinstance(condition, Comparison)
        and condition.path == (name,)
        and condition.operator in operators
        and not condition.of_size
    )


def _plan(schema: TableSchema, wanted: Wanted, best: _Candidate) -> Plan:
    ranged = best.range
    names = best.key.names
    contradicts = any(
        _is_on(one, best.key.hash, _EXACT)
        and isinstance(one, Comparison)
        and not values.equal(one.values[0], best.hash.values[0])
        for one in best.rest
    )
    where = "the table" if best.index is None else f"index {best.index.name}"
    if ranged.impossible or contradicts:
        return Plan(kind="none", reason="no item can meet all conditions")
    key = (best.hash,) if ranged.key is None else (best.hash, ranged.key)
    exact = ranged.key is not None and ranged.key.operator is Operator.EQ
    by_key = best.index is None and (best.key.range is None or exact)
    here: list[Condition] = [*ranged.rest]
    there: list[Condition] = []
    for one in best.rest:
        if by_key or not _can_filter(schema, best, one):
            here.append(one)
        else:
            there.append(one)
    post = all_of(tuple(here))
    return Plan(
        kind="get" if by_key else "query",
        index=best.index,
        key=key,
        filter=all_of(tuple(there)),
        post=post,
        projection=_projection(schema, wanted, best, post),
        forward=wanted.forward,
        hydrate=best.hydrate,
        consistent=wanted.consistent,
        reason=f"{where} by {' and '.join(names[: len(key)])}",
    )


def _can_filter(schema: TableSchema, best: _Candidate, condition: Condition) -> bool:
    named = nodes.attributes(condition)
    if named & frozenset(best.key.names):
        return False
    return best.index is None or schema.has(best.index, named)


def _projection(
    schema: TableSchema, wanted: Wanted, best: _Candidate, post: Condition | None
) -> tuple[str, ...] | None:
    if best.hydrate:
        return tuple(sorted(schema.position_names(best.index)))
    if wanted.attributes is None:
        return None
    needed = wanted.attributes | schema.position_names(best.index)
    if post is not None:
        needed |= nodes.attributes(post)
    return tuple(sorted(needed))


def _scan(schema: TableSchema, wanted: Wanted, found: tuple[Condition, ...]) -> Plan:
    if wanted.order_by is not None:
        raise NoPlanError("a scan has no order: leave out the order, or name a key")
    index = schema.index(wanted.index) if wanted.index else None
    lacking = index is not None and index.projected is not None
    projection = None
    if wanted.attributes is not None and not lacking:
        projection = tuple(sorted(wanted.attributes | schema.position_names(index)))
    return Plan(
        kind="scan",
        index=index,
        filter=None if lacking else all_of(found),
        post=all_of(found) if lacking else None,
        projection=projection,
        hydrate=lacking,
        consistent=wanted.consistent,
        reason="a scan reads every item, and no key is given",
    )


def _what_would_do(schema: TableSchema, wanted: Wanted, found: tuple[Condition, ...]) -> str:
    """Return what a query has to have so that a key serves it."""
    keys = [*_keys(schema, wanted)]
    if wanted.consistent:
        keys = [(key, index) for key, index in keys if index is None or not index.is_global]
    hashes = [key for key in keys if any(_is_on(one, key[0].hash, {Operator.EQ}) for one in found)]
    if wanted.order_by is not None and hashes:
        sortable = [_named(key.range, index) for key, index in hashes if key.range]
        what = " or ".join(sortable) or "nothing"
        return f"no key sorts by {wanted.order_by}; with these filters, {what} can be sorted by"
    if not keys:
        return "a global index is never read consistently"
    what = " or ".join(_named(key.hash, index) for key, index in keys)
    return f"no key serves this query: filter for an exact value of {what}"


def _named(name: str | None, index: IndexSchema | None) -> str:
    return f"{name}" if index is None else f"{name} (index {index.name})"
