"""The backend for tables of DynamoDB."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from django_flex.backends.dynamodb import lists, writing
from django_flex.backends.dynamodb.conditions import KINDS_OF_OPERATORS, OPERATORS_OF_KINDS, visible
from django_flex.backends.dynamodb.errors import translated
from django_flex.backends.dynamodb.explaining import explain
from django_flex.backends.dynamodb.rows import instance_of, key_value, row_of, stored_key
from django_flex.backends.dynamodb.units import Unit, current_unit, unit_of_work
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.wire.deadlines import until
from django_flex.plan.capabilities import Capabilities
from django_flex.query.operators import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from django_flex.backends.base import Precondition, Surroundings
    from django_flex.backends.dynamodb.tables import Table
    from django_flex.plan.explain import Explanation
    from django_flex.plan.nodes import ReadPlan, Row, WritePlan
    from django_flex.plan.results import ResultSet
    from django_flex.plan.sizes import ReplySize
    from django_flex.plan.written import WrittenRow
    from django_flex.query.limits import Limits
    from django_flex.resolved import Rows
    from django_flex.schema.resources import Resource

#: What tables of DynamoDB can do; which queries their keys serve is decided query by query.
CAPABILITIES = Capabilities(
    joins=False,
    lists=False,
    related_filters=False,
    related_aggregates=False,
    computed=False,
    model_rules=False,
    operators=frozenset(
        name for name, one in OPERATORS.items() if one.comparison in KINDS_OF_OPERATORS
    ),
    transforms=frozenset(),
    fewer=OPERATORS_OF_KINDS,
    parts=False,
    json_keys=False,
    containment=False,
    comparisons=False,
    search=False,
    random=False,
    offsets=False,
    distinct=False,
    aggregates=False,
    groups=False,
    related_writes=False,
    files=False,
)
#: What stands for the database: all tables are written in one transaction.
USING = "dynamodb"


@dataclass(slots=True, eq=False)
class DynamoBackend:
    """Executes plans on tables of DynamoDB.

    Attributes:
        tables: those that are registered, by the labels of their resources.
        capabilities: what it can do.
    """

    tables: dict[str, Table] = field(default_factory=dict)
    capabilities: Capabilities = CAPABILITIES

    @property
    def validates(self) -> bool:
        """Rows whose values do not fit never get here."""
        return False

    def capabilities_of(self, label: str) -> Capabilities:
        """Return what it can do with the rows of a table: the keys differ."""
        table = self.tables[label]
        return replace(self.capabilities, keys=table.keys, metered_as=table.schema.name)

    def stored_with(self, label: str) -> None:
        """Return nothing: all tables are written together."""

    def table(self, resource: Resource) -> Table:
        """Return the table of a resource."""
        return self.tables[resource.label]

    # --- reads ------------------------------------------------------------------------------------

    def check_time_zone(self, resource: Resource, name: str) -> None:
        """Nothing to check: the database converts no time zones."""

    def read(self, plan: ReadPlan, limits: Limits, started: float | None = None) -> ResultSet:
        """Fetch the rows of a plan, within the budget of its table."""
        begun = time.monotonic() if started is None else started
        with until(begun + limits.read_timeout), translated():
            return lists.read(self.table(plan.resource), plan, limits, started)

    def stream(
        self, plan: ReadPlan, limits: Limits, surroundings: Surroundings
    ) -> Iterator[list[Row]]:
        """Yield the rows of a plan, page by page."""
        with translated():
            yield from lists.stream(self.table(plan.resource), plan, limits, surroundings)

    def explain(
        self, plan: ReadPlan, limits: Limits, *, whole: bool = False, started: float | None = None
    ) -> Explanation:
        """Show the requests of a read. They tell of no row, so they are the same for everybody."""
        begun = time.monotonic() if started is None else started
        with until(begun + limits.read_timeout), translated():
            return explain(self.table(plan.resource), plan, limits, started)

    def _unable(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The planner lets no such plan through")

    groups = explain_groups = _unable

    # --- writes -----------------------------------------------------------------------------------

    def database(self, resource: Resource) -> str:
        """Return the one name that there is."""
        return USING

    database_for_read = database

    @contextmanager
    def transaction(
        self,
        using: str,
        limits: Limits,
        *,
        dry_run: bool = False,
        started: float | None = None,
        each_statement: bool = False,
    ) -> Iterator[None]:
        """Collect writes, and send them together at the end, each with its conditions."""
        begun = time.monotonic() if started is None or each_statement else started
        ends = begun + limits.write_timeout
        with until(ends), translated(), unit_of_work(dry_run=dry_run, ends=ends):
            yield

    def django_alias(self, using: str) -> None:
        """Return nothing: what Django stores is not part of the transaction."""

    def savepoint(self, using: str) -> AbstractContextManager[None]:
        """Return a context whose writes are forgotten alone if it fails."""
        return unit_of_work()

    def autocommit(self, using: str) -> AbstractContextManager[None]:
        """Return a context that translates errors."""
        return translated()

    def write(
        self, plan: WritePlan, using: str, precondition: Precondition | None = None
    ) -> list[WrittenRow]:
        """Put a write among those of the transaction; what it depends on is its condition."""
        return writing.write(self.table(plan.rules.resource), plan, _unit(), precondition)

    def read_back(
        self, plan: ReadPlan, keys: Sequence[Any], using: str, reply_size: ReplySize | None = None
    ) -> dict[Any, Row]:
        """Return written rows by key, as they will be stored."""
        table, unit = self.table(plan.resource), _unit()
        condition = visible(plan.rows, table)
        found: dict[Any, Row] = {}
        for key in keys:
            stored = stored_key(key, table)
            item = None if stored is None else unit.item(table, stored)
            if item is not None and matches(condition, item):
                found[key] = row_of(item, plan.output, table)
        if reply_size is not None:
            reply_size.add([*found.values()], plan.output.weight)
        return found

    # --- objects ----------------------------------------------------------------------------------

    @contextmanager
    def reading(self, using: str, limits: Limits, started: float | None = None) -> Iterator[None]:
        """Translate errors, and let no request take longer than a read may."""
        begun = time.monotonic() if started is None else started
        with until(begun + limits.read_timeout), translated():
            yield

    def find(self, rows: Rows, key: Any, using: str) -> Any:
        """Return the visible instance of a key, ``None`` without one."""
        table = self.table(rows.resource)
        item = lists.visible_item(table, rows, key)
        return None if item is None else instance_of(item, table)

    def find_keys(self, rows: Rows, name: str, value: Any, using: str) -> set[Any]:
        """Return the keys of at most two visible rows that have a value in another column."""
        table = self.table(rows.resource)
        return {key_value(one, table) for one in lists.with_value(table, rows, name, value, 2)}

    lock_row = lock_rows = choose_keys = may_change = satisfies = rows_for_input = _unable


def _unit() -> Unit:
    unit = current_unit()
    if unit is None:
        raise RuntimeError("a write is inside a transaction")
    return unit
