"""An aggregate plan as one grouped statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import connections, router
from django.db.models import Case, Count, F, When
from django.db.models import functions as f
from django.db.models.lookups import GreaterThanOrEqual

from django_flex.backends.orm.compiled import fetch
from django_flex.backends.orm.conditions import (
    each_once,
    expression_of,
    filtered,
    seen,
    visible_rows,
)
from django_flex.backends.orm.functions import aggregate
from django_flex.backends.orm.json_functions import JSONNumber, JSONText, JSONWord
from django_flex.backends.orm.masks import masked
from django_flex.backends.orm.transactions import reading
from django_flex.exceptions import UnsupportedQueryError
from django_flex.query.aggregates import TRUNCATIONS
from django_flex.query.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db.models import QuerySet

    from django_flex.permissions.authorized import Ordering
    from django_flex.permissions.authorized_aggregates import GroupKey, Total
    from django_flex.plan.aggregates import AggregatePlan
    from django_flex.plan.nodes import Row

_DEFAULTS = Limits()
_ROWS = "flex_rows"
_PARTS: dict[str, Any] = {
    "date": f.TruncDate,
    "time": f.TruncTime,
    "year": f.ExtractYear,
    "iso_year": f.ExtractIsoYear,
    "quarter": f.ExtractQuarter,
    "month": f.ExtractMonth,
    "week": f.ExtractWeek,
    "day": f.ExtractDay,
    "week_day": f.ExtractWeekDay,
    "hour": f.ExtractHour,
    "minute": f.ExtractMinute,
    "second": f.ExtractSecond,
}


class _Truncated(f.Trunc):
    """A moment cut off. Django takes a NULL for a sign that MariaDB has no time zone tables."""

    def convert_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """Return NULL as it is where no time zone had to be looked up."""
        if value is None and self.get_tzname() in {None, connection.timezone_name}:
            return None
        return super().convert_value(value, expression, connection)


def read_groups(plan: AggregatePlan, limits: Limits = _DEFAULTS) -> tuple[list[Row], bool]:
    """Fetch the groups of a plan by one statement; return them, and whether there are more."""
    queryset = plan.rows.queryset
    using = router.db_for_read(plan.resource.model) if queryset is None else queryset.db
    with reading(using, limits):
        if not plan.keys:
            return [read_total(plan, using)], False
        rows = _fetch(plan, using)
    return rows[: plan.limit], len(rows) > plan.limit


def _fetch(plan: AggregatePlan, using: str) -> list[Row]:
    try:
        return fetch(plan, build_groups, using, (plan.offset, plan.offset + plan.limit + 1))
    except ValueError as error:
        if any(key.part in TRUNCATIONS for key in plan.keys):
            # Without its time zone tables MariaDB answers NULL, which Django finds no moment.
            raise UnsupportedQueryError(
                "The database does not know time zones", path="group_by"
            ) from error
        raise


def read_total(plan: AggregatePlan, using: str) -> Row:
    """Fetch the one group of all rows, which is there even when there are none."""
    found = next(iter(fetch(plan, build_total, using)), None)
    # Where Django knows that there are no rows it asks nobody.
    if plan.least <= 1:
        return tuple(found or map(_of_nothing, plan.totals))
    *values, rows = found or (*plan.totals, 0)
    return (None,) * len(values) if rows < plan.least else tuple(values)


def build_total(plan: AggregatePlan, using: str) -> Any:
    """Return Django's query of the one group of all rows."""
    totals = {total.alias: _total(total, using) for total in plan.totals}
    if plan.least > 1:
        totals[_ROWS] = Count("*")
    query: Any = _rows(plan, using).query
    query.clear_ordering(force=True)
    for alias, expression in totals.items():
        query.add_annotation(expression, alias)
    query.group_by = None
    query.set_values([*totals])
    return query


def _of_nothing(total: Total) -> int | None:
    return 0 if total.result.kind == "integer" and _counts(total) else None


def _counts(total: Total) -> bool:
    related = getattr(getattr(total.value, "build", None), "function", "")
    return total.function.startswith("count") or related.startswith("count")


def _rows(plan: AggregatePlan, using: str) -> QuerySet[Any]:
    """Return the rows that are grouped, none of them twice."""
    queryset = each_once(visible_rows(plan.rows, using)).using(using)
    return queryset if plan.where is None else filtered(queryset, plan.where, using)


def build_groups(plan: AggregatePlan, using: str) -> Any:
    """Return Django's query of a page of groups, and one group more."""
    keys = {key.alias: _key(key, using) for key in plan.keys}
    totals = {total.alias: _total(total, using) for total in plan.totals}
    queryset: QuerySet[Any] = _rows(plan, using).annotate(**keys).values_list(*keys)
    queryset = queryset.annotate(**totals)
    if plan.least > 1:
        queryset = queryset.filter(GreaterThanOrEqual(Count("*"), plan.least))
    if plan.having is not None:
        queryset = filtered(queryset, plan.having, using)
    # On the query itself: order_by() and a slice would each copy a queryset that is ours alone.
    queryset.query.clear_ordering(force=True, clear_default=True)
    queryset.query.add_ordering(*_order(plan, using))
    queryset.query.set_limits(plan.offset, plan.offset + plan.limit + 1)
    return queryset.query


def _key(key: GroupKey, using: str) -> Any:
    if key.result.kind == "json":
        word = JSONWord(expression_of(key.value, using), output_field=key.result.value_field)
        return masked(word, key.value.guards, using)
    value = seen(key.value, using)
    if key.part is None:
        return value
    if key.part in TRUNCATIONS:
        unit = TRUNCATIONS[key.part].unit
        return _Truncated(value, unit, output_field=key.result.value_field)
    return _PARTS[key.part](value)


def _total(total: Total, using: str) -> Any:
    vendor = connections[using].vendor
    output = total.result.value_field
    source = "*" if total.value is None else seen(total.value, using)
    found = aggregate(total.function, source, output, vendor)
    if _counts(total) and total.function == "sum":
        found = f.Coalesce(found, 0, output_field=output)
    if total.related is None:
        return found
    rows = aggregate("sum", expression_of(total.related, using), output, vendor)
    return Case(When(GreaterThanOrEqual(rows, total.least), then=found), output_field=output)


def _order(plan: AggregatePlan, using: str) -> list[Any]:
    """Sort, by all keys at last: the order is total, so pages neither repeat nor skip groups."""
    json = {key.alias: key for key in plan.keys if key.result.kind == "json"}
    sorts = [part for ordering in plan.order_by for part in _sorts(ordering, json, using)]
    named = {part.removeprefix("-") for part in sorts if isinstance(part, str)}
    return [*sorts, *(key.alias for key in plan.keys if key.alias not in named)]


def _sorts(ordering: Ordering, json: dict[str, GroupKey], using: str) -> Iterator[Any]:
    alias: Any = getattr(ordering.column, "key", ("", ""))[1]
    if alias not in json and not ordering.nulls:
        yield f"-{alias}" if ordering.descending else alias
        return
    values: list[Any] = [F(alias)]
    if alias in json:
        value, guards = expression_of(json[alias].value, using), json[alias].value.guards
        values = [masked(part, guards, using) for part in (JSONNumber(value), JSONText(value))]
    nulls = {f"nulls_{ordering.nulls}": True} if ordering.nulls else {}
    for part in values:
        yield part.desc(**nulls) if ordering.descending else part.asc(**nulls)
