"""Django's ORM as a backend."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction

from django_flex.backends.orm.connection.database_errors import translated
from django_flex.backends.orm.connection.databases import stored_with
from django_flex.backends.orm.connection.deadlines import Deadline, ForEachStatement
from django_flex.backends.orm.connection.time_zones import check_time_zone
from django_flex.backends.orm.connection.transactions import reading, writing
from django_flex.backends.orm.django_internals.connections import features
from django_flex.backends.orm.django_internals.keys import has_key, has_one_of
from django_flex.backends.orm.expressions.conditions import filtered, visible_rows
from django_flex.backends.orm.prepared.statement_cache import Database, StatementCache
from django_flex.backends.orm.reading.aggregates import read_groups
from django_flex.backends.orm.reading.explain import explain, explain_groups
from django_flex.backends.orm.reading.reads import read, read_back
from django_flex.backends.orm.reading.streams import rows_of
from django_flex.backends.orm.schema import model_of
from django_flex.backends.orm.writing.rows import allowed_rows, locked_row, locked_rows
from django_flex.backends.orm.writing.visible_rows import OrmVisibleRows
from django_flex.backends.orm.writing.writes import write
from django_flex.plan.capabilities import ALL, Capabilities
from django_flex.plan.written import WrittenRow

if TYPE_CHECKING:
    from django_flex.backends.base import Lock, Precondition, Surroundings
    from django_flex.plan.explain import Explanation
    from django_flex.plan.nodes import AggregatePlan, ReadPlan, Row, WritePlan
    from django_flex.plan.results import ResultSet
    from django_flex.plan.sizes import ReplySize
    from django_flex.query.limits import Limits
    from django_flex.resolved import InputRows, Rows, Where, WriteRules
    from django_flex.schema.resources import Resource


#: The databases of Django that have none of PostgreSQL's types. Django compiles its operators for
#: them all the same, or raises while it does.
_OF_POSTGRESQL = tuple((kind, frozenset({"isnull"})) for kind in ("array", "hstore", "range"))
_OTHERS = frozenset({"sqlite", "mysql", "oracle"})


class OrmBackend:
    """Executes plans by Django's ORM; see ``Backend`` for what each method takes and returns."""

    __slots__ = ("_can", "_statements")
    #: All of them; each database but PostgreSQL lacks some.
    capabilities: Capabilities = ALL
    validates = True

    def __init__(self, statements: StatementCache) -> None:
        """Take the cache of the statements of one API version."""
        self._statements = statements
        self._can: dict[str, Capabilities] = {}

    @property
    def statements(self) -> StatementCache:
        """The statements that are compiled."""
        return self._statements

    def stored_with(self, label: str) -> Container[str] | None:
        """Ask Django's routers which models share a database."""
        return stored_with(label)

    def capabilities_of(self, label: str) -> Capabilities:
        """Ask Django what the primary database of a model can do, as its replicas do."""
        # Without routers, each model is in the default database.
        using = DEFAULT_DB_ALIAS
        if router.routers:
            using = router.db_for_write(apps.get_model(label))
        found = self._can.get(using)
        if found is None:
            found = self._can[using] = replace(
                ALL,
                containment=features(using).supports_json_field_contains,
                fewer=_OF_POSTGRESQL if connections[using].vendor in _OTHERS else (),
            )
        return found

    def _on(self, using: str) -> Database:
        return Database(using, self._statements, from_primary=True)

    def check_time_zone(self, resource: Resource, name: str) -> None:
        """Check that MariaDB has its time zone tables; other databases bring their own."""
        check_time_zone(router.db_for_read(model_of(resource)), name)

    def read(self, plan: ReadPlan, limits: Limits, started: float | None = None) -> ResultSet:
        """Fetch the rows of a plan: one statement, and one for each list in them."""
        return read(plan, self._statements, limits, started)

    def groups(
        self,
        plan: AggregatePlan,
        limits: Limits,
        started: float | None = None,
        reply_size: ReplySize | None = None,
    ) -> tuple[list[Row], bool]:
        """Fetch groups by one statement."""
        return read_groups(plan, self._statements, limits, started, reply_size)

    def stream(
        self, plan: ReadPlan, limits: Limits, surroundings: Surroundings
    ) -> Iterator[list[Row]]:
        """Yield rows; between two parts nothing is open on the connection."""
        return rows_of(plan, self._statements, limits, surroundings)

    def explain(
        self, plan: ReadPlan, limits: Limits, *, whole: bool = False, started: float | None = None
    ) -> Explanation:
        """Show the statements of a read, and the database's plans of them."""
        return explain(plan, self._statements, limits, whole=whole, started=started)

    def explain_groups(
        self,
        plan: AggregatePlan,
        limits: Limits,
        *,
        whole: bool = False,
        started: float | None = None,
    ) -> Explanation:
        """Show the statement of an aggregate, and the database's plan of it."""
        return explain_groups(plan, self._statements, limits, whole=whole, started=started)

    def database(self, resource: Resource) -> str:
        """Ask Django's routers."""
        return router.db_for_write(model_of(resource))

    def transaction(
        self,
        using: str,
        limits: Limits,
        *,
        dry_run: bool = False,
        started: float | None = None,
        each_statement: bool = False,
    ) -> AbstractContextManager[None]:
        """Open a transaction, or a savepoint in that of the caller."""
        seconds = limits.write_timeout
        deadline = ForEachStatement(seconds) if each_statement else Deadline(seconds, started)
        return writing(using, limits, dry_run=dry_run, deadline=deadline)

    def django_alias(self, using: str) -> str:
        """Return the same alias."""
        return using

    @contextmanager
    def savepoint(self, using: str) -> Iterator[None]:
        """Open a savepoint."""
        with translated(connections[using], writing=True), transaction.atomic(using):
            yield

    def autocommit(self, using: str) -> AbstractContextManager[None]:
        """Only translate errors of the database."""
        return translated(connections[using], writing=True)

    def write(
        self, plan: WritePlan, using: str, precondition: Precondition | None = None
    ) -> list[WrittenRow]:
        """Write through the model: its forms, validators, signals and constraints hold."""
        return [WrittenRow(w.pk, w.operation) for w in write(plan, self._on(using), precondition)]

    def read_back(
        self,
        plan: ReadPlan,
        keys: Sequence[object],
        using: str,
        reply_size: ReplySize | None = None,
    ) -> dict[object, Row]:
        """Fetch written rows by one statement."""
        return read_back(plan, keys, self._on(using), reply_size)

    def database_for_read(self, resource: Resource) -> str:
        """Ask Django's routers."""
        return router.db_for_read(model_of(resource))

    def reading(
        self, using: str, limits: Limits, started: float | None = None
    ) -> AbstractContextManager[None]:
        """Limit the time of reads, and translate errors of the database."""
        return reading(using, limits, started)

    def find(self, rows: Rows, key: object, using: str) -> object:
        """Return a model instance."""
        return (
            visible_rows(rows, using)
            .using(using)
            .filter(has_key(model_of(rows.resource), key))
            .order_by()
            .first()
        )

    def find_keys(self, rows: Rows, name: str, value: object, using: str) -> set[object]:
        """Find rows with a Django lookup, such as ``slug`` or ``owner__name``."""
        visible = visible_rows(rows, using).using(using)
        try:
            return {*visible.filter(**{name: value}).order_by().values_list("pk", flat=True)[:2]}
        except (TypeError, ValueError, ValidationError):
            return set()  # no row has such a value

    def lock_row(self, rules: WriteRules, key: object, using: str, lock: Lock) -> object:
        """Return a model instance, by ``SELECT … FOR UPDATE``."""
        return locked_row(rules, key, self._on(using), lock)

    def lock_rows(
        self,
        rules: WriteRules,
        keys: Iterable[object],
        using: str,
        lock: Lock,
        where: Where | None = None,
    ) -> list[object]:
        """Return model instances, by ``SELECT … FOR UPDATE``."""
        these = has_one_of(model_of(rules.resource), keys)
        return locked_rows(rules, these, self._on(using), lock, where=where)

    def choose_keys(
        self, rules: WriteRules, where: Where | None, using: str, most: int
    ) -> list[object]:
        """Select keys, in their order."""
        found = allowed_rows(rules, where, using).values_list("pk", flat=True)
        return list(found[: most + 1])

    def may_change(self, rules: WriteRules, key: object, using: str) -> bool:
        """Ask the database, unless no rule narrows the rows."""
        if all(rows.plain for rows in rules.before):
            return True
        this = has_key(model_of(rules.resource), key)
        return allowed_rows(rules, None, using).filter(this).exists()

    def satisfies(self, resource: Resource, where: Where, key: object, using: str) -> bool:
        """Ask the database."""
        this = has_key(model_of(resource), key)
        row = model_of(resource)._base_manager.using(using).filter(this)
        return filtered(row, where, using, (this,)).exists()

    def rows_for_input(self, inputs: InputRows, using: str) -> OrmVisibleRows:
        """Narrow querysets of the project to the rows that a caller may see."""
        return OrmVisibleRows(inputs, using)
