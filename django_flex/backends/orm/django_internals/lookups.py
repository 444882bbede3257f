"""Which of Django's lookups only ask their field for the parameter, and how they ask.

Uses the classes of ``lookups`` and ``related_lookups``, ``Col``, ``Lookup.can_use_none_as_rhs``,
``Field.target_field`` and ``DatabaseOperations.integer_field_range``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Field, fields, lookups
from django.db.models.expressions import Col
from django.db.models.fields import related_lookups

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

#: Lookups of one value.
ONE = frozenset(
    {
        lookups.Exact,
        lookups.GreaterThan,
        lookups.GreaterThanOrEqual,
        lookups.LessThan,
        lookups.LessThanOrEqual,
        related_lookups.RelatedExact,
        related_lookups.RelatedGreaterThan,
        related_lookups.RelatedGreaterThanOrEqual,
        related_lookups.RelatedLessThan,
        related_lookups.RelatedLessThanOrEqual,
    }
)
#: Lookups of one whole number, which leave the condition out where the column cannot hold it.
WHOLE = frozenset(
    {
        lookups.IntegerFieldExact,
        lookups.IntegerGreaterThan,
        lookups.IntegerGreaterThanOrEqual,
        lookups.IntegerLessThan,
        lookups.IntegerLessThanOrEqual,
    }
)
#: Lookups of a list.
MANY = frozenset({lookups.In, related_lookups.RelatedIn})
_SIMPLE: frozenset[type[Any]] = ONE | WHOLE | MANY
#: Django's own fields that send values of a type unchanged; a project's may do what they like.
_UNCHANGED: dict[type, type[int | str]] = {
    fields.AutoField: int,
    fields.BigAutoField: int,
    fields.BigIntegerField: int,
    fields.CharField: str,
    fields.IntegerField: int,
    fields.PositiveIntegerField: int,
    fields.SlugField: str,
    fields.TextField: str,
}
_LISTS = (frozenset, list, set, tuple)


def asks_only(kind: type[object], lhs: object) -> Field[Any, Any] | None:
    """Return the field that a lookup leaves its value to, ``None`` if it does more than ask it."""
    if not isinstance(lhs, Col) or kind not in _SIMPLE:
        return None
    column: Any = lhs.output_field
    field: Field[Any, Any] = getattr(column, "target_field", None) or column
    return field if _is_djangos(column) and _is_djangos(field) else None


def _is_djangos(field: object) -> bool:
    """Whether a field is Django's own: it makes one parameter from one value, and nothing else."""
    return type(field).__module__.startswith("django.db.models.")


def unchanged_type(
    field: Field[Any, Any], connection: BaseDatabaseWrapper
) -> type[int | str] | None:
    """Return the type whose values a field sends as they are; psycopg's numbers are its own."""
    kind = _UNCHANGED.get(type(field))
    if kind is None:
        return None
    sent: object = field.get_db_prep_value(kind("1"), connection, prepared=True)
    return kind if type(sent) is kind else None


def whole_range(
    field: Field[Any, Any], connection: BaseDatabaseWrapper
) -> tuple[int | None, int | None]:
    """Return the minimum and maximum of an integer column, ``None`` for no limit."""
    return connection.ops.integer_field_range(field.get_internal_type())


def asks_for_null(lookup: Any) -> bool:
    """Whether a lookup has no value to compare with, so that Django asks for NULL in its place."""
    return lookup.rhs is None and not lookup.can_use_none_as_rhs


def has_null(lookup: Any) -> bool:
    """Whether the list of a lookup has a NULL: where Django negates it, it then asks otherwise."""
    return isinstance(lookup.rhs, _LISTS) and any(one is None for one in lookup.rhs)
