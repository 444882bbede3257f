"""What a backend is: something that executes authorized plans on one kind of database.

Three independent protocols, and ``Backend``, which combines them. A backend receives plans, rows
and rules that have been authorized; it takes nothing from a request.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from django_flex.plan.capabilities import Capabilities
    from django_flex.plan.explain import Explanation
    from django_flex.plan.nodes import AggregatePlan, ReadPlan, Row, WritePlan
    from django_flex.plan.results import ResultSet
    from django_flex.plan.sizes import ReplySize
    from django_flex.plan.written import WrittenRow
    from django_flex.query.limits import Limits
    from django_flex.resolved import InputRows, Rows, Where, WriteRules
    from django_flex.schema.resources import Resource

#: How rows are locked: wait for others, refuse or leave out what they hold, or not at all.
Lock: TypeAlias = Literal["row", "nowait", "skip", "none"]
#: Called with the key of the one row that is edited or deleted; raises to stop the write.
Precondition: TypeAlias = Callable[[Any], None]
#: Opens the context that each part of a stream is read in.
Surroundings: TypeAlias = Callable[[], AbstractContextManager[None]]


class Reads(Protocol):
    """Reads plans. Each read has ``read_timeout`` seconds, from ``started`` if that is given."""

    def check_time_zone(self, resource: Resource, name: str) -> None:
        """Check that the database of a resource can convert to a time zone.

        Raises:
            MisconfiguredError: it does not know the zone.
        """
        ...

    def read(self, plan: ReadPlan, limits: Limits, started: float | None = None) -> ResultSet:
        """Fetch the rows of a plan, each in the order of its columns and flags.

        Args:
            plan: of a get or a list.
            limits: with ``read_timeout`` and ``max_reply_bytes``.
            started: when the request began (``time.monotonic()``), ``None`` for now.

        Raises:
            UnsupportedQueryError: this database cannot do what the plan asks for.
            UnavailableError: the database is away, or the read took too long.
        """
        ...

    def groups(
        self,
        plan: AggregatePlan,
        limits: Limits,
        started: float | None = None,
        reply_size: ReplySize | None = None,
    ) -> tuple[list[Row], bool]:
        """Fetch the groups of a plan; return them, and whether there are more.

        ``reply_size`` counts the bytes of what is fetched. Raises what ``read`` does.
        """
        ...

    def stream(
        self, plan: ReadPlan, limits: Limits, surroundings: Surroundings
    ) -> Iterator[list[Row]]:
        """Yield the rows of a plan, any number of them, some at a time.

        Args:
            plan: of a list.
            limits: with ``export_timeout``, after which no more rows are read.
            surroundings: makes the context that each part is read in.

        Raises:
            UnavailableError: the database is away, or all of it takes too long.
        """
        ...

    def explain(
        self, plan: ReadPlan, limits: Limits, *, whole: bool = False, started: float | None = None
    ) -> Explanation:
        """Explain what ``read`` would do; ``whole`` includes what the caller may not see."""
        ...

    def explain_groups(
        self,
        plan: AggregatePlan,
        limits: Limits,
        *,
        whole: bool = False,
        started: float | None = None,
    ) -> Explanation:
        """Explain what ``groups`` would do; ``whole`` includes what the caller may not see."""
        ...


class Writes(Protocol):
    """Writes plans. ``using`` is the alias of a database, as ``database`` returns it."""

    @property
    def validates(self) -> bool:
        """Whether ``write`` reports the ``faults`` of rows, together with what it finds itself.

        Otherwise it never receives a row that has some.
        """
        ...

    def database(self, resource: Resource) -> str:
        """Return the alias of the database that a resource is written to."""
        ...

    def transaction(
        self,
        using: str,
        limits: Limits,
        *,
        dry_run: bool = False,
        started: float | None = None,
        each_statement: bool = False,
    ) -> AbstractContextManager[None]:
        """Return a context in which everything is written or nothing.

        Args:
            using: the database.
            limits: with ``write_timeout`` and ``lock_timeout``.
            dry_run: undo everything at the end.
            started: when the request began (``time.monotonic()``), ``None`` for now.
            each_statement: ``write_timeout`` applies to each statement, not to all of them
                together.

        Raises:
            ConflictError: it conflicts with stored data or with another write.
            InvalidValueError: the database refuses a value.
            UnavailableError: the database is away, or the write took too long; nothing was written.
            OutcomeUnknownError: it did not say whether it has written.
        """
        ...

    def django_alias(self, using: str) -> str | None:
        """Return the alias of Django's database whose transaction ``transaction`` opens.

        ``None`` if it opens another one: what Django stores is then not part of the write.
        """
        ...

    def savepoint(self, using: str) -> AbstractContextManager[None]:
        """Return a context in a transaction whose writes are undone alone if it fails."""
        ...

    def autocommit(self, using: str) -> AbstractContextManager[None]:
        """Return a context outside a transaction; it raises the same errors as ``transaction``."""
        ...

    def write(
        self, plan: WritePlan, using: str, precondition: Precondition | None = None
    ) -> list[WrittenRow]:
        """Write a plan inside a transaction; return what was written, in the plan's order.

        ``precondition`` is called for the row of an edit or delete, once it is locked.

        Raises:
            ObjectNotFoundError: a row does not exist, or the caller may not see it.
            ValidationFailedError: the resource refuses a value.
            RowDeniedError: the caller may not write a row as it would be stored.
            ConflictError: it conflicts with stored data.
        """
        ...

    def read_back(
        self, plan: ReadPlan, keys: Sequence[Any], using: str, reply_size: ReplySize | None = None
    ) -> dict[Any, Row]:
        """Fetch written rows by key; those that the caller may not see are left out."""
        ...


class Objects(Protocol):
    """Selects and locks rows as objects, for model actions and for doors that look at a row."""

    def database_for_read(self, resource: Resource) -> str:
        """Return the alias of the database that a resource is read from."""
        ...

    def reading(
        self, using: str, limits: Limits, started: float | None = None
    ) -> AbstractContextManager[None]:
        """Return a context for reads, which all together may take ``read_timeout`` seconds.

        Raises:
            QueryError: the database refuses a query.
            UnavailableError: the database is away, or the reads took too long.
        """
        ...

    def find(self, rows: Rows, key: Any, using: str) -> Any:
        """Return the visible object of a key, ``None`` without one."""
        ...

    def find_keys(self, rows: Rows, name: str, value: Any, using: str) -> set[Any]:
        """Return the keys of at most two visible rows that have a value in another column."""
        ...

    def lock_row(self, rules: WriteRules, key: Any, using: str, lock: Lock) -> Any:
        """Lock the object of a key that the caller may change; ``None`` without one."""
        ...

    def lock_rows(
        self,
        rules: WriteRules,
        keys: Iterable[Any],
        using: str,
        lock: Lock,
        where: Where | None = None,
    ) -> list[Any]:
        """Lock the objects among some keys that the caller may change, in the order of their keys.

        With ``where`` they are those that the filter still chooses when they are locked.

        Raises:
            ConflictError: another write came in between, so it is not clear which rows are meant.
        """
        ...

    def choose_keys(
        self, rules: WriteRules, where: Where | None, using: str, most: int
    ) -> list[Any]:
        """Return the keys of the rows that a filter selects: at most ``most``, and one more."""
        ...

    def may_change(self, rules: WriteRules, key: Any, using: str) -> bool:
        """Whether the row of a key is one that the caller may change."""
        ...

    def satisfies(self, resource: Resource, where: Where, key: Any, using: str) -> bool:
        """Whether the row of a key, which is locked, satisfies a filter."""
        ...

    def rows_for_input(self, inputs: InputRows, using: str) -> VisibleRows:
        """Return the rows of other resources that an input of an action may name."""
        ...


class VisibleRows(Protocol):
    """The rows of other models that an input of an action may name: those the caller may see."""

    @property
    def unrestricted(self) -> bool:
        """Whether the code that started the run has turned permissions off."""
        ...

    def find(self, model: Any, keys: Iterable[Any]) -> Mapping[Any, Any]:
        """Return the visible objects among some keys, by the key as it was sent.

        Raises:
            LimitExceededError: too many keys.
        """
        ...

    def own(self, queryset: Any) -> Any:
        """Return the part of a queryset of the action's model that the action may be run on."""
        ...

    def narrow(self, queryset: Any) -> Any:
        """Return the part of a queryset that the caller may see."""
        ...


class Backend(Reads, Writes, Objects, Protocol):
    """Executes plans on one kind of database."""

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do; it never receives a plan that needs more."""
        ...

    def capabilities_of(self, label: str) -> Capabilities:
        """Return what it can do with the rows of a resource: less, where their database cannot."""
        ...

    def stored_with(self, label: str) -> Container[str] | None:
        """Return the labels of the resources that one statement can read together with another.

        ``None`` if those are all that the backend stores: it has one database.
        """
        ...
