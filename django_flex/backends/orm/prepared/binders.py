"""How the lookups of a cached statement turn the values of the next request into parameters.

Django's lookups do it: of the same class, with the same left side. Their SQL is compared with that
of the statement, so a value that needs different SQL (a number out of range, a NULL in a list) is
found. If a lookup only delegates to its field, the field is called directly.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet, FullResultSet

from django_flex.backends.orm.bind_parameters import MarkedParameter
from django_flex.backends.orm.django_internals.compilation import expression_compiler
from django_flex.backends.orm.django_internals.lookups import (
    MANY,
    WHOLE,
    asks_for_null,
    asks_only,
    has_null,
    unchanged_type,
    whole_range,
)

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    from django_flex.backends.orm.bind_parameters import MarkedLookup

#: What a lookup leaves to its field: of an object it takes the key first.
_USUAL_TYPES = frozenset(
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


@dataclass(frozen=True, slots=True, eq=False)
class Binder:
    """Makes the parameters of one lookup of a value.

    Args:
        number: of the value.
        kind: the class of the lookup.
        lhs: its left side, an expression without values.
        sql: what the lookup compiles to; if it differs, the statement cannot be used.
        field: makes the parameters, if the lookup only delegates to it.
        count: how many there are.
        whole: the range of whole numbers for which that is so.
        unchanged: the type whose values the field sends as they are.
        null: whether there is a NULL in its list: Django asks for that beside the lookup.
    """

    number: int
    kind: type[Any]
    lhs: object
    sql: str
    field: Any = None
    count: int = 1
    whole: tuple[int | None, int | None] | None = None
    unchanged: type[int | str] | None = None
    null: bool = False

    def parameters(self, value: object, connection: BaseDatabaseWrapper) -> Sequence[object] | None:
        """Return the parameters for a value, ``None`` if it needs different SQL."""
        try:
            if self.field is not None and self._is_usual(value):
                return self._asked(value, connection)
            lookup = self.kind(self.lhs, value)
            if asks_for_null(lookup) or has_null(lookup) is not self.null:
                return None
            sql, parameters = expression_compiler(connection.alias).compile(lookup)
        except (EmptyResultSet, FullResultSet):
            return None  # a number that the column cannot hold: Django leaves the condition out
        except Exception:  # noqa: BLE001 - fields raise what they like
            return None  # a value that the field does not take: Django raises the error
        return parameters if sql == self.sql else None

    def _is_usual(self, value: Any) -> bool:
        if self.kind in MANY:
            return _USUAL_TYPES.issuperset(map(type, value))
        if self.whole is None:
            return type(value) in _USUAL_TYPES
        low, high = self.whole
        return (
            type(value) is int and (low is None or low < value) and (high is None or value < high)
        )

    def _asked(self, value: Any, connection: BaseDatabaseWrapper) -> Sequence[object] | None:
        field = self.field
        values: Sequence[object] = [*value] if self.kind in MANY else (value,)
        unchanged = self.unchanged is not None and {self.unchanged}.issuperset(map(type, values))
        # In two steps, as lookups do: in one, MariaDB's fields refuse 0, which may be asked for.
        prepared = values if unchanged else [field.get_prep_value(one) for one in values]
        # Django compares differently with NULL, and sends a repeated value only once.
        if None in prepared or len(prepared) != self.count:
            return None
        if self.kind in MANY and len(set(prepared)) != self.count:
            return None
        if unchanged:
            return prepared
        return [field.get_db_prep_value(one, connection, prepared=True) for one in prepared]


def binder_of(lookup: MarkedLookup, using: str) -> tuple[Binder, Sequence[object]] | None:
    """Return what makes the parameters of a lookup, and those that it has with its own value.

    ``None`` if no binder can make them: there are values in its left side, too, or the value takes
    its condition out of the SQL.

    Args:
        lookup: one of a query with bind parameters, compiled.
        using: the database.
    """
    compiler = expression_compiler(using)
    number, _ = lookup.flex_name
    binder = Binder(number, lookup.flex_kind, lookup.lhs, "")
    try:
        again = binder.kind(binder.lhs, lookup.flex_value)
        sql, compiled = compiler.compile(again)
    except (EmptyResultSet, FullResultSet):
        return None
    if any(isinstance(parameter, MarkedParameter) for parameter in compiled):
        return None
    binder = replace(binder, sql=sql, count=len(compiled), null=has_null(again))
    connection = compiler.connection
    made = binder.parameters(lookup.flex_value, connection)
    if made is None:
        return None
    direct = _direct(binder, connection)
    asked = None if direct is None else direct.parameters(lookup.flex_value, connection)
    same = direct is not None and asked is not None and comparable(asked) == comparable(made)
    return (direct if direct is not None and same else binder), made


def _direct(binder: Binder, connection: BaseDatabaseWrapper) -> Binder | None:
    """Return the same for a lookup that only asks its field, else ``None``."""
    field = asks_only(binder.kind, binder.lhs)
    if field is None:
        return None
    binder = replace(binder, field=field, unchanged=unchanged_type(field, connection))
    if binder.kind not in WHOLE:
        return binder
    return replace(binder, whole=whole_range(field, connection))


#: Types of which no two values are equal that are not the same.
_EXACT = _USUAL_TYPES - {Decimal, float} | {bool}


def comparable(parameters: Iterable[object]) -> list[tuple[type, object]]:
    """Return parameters so that only the same are equal: 1 is not True, -0.0 is not 0.0.

    Those of a driver's own types are equal if what is in them is.
    """
    return [(type(one), _content(one)) for one in parameters]


def _content(parameter: object) -> object:
    if type(parameter) in _EXACT:
        return parameter
    if isinstance(parameter, memoryview):
        return bytes(parameter)
    return repr(getattr(parameter, "obj", parameter))
