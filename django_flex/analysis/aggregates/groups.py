"""The gate for aggregates over all rows: groups, totals, ``having``, their order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.access.enter import enter
from django_flex.access.hints import field_denied
from django_flex.analysis.aggregates.group_keys import group_key
from django_flex.analysis.applied import applied_rules
from django_flex.analysis.caps import query_within
from django_flex.analysis.read.aggregate_fields import GroupBuilder, two_outputs
from django_flex.analysis.read.filters import authorize_filters
from django_flex.analysis.read.order import by_columns
from django_flex.analysis.read.search import authorize_search, within
from django_flex.binding.comparands import Comparands
from django_flex.binding.comparisons import compare
from django_flex.binding.conditions import TAIL
from django_flex.binding.related_aggregates import check_measure, related_aggregate
from django_flex.binding.values import value_of
from django_flex.exceptions import (
    FilterDeniedError,
    OperationDeniedError,
    OrderDeniedError,
    QueryError,
)
from django_flex.exceptions.places import Part, worded
from django_flex.query.aggregates import FUNCTIONS
from django_flex.query.ast import And, Comparison, FieldTerm, Not, Or, Quantified
from django_flex.query.operators import OPERATORS, TRANSFORMS
from django_flex.query.terms import nearest
from django_flex.resolved import (
    PROOF,
    AllOf,
    AnyOf,
    AuthorizedAggregate,
    Complement,
    ComputedValue,
    GroupAlias,
    GroupKey,
    Ordering,
    Output,
    Total,
)
from django_flex.schema.aggregates import Measure, resolve_measure, result_of
from django_flex.schema.paths import UnknownPathError

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.reach import Access
    from django_flex.access.roles import ResolvedGrant
    from django_flex.exceptions.places import Place
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.ast import Condition, OrderTerm, Path, Query
    from django_flex.query.limits import Limits
    from django_flex.resolved import Rows, Where
    from django_flex.schema.resources import Attribute

DEFAULT = (FieldTerm(("count",)),)
#: What totals over related rows can be put together from, and how.
OVER_RELATED = {"count": "sum", "sum": "sum", "min": "min", "max": "max"}


class AggregateNames:
    """The groups and totals of one aggregate, by the names that other clauses have for them."""

    __slots__ = ("access", "by_path", "keys", "shown", "totals")

    def __init__(self, access: Access) -> None:
        self.access = access
        self.by_path: dict[Path, ComputedValue] = {}
        self.keys: list[GroupKey] = []
        self.totals: dict[Path, Total] = {}
        self.shown = GroupBuilder("")

    def group(self, term: FieldTerm) -> None:
        """Group by what a term means."""
        key = group_key(term, self.access, f"flex_g{len(self.keys)}")
        self.keys.append(key)
        self._show(term, _named(key.alias, key.result), Part.GROUP_BY, word=key.part is not None)

    def want(self, term: FieldTerm) -> None:
        """Show the aggregate that a term means."""
        measure = self._granted(term.path, Part.AGGREGATE)
        if measure is None:
            raise field_denied(".".join(term.path), self.access, Part.AGGREGATE)
        self._show(term, self._total(measure, term.path, Part.AGGREGATE), Part.AGGREGATE, word=True)

    def find(self, path: Path, place: Place) -> ComputedValue | None:
        """Return the group or total of a path or alias, a new total if it is granted."""
        if path in self.by_path:
            return self.by_path[path]
        measure = self._granted(path, place)
        return None if measure is None else self._total(measure, path, place)

    def is_truncated(self, value: ComputedValue) -> bool:
        """Whether a value is the start of a period, of datetimes."""
        return value.attribute.kind == "datetime" and any(
            key.part is not None and value.key == ("group", key.alias) for key in self.keys
        )

    def _granted(self, path: Path, place: Place) -> Measure | None:
        try:
            measure = resolve_measure(self.access.resource, path)
        except UnknownPathError:
            return None
        if not self.access.may_aggregate(measure):
            return None
        check_measure(measure, ".".join(path), place)
        return measure

    def _show(self, term: FieldTerm, value: ComputedValue, place: Place, *, word: bool) -> None:
        names = (term.alias,) if term.alias else term.path
        if names in self.by_path:
            raise two_outputs(".".join(names), place)
        self.by_path[names] = self.by_path[term.path] = value
        aliased = term.alias is not None
        shown = self.access.policy.schema.shown(names[-1]) if word and not aliased else names[-1]
        self.shown.put(names, Output(shown, value, aliased=aliased))

    def _total(self, measure: Measure, path: Path, place: Place) -> ComputedValue:
        total = self.totals.get(measure.canonical)
        if total is None:
            self.access.count_joins(measure.hops, place)
            total = self._make(measure, f"flex_t{len(self.totals)}", ".".join(path), place)
            self.totals[measure.canonical] = total
        return _named(total.alias, total.result)

    def _make(self, measure: Measure, alias: str, text: str, place: Place) -> Total:
        name, access = measure.function.name, self.access
        if measure.crossings:
            return self._over_related(measure, alias, text, place)
        value = None
        if measure.target is not None:
            target = measure.target
            value = value_of(
                target.hops,
                target.attribute.leading,
                access,
                access.resource,
                masks=access.masks(target.hops),
            )
        return Total(alias, name, value, result_of(measure))

    def _over_related(self, measure: Measure, alias: str, text: str, place: Place) -> Total:
        """Put a total together from what each row has of its related rows."""
        name = measure.function.name
        if name not in OVER_RELATED:
            relation = measure.hops[measure.crossings[0]]
            raise QueryError(
                worded(
                    "'{}' over '{}' is not available over a to-many relation", name, relation.name
                ),
                path=place,
                hint=worded("one of {}, or query the other model", ", ".join(OVER_RELATED)),
            )
        least = self.access.least(measure.hops[measure.crossings[0]])
        value = related_aggregate(measure, self.access, text, place, least=1)
        related = None
        if least > 1:
            rows = Measure(FUNCTIONS["count"], measure.target, of_rows=True)
            related = related_aggregate(rows, self.access, text, place, least=1)
        return Total(alias, OVER_RELATED[name], value, result_of(measure), related, least)


def _named(alias: str, result: Attribute) -> ComputedValue:
    return ComputedValue(GroupAlias(alias), result, ("group", alias))


def authorize_aggregate(
    query: Query,
    policy: Policy,
    actor: Actor,
    entry: Entry,
    limits: Limits,
    granted: ResolvedGrant,
) -> AuthorizedAggregate:
    """Check an aggregate against the caller's grant and attach the rules that apply.

    Args:
        query: the parsed query.
        policy: ``EXPOSE``, compiled.
        actor: the caller.
        entry: the model of the query.
        limits: the caps that apply.
        granted: the caller's grant there.

    Raises:
        AccessDeniedError: an operation, aggregate, group or filter that is not granted.
        QueryError: something granted, asked in a way that makes no sense.
    """
    query = query_within(query, limits)
    access, rows = enter(policy, actor, entry, "aggregate", limits, granted)
    if query.explain is not None and "explain" not in access.grant.operations:
        raise OperationDeniedError("explain", entry.name)
    where, places = None, frozenset[str]()
    if query.filters is not None:
        where, places = authorize_filters(query.filters, access)
    search = None if query.search is None else authorize_search(query.search, access)
    names = AggregateNames(access)
    for term in query.group_by or ():
        names.group(term)
    for term in query.aggregate or DEFAULT:
        names.want(term)
    if query.having is not None and not names.keys:
        raise QueryError(
            worded("'{}' needs '{}'", Part.HAVING, Part.GROUP_BY),
            path=Part.HAVING,
            hint=worded("add '{}'", Part.GROUP_BY),
        )
    if query.order_by and not names.keys:
        raise QueryError(
            "A single object has no order",
            path=Part.ORDER_BY,
            hint=worded("add '{}'", Part.GROUP_BY),
        )
    having = None if query.having is None else _having(query.having, names)
    order_by = by_columns([_order(term, names) for term in query.order_by])
    found = _authorized(query, access, rows, within(search, where), names, having, order_by, places)
    return replace(found, rules=applied_rules(access, granted)) if query.explain else found


def authorize_totals(
    query: Query, access: Access, rows: Rows, where: Where | None
) -> AuthorizedAggregate | None:
    """Authorize ``aggregate`` beside a list: totals over all of its rows.

    Args:
        query: the list.
        access: the caller's reach.
        rows: which rows the caller may see.
        where: the filters of the list, authorized.

    Raises:
        FieldDeniedError: an aggregate that is not granted, or does not exist.
        QueryError: groups, which a list does not have.
    """
    for part, asked in ((Part.GROUP_BY, query.group_by), (Part.HAVING, query.having)):
        if asked is not None:
            raise QueryError(
                worded("'{}' has no meaning for a list", part),
                path=part,
                hint=worded('"{}": "aggregate"', Part.ACTION),
            )
    if query.aggregate is None:
        return None
    if query.stream is not None:
        raise QueryError(
            "A stream cannot have totals", path=Part.AGGREGATE, hint="request them separately"
        )
    names = AggregateNames(access)
    for term in query.aggregate:
        names.want(term)
    return _authorized(query, access, rows, where, names, None, (), frozenset())


def _authorized(  # noqa: PLR0913, PLR0917 - the parts of one object
    query: Query,
    access: Access,
    rows: Rows,
    where: Where | None,
    names: AggregateNames,
    having: Where | None,
    order_by: tuple[Ordering, ...],
    json_places: frozenset[str],
) -> AuthorizedAggregate:
    return AuthorizedAggregate(
        asked=query,
        resource=access.resource,
        rows=rows,
        where=where,
        keys=tuple(names.keys),
        totals=tuple(names.totals.values()),
        shown=names.shown.finish().members,
        having=having,
        order_by=order_by,
        least=access.least(),
        json_places=json_places,
        proof=PROOF,
    )


def _having(condition: Condition, names: AggregateNames) -> Where:
    match condition:
        case Comparison():
            return _comparison(condition, names)
        case And(children=children):
            return AllOf(tuple(_having(child, names) for child in children))
        case Or(children=children):
            return AnyOf(tuple(_having(child, names) for child in children))
        case Not(child=child):
            return Complement(_having(child, names))
        case Quantified(place=place, quantifier=quantifier):
            raise QueryError(
                worded("'{}' applies to rows, not to groups", quantifier),
                path=place,
                hint=worded("use '{}'", Part.FILTERS),
            )


def _comparison(asked: Comparison, names: AggregateNames) -> Where:
    path = asked.path
    for end in range(len(path), 0, -1):
        value = names.find(path[:end], asked.place)
        if value is not None:
            return _compared(value, path[end:], asked, names)
        if path[end - 1] not in TAIL:
            break
    text = ".".join(path)
    raise FilterDeniedError(text, path=asked.place, hint=_hint(text, names))


def _compared(value: ComputedValue, rest: Path, asked: Comparison, names: AggregateNames) -> Where:
    if value.attribute.kind == "json":
        raise QueryError(
            "Groups by JSON values cannot be compared",
            path=asked.place,
            hint=worded("use '{}'", Part.FILTERS),
        )
    if not rest or rest[-1] not in OPERATORS:
        rest = (*rest, "exact")
    if any(name not in TRANSFORMS for name in rest[:-1]):
        raise FilterDeniedError(".".join(asked.path), path=asked.place)
    if rest[:-1] and names.is_truncated(value):
        raise QueryError(
            "The start of a period has no parts that could be compared",
            path=asked.place,
            hint=worded("compare it as a whole, or group by '{}' as well", rest[0]),
        )
    access = names.access
    return compare(
        value, rest, asked, Comparands(access.actor, access.limits, access.policy.user_values)
    )


def _order(term: OrderTerm, names: AggregateNames) -> Ordering:
    value = names.find(term.path, Part.ORDER_BY)
    if value is None:
        text = f"{'-' if term.descending else ''}{'.'.join(term.path)}"
        raise OrderDeniedError(text, path=Part.ORDER_BY, hint=_hint(text, names))
    return Ordering(value, term.descending, term.nulls)


def _hint(text: str, names: AggregateNames) -> str | None:
    return nearest(text, [".".join(path) for path in names.by_path])
