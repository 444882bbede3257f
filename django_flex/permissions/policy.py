"""What ``EXPOSE`` says, compiled: values without behaviour, made once per API version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.permissions.paths import AggregateSet, FilterSet, OrderSet, PathSet
from django_flex.permissions.rates import NO_RATES, Rates
from django_flex.schema.introspection import Schema

if TYPE_CHECKING:
    from django.db import models

    from django_flex.query.ast import Condition, Path
    from django_flex.schema.introspection import Attribute, Resource
    from django_flex.schema.paths import Target

RoleResolver: TypeAlias = Callable[[Any, str], Any]
Hook: TypeAlias = Callable[..., Any]
SearchMode: TypeAlias = Literal["substrings", "full_text", "trigrams"]


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
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WriteGrant:
    """What a role may write by one operation.

    ``grant`` is the role's grant with the writable paths for its fields, so that one and the same
    question tells what is readable and what is writable. ``rows`` narrows the rows that may be
    changed, ``checks`` are what a written row has to satisfy beside the role's ``rows``.
    """

    grant: Grant
    rows: RowRule = ALL_ROWS
    checks: tuple[RowRule, ...] = ()
    presets: tuple[Preset, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ActionGrant:
    """How a role may run one model action: on which rows, with which inputs (``None``: all)."""

    rows: RowRule = ALL_ROWS
    input: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, weakref_slot=True)
class Grant:
    """What one role may do on one model. An empty one (``operations`` empty) denies."""

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
    source: str = ""
    aggregates: AggregateSet = field(default_factory=AggregateSet)
    min_group: int = 1
    search: tuple[Target, ...] = ()
    actions: Mapping[str, ActionGrant] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Entry:
    """One exposed model. ``everyone`` is a grant that needs no role (decorator, unrestricted)."""

    name: str
    resource: Resource
    grants: Mapping[str, Grant] = field(default_factory=dict)
    queryset: Callable[[Any, Any], Any] | None = None
    url_names: tuple[str, ...] = ()
    has_url_name: bool = False
    exclude: frozenset[Path] = frozenset()
    everyone: Grant | None = None
    rate_limit: Rates = NO_RATES
    hooks: Mapping[str, tuple[Hook, ...]] = field(default_factory=dict)
    form_class: Any = None
    serializer_class: Any = None


@dataclass(frozen=True, slots=True)
class Guard:
    """Names of columns that no wildcard covers."""

    suffixes: tuple[str, ...] = ()
    user_model: type[models.Model] | None = None
    user_names: frozenset[str] = frozenset()

    def covers(self, model: type[models.Model], name: str) -> bool:
        """Whether the column or relation ``name`` of ``model`` is guarded."""
        plain = name.replace("_", "").lower()
        if plain.endswith(self.suffixes):
            return True
        is_user = self.user_model is not None and issubclass(model, self.user_model)
        return is_user and name in self.user_names


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """The whole of ``EXPOSE`` for one API version."""

    entries: Mapping[type[models.Model], Entry]
    names: Mapping[str, Entry]
    guard: Guard
    resolver: RoleResolver | None = None
    user_values: frozenset[str] = frozenset()
    max_relation_depth: int = 2
    version: str | None = None
    schema: Schema = field(default_factory=Schema)
    search_mode: SearchMode = "substrings"
    search_config: str = "simple"
