"""Asks Django's fields and lookups, those of a project above all, whether they take a value.

The values are of the right type already (``values``); a custom field or lookup may still refuse
them, or raise where a statement is compiled.
"""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.core.validators import validate_ipv46_address
from django.db import DEFAULT_DB_ALIAS, Error, connections, models, router
from django.db.models import ExpressionWrapper, Field, Value
from django.db.models.sql import Query

from django_flex.exceptions.places import worded
from django_flex.schema.geometry.geojson import GeometryError
from django_flex.schema.geometry.geos import check_kept, is_geos
from django_flex.schema.model_attributes import value_field_of
from django_flex.schema.values import EXPECTED, MEANT, UnfitValueError, coerce, expected_of

if TYPE_CHECKING:
    from django_flex.schema.resources import Attribute

logger = logging.getLogger("django_flex")

_NO_QUERY: Any = Query(None)


def coerce_key(value: object, pk: Attribute) -> object:
    """Return ``value`` as a primary key.

    Raises:
        UnfitValueError: it does not fit, or the field does not take it.
    """
    key = coerce(value, pk.kind, pk)
    check_lookup(key, pk, "exact")
    return key


def check_lookup(value: object, column: Attribute, name: str) -> None:
    """Check that a custom field or lookup accepts a value.

    Those of Django accept everything that ``coerce`` returns, but for IP addresses, which are text.

    Args:
        value: as ``coerce`` returned it.
        column: what it is compared with.
        name: of the lookup.

    Raises:
        UnfitValueError: it cannot be built, or not be compiled, with this value.
    """
    if column.parts:
        _check_parts(value, column, name)
        return
    field = value_field_of(column)
    if field is None:
        return
    try:
        kind: Any = field.get_lookup(name)
        if kind is None:
            return
        if isinstance(_innermost(field), models.GenericIPAddressField) and kind.prepare_rhs:
            _check_addresses(value)
        if is_plain(field) and _is_djangos(kind):
            return
        lookup = kind(_left_side(field), value)
        no_value = lookup.rhs is None and not lookup.can_use_none_as_rhs
        lost = no_value and name not in {"exact", "iexact"}
        if not lost:
            _NO_QUERY.get_compiler(_database_of(field)).compile(lookup)
    except (EmptyResultSet, FullResultSet, Error):
        return  # the statement says so itself
    except Exception as error:  # whatever a project's field or lookup raises
        raise UnfitValueError(_expected(field)) from error
    if lost:
        raise UnfitValueError(EXPECTED["other"])


def takes_all(column: Attribute, name: str) -> bool:
    """Whether a lookup of a column takes all that ``coerce`` returns: no code of a project is asked.

    Args:
        column: with one column of a database.
        name: of the lookup.
    """
    field = value_field_of(column)
    if field is None or column.parts or not is_plain(field):
        return False
    kind: Any = field.get_lookup(name)
    is_address = isinstance(_innermost(field), models.GenericIPAddressField)
    return kind is not None and not is_address and _is_djangos(kind)


def _check_parts(value: Any, pk: Attribute, name: str) -> None:
    """Check that the fields of the columns of a key accept their parts of it, or of some keys."""
    keys = value if name == "in" else [value] if isinstance(value, tuple) else []
    for key in keys:
        for one, part in zip(key, pk.parts, strict=True):
            check_lookup(one, part, "exact")


def _expected(field: object) -> str:
    is_address = isinstance(_innermost(field), models.GenericIPAddressField)
    return worded("an IP address") if is_address else expected_of(field)


def _check_addresses(value: Any) -> None:
    """Refuse text that is no address: PostgreSQL cannot compare it, and nothing equals it elsewhere."""
    for address in value if isinstance(value, list | tuple) else (value,):
        if isinstance(address, list):
            _check_addresses(address)
        if isinstance(address, str):
            validate_ipv46_address(address)


def _innermost(field: Any) -> object:
    """Return the field of the items of an array, also of one in another; of others the field itself."""
    inner = getattr(field, "base_field", None)
    return field if inner is None else _innermost(inner)


def check_stored(value: object, field: models.Field[Any, Any], using: str) -> None:
    """Check that a custom field can store a value.

    Args:
        value: of an object that was cleaned.
        field: whose value it is.
        using: the database.

    Raises:
        UnfitValueError: the field raises when it converts the value for the database, or this
            stores a geometry as another one.
    """
    kind = type(field)
    later = kind.pre_save is not Field.pre_save or hasattr(value, "resolve_expression")
    if is_plain(field) or later:
        return
    try:
        if is_geos(value):
            check_kept(value, connections[using].vendor)
        field.get_db_prep_save(value, connections[using])
    except MEANT:
        raise
    except GeometryError as error:
        raise UnfitValueError(error.text) from error
    except Exception as error:
        logger.warning("A field refused a value", exc_info=error)
        raise UnfitValueError(EXPECTED["other"]) from error


def check_json_value(value: object, column: Attribute) -> None:
    """Check that a custom JSON field can convert a value for the database.

    Raises:
        UnfitValueError: it raises.
    """
    field = value_field_of(column)
    if field is None or is_plain(field):
        return
    try:
        field.get_db_prep_value(value, connections[_database_of(field)])
    except MEANT:
        raise
    except Exception as error:  # whatever a project's field raises
        raise UnfitValueError(EXPECTED["other"]) from error


def _left_side(field: Any) -> object:
    if hasattr(field, "model"):
        return field.get_col(field.model._meta.db_table)
    return ExpressionWrapper(Value(1), output_field=field)


def _database_of(field: object) -> str:
    model = getattr(field, "model", None)
    return DEFAULT_DB_ALIAS if model is None else router.db_for_read(model)


def is_plain(field: models.Field[Any, Any]) -> bool:
    """Whether a field is Django's own, and so is the one that is inside of its values."""
    inner = getattr(field, "base_field", None)
    kind: type = type(field)
    return _is_djangos(kind) and (inner is None or is_plain(inner))


@lru_cache(maxsize=1_024)  # a fact about a class, which each lookup of each request asks for
def _is_djangos(kind: type) -> bool:
    return kind.__module__.startswith(("django.db.models.", "django.contrib.postgres."))
