"""How the lookups of a kept statement make parameters of the values of the next request.

By Django's lookups: of the same class, with the same left side. Their SQL is compared with that of
the statement, so a value that takes other SQL (a number out of range, a NULL in a list) is noticed.
Where a lookup does nothing but ask its field, the field is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections
from django.db.models import fields, lookups
from django.db.models.expressions import Col
from django.db.models.fields import related_lookups
from django.db.models.sql import Query

from django_flex.backends.orm.slots import Open

_ONE = frozenset(
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
_WHOLE = frozenset(
    {
        lookups.IntegerFieldExact,
        lookups.IntegerGreaterThan,
        lookups.IntegerGreaterThanOrEqual,
        lookups.IntegerLessThan,
        lookups.IntegerLessThanOrEqual,
    }
)
_MANY = frozenset({lookups.In, related_lookups.RelatedIn})
#: What a lookup leaves to its field: of an object it takes the key first.
_USUAL = frozenset(
    {
        bytes,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
        Decimal,
        float,
        int,
        str,
        UUID,
    }
)
#: Of Django's own fields; those of a project may do what they like with a value.
_AS_IT_IS: dict[type, type] = {
    fields.AutoField: int,
    fields.BigAutoField: int,
    fields.BigIntegerField: int,
    fields.CharField: str,
    fields.IntegerField: int,
    fields.PositiveIntegerField: int,
    fields.SlugField: str,
    fields.TextField: str,
}
_NO_QUERY: Any = Query(None)


@dataclass(frozen=True, slots=True, eq=False)
class Binder:
    """Makes the parameters of one lookup of a value.

    Args:
        number: of the value.
        kind: the class of the lookup.
        lhs: its left side, an expression without values.
        sql: what the lookup compiles to; another text means that the statement does not fit.
        field: makes the parameters by itself, if the lookup only asks it.
        count: how many there are.
        whole: the range of whole numbers for which that is so.
        as_it_is: the type whose values the field sends unchanged.
    """

    number: int
    kind: type[Any]
    lhs: Any
    sql: str
    field: Any = None
    count: int = 1
    whole: tuple[Any, Any] | None = None
    as_it_is: type | None = None

    def parameters(self, value: Any, compiler: Any) -> Sequence[Any] | None:
        """Return the parameters for a value, ``None`` if it takes other SQL."""
        if self.field is not None and self._is_usual(value):
            return self._asked(value, compiler.connection)
        try:
            sql, parameters = compiler.compile(self.kind(self.lhs, value))
        except (EmptyResultSet, FullResultSet):
            return None  # a number that the column cannot hold: Django leaves the condition out
        found: Sequence[Any] = parameters
        return found if sql == self.sql else None

    def _is_usual(self, value: Any) -> bool:
        if self.kind in _MANY:
            return _USUAL.issuperset(map(type, value))
        if self.whole is None:
            return type(value) in _USUAL
        low, high = self.whole
        return (
            type(value) is int and (low is None or low < value) and (high is None or value < high)
        )

    def _asked(self, value: Any, connection: Any) -> Sequence[Any] | None:
        field = self.field
        values = value if self.kind in _MANY else (value,)
        if self.as_it_is is not None and {self.as_it_is}.issuperset(map(type, values)):
            return self._sent(values)
        # In two steps, as lookups do: in one, MariaDB's fields refuse 0, which may be asked for.
        made = [
            field.get_db_prep_value(field.get_prep_value(one), connection, prepared=True)
            for one in values
        ]
        return self._sent(made)

    def _sent(self, made: Sequence[Any]) -> Sequence[Any] | None:
        if self.kind not in _MANY:
            return made
        # Django sends a value that comes twice once, and no NULL.
        return made if None not in made and len(set(made)) == self.count == len(made) else None


def compiler_of(using: str) -> Any:
    """Return a compiler of no query: lookups on columns need its manner of quoting only."""
    return _NO_QUERY.get_compiler(using)


def binder_of(lookup: Any, parameters: Sequence[Any], using: str) -> Binder | None:
    """Return what makes the parameters of a lookup, ``None`` if not those that its statement has.

    Args:
        lookup: one of a query with slots, compiled.
        parameters: those of the statement, some of them ``Open``.
        using: the database.
    """
    binder = Binder(lookup.flex_number, lookup.flex_kind, lookup.lhs, "")
    sql, made = compiler_of(using).compile(binder.kind(binder.lhs, lookup.flex_value))
    if any(isinstance(parameter, Open) for parameter in made):
        return None  # its left side has values, too
    own = [p for p in parameters if isinstance(p, Open) and p.lookup is lookup]
    if any(p.position >= len(made) or made[p.position] != p.value for p in own):
        return None
    binder = replace(binder, sql=sql, count=len(made))
    direct = _direct(binder, connections[using])
    asked = None if direct is None else direct.parameters(lookup.flex_value, compiler_of(using))
    # A list in one version of Django is a tuple in the next.
    return direct if asked is not None and [*asked] == [*made] else binder


def _unchanged(field: Any, connection: Any) -> type | None:
    """Return the type whose values a field sends as they are; psycopg's numbers are its own."""
    kind = _AS_IT_IS.get(type(field))
    if kind is None:
        return None
    sent = field.get_db_prep_value(kind("1"), connection, prepared=True)
    return kind if type(sent) is kind else None


def _direct(binder: Binder, connection: Any) -> Binder | None:
    """Return the same for a lookup that only asks its field, else ``None``."""
    if not isinstance(binder.lhs, Col) or binder.kind not in _ONE | _WHOLE | _MANY:
        return None
    field: Any = binder.lhs.output_field
    field = getattr(field, "target_field", None) or field
    binder = replace(binder, field=field, as_it_is=_unchanged(field, connection))
    if binder.kind not in _WHOLE:
        return binder
    whole = connection.ops.integer_field_range(field.get_internal_type())
    return replace(binder, whole=whole)
