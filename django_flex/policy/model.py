"""What ``EXPOSE`` says, compiled: values without behaviour, made once per API version."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.dataclass_init import fast_init
from django_flex.policy.guarding import Guard
from django_flex.policy.paths import AggregateSet, FilterSet, OrderSet, PathSet
from django_flex.policy.rates import NO_RATES, Rates
from django_flex.resolved import NO_CASCADE, Cascade, SearchMode
from django_flex.schema.registry import Schema

if TYPE_CHECKING:
    from django_flex.query.ast import Condition, OrderTerm, Path
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Attribute, Resource

RoleResolver: TypeAlias = Callable[[Any, str], Any]
Hook: TypeAlias = Callable[..., Any]


@dataclass(frozen=True, slots=True, eq=False)
class RowRule:
    """Which rows a role sees. ``absent`` leaves it to the role resolver, else all rows."""

    kind: Literal["absent", "all", "none", "call", "q", "data"]
    call: Callable[[Any, Any], Any] | None = None
    q: Any = None
    condition: Condition | None = None


ALL_ROWS = RowRule("all")
NO_ROWS = RowRule("none")
ABSENT = RowRule("absent")


@dataclass(frozen=True, slots=True, eq=False)
class Preset:
    """A column that is filled for the client: with a constant or a dynamic value."""

    attribute: Attribute
    value: object


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What may be uploaded: a maximum size in bytes, and types of which a file has to have one.

    ``types`` are media types such as ``image/*``, or extensions such as ``.pdf``. ``None`` and an
    empty tuple leave it to the setting and to the column.
    """

    max_bytes: int | None = None
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WriteGrant:
    """What a role may write by one operation.

    ``grant`` is the role's grant with the writable paths as its fields, so that the same code
    decides what is readable and what is writable. ``rows`` restricts the rows that may be changed,
    ``checks`` are what a written row has to satisfy in addition to the role's ``rows``.
    """

    grant: Grant
    rows: RowRule = ALL_ROWS
    checks: tuple[RowRule, ...] = ()
    presets: tuple[Preset, ...] = ()
    cascade: Cascade = NO_CASCADE


@dataclass(frozen=True, slots=True, eq=False)
class ActionGrant:
    """How a role may run one model action: on which rows, with which inputs (``None``: all)."""

    rows: RowRule = ALL_ROWS
    input: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Grant:
    """What one role may do on one model. An empty one (``operations`` empty) denies.

    ``source`` is its path in the settings, ``written`` its raw value; only the checks use them.
    ``for_reading`` marks a grant for writing whose fields were only listed for reading. ``files``
    has what may be uploaded to a column, by its name; ``uploads`` is for the other file columns that
    the grant names for writing, ``None`` for no upload.
    """

    role: str
    operations: frozenset[str] = frozenset()
    fields: PathSet = field(default_factory=PathSet)
    filters: FilterSet = field(default_factory=FilterSet)
    order_by: OrderSet = field(default_factory=OrderSet)
    rows: RowRule = ABSENT
    exclude: frozenset[Path] = frozenset()
    writing: Mapping[str, WriteGrant] = field(default_factory=dict)
    rate_limit: Rates = NO_RATES
    caps: Mapping[str, Any] = field(default_factory=dict)
    empty: bool = False
    unrestricted: bool = False
    for_reading: bool = False
    source: str = ""
    written: Mapping[str, Any] = field(default_factory=dict)
    aggregates: AggregateSet = field(default_factory=AggregateSet)
    min_group: int = 1
    search: tuple[ResolvedPath, ...] = ()
    actions: Mapping[str, ActionGrant] = field(default_factory=dict)
    files: Mapping[str, FileLimits] = field(default_factory=dict)
    uploads: FileLimits | None = None


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One exposed model. ``everyone`` is a grant that needs no role (decorator, unrestricted).

    ``check_object`` is called for each row before it is shown by key or changed; it raises to
    refuse. ``default_order`` is that of lists whose query names none. A ``closed`` entry has a
    mistake that could concern any role: no caller reaches its rows, over no relation either.
    """

    name: str
    resource: Resource
    grants: Mapping[str, Grant] = field(default_factory=dict)
    queryset: Callable[[Any, Any], Any] | None = None
    url_names: tuple[str, ...] = ()
    default_order: tuple[OrderTerm, ...] = ()
    has_url_name: bool = False
    exclude: frozenset[Path] = frozenset()
    everyone: Grant | None = None
    closed: bool = False
    rate_limit: Rates = NO_RATES
    hooks: Mapping[str, tuple[Hook, ...]] = field(default_factory=dict)
    check_object: Callable[[Any], None] | None = None
    form_class: Any = None
    serializer_class: Any = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """The whole of ``EXPOSE`` for one API version.

    ``entries`` are by the labels of their resources. ``actions`` are the ids of the model actions
    that there are, by the label of their model. ``use_meta_ordering`` says whether models without
    a default order have that of ``Meta.ordering``. ``only_roles`` are the roles that a door is for,
    ``None`` for all: a caller who has another role on a model is denied there.
    """

    entries: Mapping[str, Entry]
    names: Mapping[str, Entry]
    guard: Guard = field(default_factory=Guard)
    resolver: RoleResolver | None = None
    user_values: frozenset[str] = frozenset()
    max_relation_depth: int = 2
    version: str | None = None
    schema: Schema = field(default_factory=Schema)
    actions: Mapping[str, Collection[str]] = field(default_factory=dict)
    search_mode: SearchMode = "substrings"
    search_config: str = "simple"
    use_meta_ordering: bool = False
    only_roles: frozenset[str] | None = None
