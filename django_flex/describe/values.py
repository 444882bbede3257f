"""The values of a description: frozen, and complete without Django, the schema or the grants.

Paths are dotted, in the schema's own names. Labels and help may be translations; they become text
where they are rendered, in the language that is active there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.dataclass_init import fast_init

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.policy.rates import Rate
    from django_flex.query.ast import Shape
    from django_flex.query.limits import Limits
    from django_flex.schema.declarations import Declaration, Text
    from django_flex.schema.geometry.geojson import GeometryType
    from django_flex.schema.resources import Cardinality

Direction: TypeAlias = Literal["ascending", "descending"]


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDescription:
    """What values a path has: their kind, whether they may be null, what the model declares.

    ``null`` is about the column; whether a related row may be missing is part of its relation. Of a
    foreign key, ``model`` is the entry of the rows that it points to, ``None`` where the caller has
    no grant in one. ``items`` are what is in the values: the ends of a range.
    ``geometry`` says which geometries they are.
    Of a generic foreign key, ``types`` are what it may point to. ``other_name`` is the second name of
    a foreign key (``customer_id``).
    """

    kind: str
    null: bool
    declaration: Declaration
    items: ColumnDescription | None = None
    geometry: GeometryType | None = None
    primary_key: bool = False
    foreign_key: bool = False
    model: str | None = None
    computed: bool = False
    types: tuple[str, ...] = ()
    other_name: str | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateDescription:
    """One function of a path: ``path`` is written with it, ``kind`` is that of its result.

    ``total``: in ``aggregate``, over all rows. ``of_row``: in ``fields``, over the rows that one
    row is related to; ``operators`` and ``directions`` are for filters and orders by that.
    """

    path: str
    function: str
    kind: str
    total: bool
    of_row: bool
    operators: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysDescription:
    """What may be requested of any key inside a JSON value, or of any item of an array."""

    readable: bool = False
    operators: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDescription:
    """One path to a value, and all that may be done with it in a query.

    ``named``: the grant names it for reading. ``covered``: the wildcard of its row covers it (``*``, or
    ``album.*`` of a related row). ``operators`` are written behind the path in a filter, transforms
    before them (``year.gte``). ``transforms`` are the parts of it that may be
    read, and sorted by in the ``directions``. ``parts`` are what rows may be grouped by: ``""`` is
    the value itself, else a part of it.
    """

    path: str
    column: ColumnDescription
    readable: bool = False
    named: bool = False
    covered: bool = False
    operators: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()
    transforms: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    aggregates: tuple[AggregateDescription, ...] = ()
    keys: KeysDescription | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationDescription:
    """A way to related rows; the fields behind it stand beside it, under its path.

    ``model`` is the entry that they have, ``None`` where the caller may not ask for them there.
    ``item`` is what the name alone gives of each row, its key, ``None`` where that is not granted;
    by ``operators`` and in ``directions`` rows are filtered and sorted by that, which is of a ``kind``. Where a column has
    the name of the relation, its field says so instead.
    ``inside`` is what the arguments of the nested list may ask, of a to-many relation that can be
    read: paths in there start at the related row. ``count`` counts the related rows.
    """

    path: str
    cardinality: Cardinality
    null: bool
    model: str | None
    label: Text
    item: ColumnDescription | None = None
    kind: str = ""
    operators: tuple[str, ...] = ()
    directions: tuple[Direction, ...] = ()
    count: AggregateDescription | None = None
    inside: ReachDescription | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachDescription:
    """What may be requested of a row and its related rows. ``search`` has the searched paths."""

    fields: tuple[FieldDescription, ...] = ()
    relations: tuple[RelationDescription, ...] = ()
    search: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDescription:
    """One name that may be sent in a write.

    ``required`` is about new rows; with ``may_be_filled`` they need a value, too, but code of the
    project may fill it. With ``many`` a list of such values is sent. ``upload`` is set if a file may
    be sent: the maximum size in bytes, and the allowed types, none for any. ``updates`` are the
    operators that may be sent in place of a value: those that change the stored one, and ``$add``
    for a row that a foreign key is to point to.
    """

    name: str
    column: ColumnDescription
    required: bool = False
    may_be_filled: bool = False
    many: bool = False
    upload: tuple[int, tuple[str, ...]] | None = None
    updates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildrenDescription:
    """Rows that may be written inside the row they point to: how, of which entry."""

    name: str
    model: str
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteDescription:
    """What may be sent by one operation; ``presets`` are the columns that the server always sets."""

    inputs: tuple[InputDescription, ...]
    children: tuple[ChildrenDescription, ...] = ()
    presets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionOutput:
    """One thing that the code of a model action may return, as its annotation says.

    ``ours``: a row or rows of the action's own model. An ``object`` is the reply itself, any other
    ``value`` is in it; ``schema`` is their JSON Schema. After ``nothing`` there is the row of the
    action.
    """

    form: Literal["nothing", "row", "rows", "object", "value"]
    ours: bool = False
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionDescription:
    """A model action: what it is run on (``scope``), and what it takes.

    ``input`` is JSON Schema of the object that is sent, ``fields`` the same as a plain list; both
    have only what the caller may send, and are empty in an outline. ``examples`` are JSON objects.
    ``outputs`` are what its code may return, none if it does not say.
    ``needs_permission`` says that the action has a permission of its own, beside the grant.
    """

    id: str
    scope: str
    title: Text
    description: Text = ""
    status: str = "prod"
    version: int = 1
    tags: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    input: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[Mapping[str, Any], ...] = ()
    examples: tuple[Mapping[str, object], ...] = ()
    outputs: tuple[ActionOutput, ...] = ()
    destructive: bool = False
    dry_run: bool = False
    idempotency: str = "off"
    background: str = "never"
    needs_permission: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSummary:
    """A model in the list of all models: its names, and what may be done with it."""

    name: str
    label: Text
    plural: Text
    role: str
    operations: tuple[str, ...]
    actions: tuple[ActionDescription, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDescription:
    """One model as one role sees it.

    ``key`` is the name of the primary key. ``filters`` and ``order_by`` are the grants as they are
    written, ``*`` for everything that is readable. ``count`` counts rows. ``smallest_group`` is
    over how few rows an aggregate is still shown. ``rates`` are by operation. ``shape`` and
    ``default_order`` are those of lists that name none.
    """

    summary: ModelSummary
    key: str
    reach: ReachDescription
    filters: tuple[str, ...]
    order_by: tuple[str, ...]
    count: AggregateDescription | None
    smallest_group: int
    writes: Mapping[str, WriteDescription]
    limits: Limits
    rates: Mapping[str, Rate]
    shape: Shape = "map"
    default_order: tuple[str, ...] = ()
