"""The output of ``authorize_mutation``: columns resolved, values typed, rules attached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from django_flex.dataclass_init import fast_init
from django_flex.resolved.cascades import NO_CASCADE, Cascade
from django_flex.resolved.proof import PROOF

if TYPE_CHECKING:
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import Mutation, Path
    from django_flex.resolved.conditions import Rows, Where
    from django_flex.resolved.query import AuthorizedQuery
    from django_flex.schema.dependents import Dependent
    from django_flex.schema.resources import Attribute, Relation, Resource


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """A value for a column, or for a key inside its JSON value.

    ``value`` is an ``Update`` if it depends on the stored one, and a ``NewRow`` if a foreign key
    points to a row that is added first. ``reference`` has the rows that a foreign key may point to;
    a preset has none.
    """

    name: str
    attribute: Attribute
    value: object
    keys: Path = ()
    reference: Rows | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LinkChanges:
    """Changes of a many-to-many relation, by keys of rows among ``rows``.

    If the relation calls its rows by another column, then by values of that, until a backend has
    found the keys; ``names`` are the values that were to be linked. With ``adds`` a row that does not
    exist is added, if there are ``new`` ones under the rules of their model.
    """

    name: str
    relation: Relation
    rows: Rows
    add: tuple[object, ...] = ()
    remove: tuple[object, ...] = ()
    replace: tuple[object, ...] | None = None
    names: tuple[object, ...] = ()
    adds: bool = False
    new: Mapping[object, NewRow] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class NestedWrites:
    """Writes of the rows that point to this one, each under the rules of its model.

    ``replace`` removes those that are neither edited nor added.
    """

    place: Place
    relation: Relation
    rules: Mapping[str, WriteRules]
    add: tuple[RowWrite, ...] = ()
    edit: tuple[RowWrite, ...] = ()
    remove: tuple[object, ...] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A value that was sent under a name and does not fit; ``column`` is where it would go."""

    name: str
    column: str
    message: str
    code: str = "invalid"


@dataclass(frozen=True, slots=True, eq=False)
class PointedRow:
    """A row that a generic foreign key is to point to, and that has to be among ``rows``.

    ``columns`` are those of the type and of the key, of which the first is not assigned: the key of
    a type is only known to the database. ``types`` are the content types that the caller may see,
    ``None`` for all of them. ``missing`` says that there is no such row.
    """

    name: str
    columns: tuple[Attribute, ...]
    label: str
    pk: object
    rows: Rows
    types: Rows | None
    missing: str


@fast_init
@dataclass(frozen=True, slots=True, eq=False)
class RowWrite:
    """How one row is written. ``place`` is its position in the payload, empty for all of it.

    ``key_place`` is where its key is in the payload, if that is known.
    With ``faults`` it is not written: a backend that validates rows reports them together with what
    it finds itself.
    """

    pk: object
    place: Place
    assignments: tuple[Assignment, ...] = ()
    links: tuple[LinkChanges, ...] = ()
    children: tuple[NestedWrites, ...] = ()
    faults: tuple[Fault, ...] = ()
    pointed: tuple[PointedRow, ...] = ()
    key_place: Place = ""


@dataclass(frozen=True, slots=True, eq=False)
class NewRow:
    """A row that is added, under the rules of its model, so that a foreign key can point to it."""

    row: RowWrite
    rules: WriteRules


class WritePermissions(Protocol):
    """Questions that a backend can only ask once it has found the rows."""

    def knows(self, field: str) -> bool:
        """Whether errors may name a field to the caller: it may be written, or is not a column."""

    def rules_of(self, dependent: Dependent) -> WriteRules | None:
        """Return the rules for removing or changing a row with another one; ``None`` to refuse."""

    def name_of(self, label: str) -> str | None:
        """Return the name under which a resource is exposed, ``None`` if it is not."""


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProjectCode:
    """The project's code that runs around a write, and its arguments.

    ``check_object`` is called for each row before it is changed; it raises to refuse.
    """

    user: object
    request: object
    hooks: Mapping[str, tuple[Callable[..., Any], ...]]
    check_object: Callable[[Any], None] | None = None
    form_class: Any = None
    serializer_class: Any = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WriteRules:
    """The rules of one operation on one model for one caller.

    ``before``: the rows that may be changed. ``after``: the rows that a written row has to be
    among; rules that are always true are left out. ``presets`` are values that the server sets.
    ``cascade`` has the models whose rows may be removed with a deleted row.
    """

    operation: str
    resource: Resource
    before: tuple[Rows, ...]
    after: tuple[Rows, ...]
    code: ProjectCode
    permissions: WritePermissions
    presets: tuple[Attribute, ...] = ()
    cascade: Cascade = NO_CASCADE


class InputRows(Protocol):
    """The rows that inputs of an action may name, and those that it may run on."""

    @property
    def rules(self) -> WriteRules:
        """The rows that the action may run on."""

    @property
    def unrestricted(self) -> bool:
        """Whether the code that started the run has turned permissions off."""

    @property
    def max_keys(self) -> int:
        """The maximum number of keys of one input."""

    def nameable_rows(self, model: Any) -> Rows:
        """Return the rows of a model that an input may name."""

    def inherited(self, model: Any) -> Iterator[tuple[str, Rows]]:
        """Yield the other rows that a key of a model identifies, and the column with this key."""


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuthorizedMutation:
    """A write that the caller may do.

    ``edits`` are the rows of an upsert for the case that they exist, ``editing`` their rules.
    ``returning`` reads a written row back, ``None`` if the caller may not read it.

    Raises:
        TypeError: it was created without the proof, so not by ``authorize_mutation``.
    """

    asked: Mutation
    rules: WriteRules
    rows: tuple[RowWrite, ...]
    editing: WriteRules | None
    edits: tuple[RowWrite, ...]
    match: tuple[Attribute, ...]
    where: Where | None
    returning: AuthorizedQuery | None
    proof: object

    def __post_init__(self) -> None:
        if self.proof is not PROOF:
            message = "Only authorize_mutation() may create an AuthorizedMutation"
            raise TypeError(message)
