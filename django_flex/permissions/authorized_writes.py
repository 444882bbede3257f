"""What comes out of ``authorize_mutation``: columns resolved, values typed, rules attached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.permissions.authorized import PROOF

if TYPE_CHECKING:
    from django_flex.permissions.access import Access
    from django_flex.permissions.authorized import AuthorizedQuery, Rows, Where
    from django_flex.permissions.policy import Entry, Preset
    from django_flex.query.ast import Mutation, Path
    from django_flex.schema.introspection import Attribute, Relation


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """A value for a column, or for a key inside its JSON value.

    ``reference`` says to which rows a foreign key may point; a preset of the operator has none.
    """

    name: str
    attribute: Attribute
    value: Any
    keys: Path = ()
    reference: Rows | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Changes of a many-to-many relation, by keys of rows among ``rows``."""

    name: str
    relation: Relation
    rows: Rows
    add: tuple[Any, ...] = ()
    remove: tuple[Any, ...] = ()
    replace: tuple[Any, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Children:
    """Writes of the rows that point here, each under the rules of its own model.

    ``replace`` removes those that are neither edited nor added.
    """

    place: str
    relation: Relation
    rules: Mapping[str, Rules]
    add: tuple[RowWrite, ...] = ()
    edit: tuple[RowWrite, ...] = ()
    remove: tuple[Any, ...] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class RowWrite:
    """What becomes of one row. ``place`` is where it stands in the payload, empty for all of it."""

    pk: Any
    place: str
    assignments: tuple[Assignment, ...] = ()
    links: tuple[Links, ...] = ()
    children: tuple[Children, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """What one operation on one model means for one caller.

    ``before``: all that a row must be among to be changed. ``after``: all that it must be among
    when it is written; a rule that is always true is not in it. ``access`` asks for what may be
    written where it says "readable".
    """

    operation: str
    entry: Entry
    access: Access
    presets: tuple[Preset, ...]
    before: tuple[Rows, ...]
    after: tuple[Rows, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AuthorizedMutation:
    """A write that the caller may do, as it must be done.

    ``edits`` are the rows of an upsert again, as they are if found; ``editing`` their rules.
    ``returning`` reads a written row back, ``None`` if the caller may not read.

    Raises:
        TypeError: made without the proof, that is anywhere but in ``authorize_mutation``.
    """

    asked: Mutation
    rules: Rules
    rows: tuple[RowWrite, ...]
    editing: Rules | None
    edits: tuple[RowWrite, ...]
    match: tuple[Attribute, ...]
    where: Where | None
    returning: AuthorizedQuery | None
    proof: object

    def __post_init__(self) -> None:
        if self.proof is not PROOF:
            message = "An AuthorizedMutation is made by authorize_mutation() alone"
            raise TypeError(message)
