"""A backend that keeps rows in memory and reads each of them for every question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from django_flex.exceptions import UnsupportedQueryError
from django_flex.plan.capabilities import Capabilities
from django_flex.plan.results import RelatedPage, ResultSet, RowCount
from django_flex.plan.sizes import ReplySize
from django_flex.query.operators import OF_GEOMETRIES, OPERATORS
from django_flex.resolved import key_of
from tests.memory import writing
from tests.memory.evaluation import Evaluation, ordered
from tests.memory.groups import groups_of, totals_of
from tests.memory.tables import Row, Tables

if TYPE_CHECKING:
    from django_flex.plan.nodes import (
        AggregatePlan,
        Cell,
        ChildPlan,
        ReadPlan,
        SelectOutput,
        WritePlan,
    )
    from django_flex.plan.written import WrittenRow
    from django_flex.query.limits import Limits
    from django_flex.resolved import Ordering, Rows, Value
    from django_flex.schema.resources import Resource

#: What dictionaries and lists can do without a database.
CAPABILITIES = Capabilities(
    computed=False,
    model_rules=False,
    parts=False,
    random=False,
    operators=frozenset(OPERATORS) - {"adjacent", "overlap"} - OF_GEOMETRIES,
    cursors=False,
    explain=False,
    related_writes=False,
    files=False,
    locks=False,
)
#: Where nothing can be estimated, counting stops here.
ENOUGH = 10_000
#: Rows of a stream that are read at once.
SOME = 2


class MemoryBackend:
    """Executes plans on dictionaries; ``log`` names what a database would need a statement for."""

    validates = False

    def __init__(self, tables: Tables, capabilities: Capabilities = CAPABILITIES) -> None:
        self.tables = tables
        self.capabilities = capabilities
        self.log: list[str] = []

    def capabilities_of(self, label: str) -> Capabilities:
        """Return what it can do with all rows."""
        return self.capabilities

    def stored_with(self, label: str) -> None:
        """Return nothing: all rows are in the same tables."""

    def begin(self) -> None:
        """Prepare for a request."""

    # --- reads ------------------------------------------------------------------------------------

    def check_time_zone(self, resource: Resource, name: str) -> None:
        """Nothing to check: Python knows them all."""

    def read(self, plan: ReadPlan, limits: Limits, started: float | None = None) -> ResultSet:
        self.begin()
        self.log += statements_of(plan)
        reply_size = ReplySize(limits.max_reply_bytes)
        found = self._get(plan) if plan.single else self._list(plan)
        reply_size.add(found.rows, plan.output.weight)
        return replace(found, most=limits.max_reply_bytes)

    def _get(self, plan: ReadPlan) -> ResultSet:
        evaluation = Evaluation(self.tables)
        key = plan.resource.pk.lookup
        rows = [row for row in evaluation.visible(plan.rows) if row[key] == plan.pk]
        return ResultSet([selected(row, plan.output, evaluation) for row in rows])

    def _list(self, plan: ReadPlan) -> ResultSet:
        evaluation = Evaluation(self.tables)
        rows = self._found(plan, evaluation)
        page = rows[plan.offset : plan.offset + plan.limit]
        count = plan.count
        return ResultSet(
            page if plan.cells else [selected(row, plan.output, evaluation) for row in page],
            has_more=len(rows) > plan.offset + plan.limit,
            count=None if count is None else counted(count, len(rows)),
            totals=None if plan.totals is None else totals_of(plan.totals, evaluation),
        )

    @staticmethod
    def _found(plan: ReadPlan, evaluation: Evaluation) -> list[Any]:
        """Return all rows of a list, or all combinations, in order."""
        if plan.cells:
            every = evaluation.matching(plan.rows, plan.where)
            return combined(every, plan.cells, plan.order_by, evaluation)
        every = evaluation.matching(plan.rows, plan.where)
        rows = evaluation.in_order(every, plan.order_by, plan.resource.pk.lookup)
        return first_of_each(rows, plan.distinct_on, evaluation)

    def groups(
        self,
        plan: AggregatePlan,
        limits: Limits,
        started: float | None = None,
        reply_size: ReplySize | None = None,
    ) -> tuple[list[tuple[Any, ...]], bool]:
        self.begin()
        self.log.append("groups")
        evaluation = Evaluation(self.tables)
        if not plan.keys:
            return [totals_of(plan, evaluation)], False
        rows = groups_of(plan, evaluation)
        end = plan.offset + plan.limit
        return rows[plan.offset : end], len(rows) > end

    def stream(
        self, plan: ReadPlan, limits: Limits, surroundings: Any
    ) -> Iterator[list[tuple[Any, ...]]]:
        with surroundings():
            self.begin()
            rows = self._list(plan).rows
        for start in range(0, len(rows), SOME):
            yield rows[start : start + SOME]

    def explain(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError("The planner lets no 'explain' through")

    explain_groups = explain

    # --- writes -----------------------------------------------------------------------------------

    def database(self, resource: Resource) -> str:
        return "default"

    database_for_read = database

    @contextmanager
    def transaction(
        self, using: str, limits: Limits, *, dry_run: bool = False, **_others: Any
    ) -> Iterator[None]:
        self.begin()
        before = deepcopy(self.tables.rows)
        try:
            yield
        except BaseException:
            self.tables.rows = before
            raise
        if dry_run:
            self.tables.rows = before

    def django_alias(self, using: str) -> None:
        """None: nothing in here is part of a transaction of Django's."""

    def savepoint(self, using: str) -> AbstractContextManager[None]:
        return self.transaction(using, None)  # type: ignore[arg-type]  # no limits are read

    def autocommit(self, using: str) -> AbstractContextManager[None]:
        return nullcontext()

    def write(self, plan: WritePlan, using: str, precondition: Any = None) -> list[WrittenRow]:
        return writing.write(plan, self.tables)

    def read_back(
        self, plan: ReadPlan, keys: Sequence[Any], using: str, reply_size: ReplySize | None = None
    ) -> dict[Any, tuple[Any, ...]]:
        evaluation = Evaluation(self.tables)
        pk = plan.resource.pk.lookup
        rows = [row for row in evaluation.visible(plan.rows) if row[pk] in keys]
        return {row[pk]: selected(row, plan.output, evaluation) for row in rows}

    # --- objects ----------------------------------------------------------------------------------

    def reading(
        self, using: str, limits: Limits, started: float | None = None
    ) -> AbstractContextManager[None]:
        return nullcontext()

    def find(self, rows: Rows, key: Any, using: str) -> Any:
        pk = rows.resource.pk.lookup
        found = (row for row in Evaluation(self.tables).visible(rows) if row[pk] == key)
        return next(found, None)

    def find_keys(self, rows: Rows, name: str, value: Any, using: str) -> set[Any]:
        found = Evaluation(self.tables).visible(rows)
        return {row[rows.resource.pk.lookup] for row in found if row[name] == value}

    def _no_locks(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise UnsupportedQueryError("Rows in memory have no locks")

    lock_row = lock_rows = choose_keys = may_change = satisfies = rows_for_input = _no_locks


def statements_of(plan: ReadPlan) -> Iterator[str]:
    """Yield a name for each statement that a database would run for a plan."""
    yield "rows"
    yield from _lists_of(plan.output)
    if plan.count is not None:
        yield "count"
    if plan.totals is not None:
        yield "aggregates"


def _lists_of(output: SelectOutput) -> Iterator[str]:
    for child in output.children:
        yield child.relation.name
        yield from _lists_of(child.output)


def selected(row: Row, output: SelectOutput, evaluation: Evaluation) -> tuple[Any, ...]:
    """Return a row as a plan wants it: columns, flags, then lists."""
    values = tuple(evaluation.selected(row, column) for column in output.columns)
    values += tuple(evaluation.sees(row, mask) for mask in output.flags)
    return values + tuple(listed(values, child, evaluation) for child in output.children)


def listed(values: tuple[Any, ...], child: ChildPlan, evaluation: Evaluation) -> Any:
    """Return the list of related rows that belongs to a row."""
    shown = all(values[flag] for flag in child.flags)
    rows = evaluation.related(child.relation, values[child.near], child.rows) if shown else []
    rows = [row for row in rows if child.where is None or evaluation.holds(row, child.where)]
    page = slice(child.offset, child.offset + child.limit)
    if child.cells:
        every = combined(rows, child.cells, child.order_by, evaluation)
        found = every[page]
    else:
        rows = evaluation.in_order(rows, child.order_by, child.relation.target.pk.lookup)
        every = first_of_each(rows, child.distinct_on, evaluation)
        found = [selected(row, child.output, evaluation) for row in every[page]]
    items = [row[0] if child.keys_only else child.output.make_object(row) for row in found]
    if not child.paged:
        return items
    more = len(every) > child.offset + child.limit
    count = len(every) if child.counted else None
    return RelatedPage(items, child.offset, child.limit, more, count)


def first_of_each(rows: list[Row], columns: Sequence[Value], evaluation: Evaluation) -> list[Row]:
    """Return the first row of each combination of values; all rows without any."""
    if not columns:
        return rows
    first: dict[Any, Row] = {}
    for row in rows:
        first.setdefault(tuple(evaluation.value(row, column) for column in columns), row)
    return [*first.values()]


def combined(
    rows: list[Row],
    cells: Sequence[Cell],
    order_by: Sequence[Ordering],
    evaluation: Evaluation,
) -> list[Any]:
    """Return each combination of values once, in the order that was asked for, then by its values."""
    every = [tuple(_cell(row, cell, evaluation) for cell in cells) for row in rows]
    found = {repr(values): values for values in every}
    place = {
        key_of(cell.column): n for n, cell in reversed([*enumerate(cells)]) if not cell.presence
    }
    in_order = sorted(found.values(), key=lambda values: [(one is None, one) for one in values])
    return ordered(in_order, order_by, lambda values, column: values[place[key_of(column)]])


def _cell(row: Row, cell: Cell, evaluation: Evaluation) -> Any:
    value = evaluation.value(row, cell.column)
    return value if value is None or not cell.presence else True


def counted(count: Any, number: int) -> RowCount:
    """Return how many rows there are, as it was asked for."""
    if count.kind == "exact":
        return RowCount(number, "exact")
    most = count.most or ENOUGH
    return RowCount(most, "capped") if number > most else RowCount(number, "exact")
