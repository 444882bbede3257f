"""Finds fields whose own code converts what is read, and those whose values cannot be compared."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connections, models

Conversion: TypeAlias = Literal["converted", "encrypted"]

#: What is stored on trial, in memory only: a value of each kind, then what most fields take.
_SAMPLES: Mapping[str, object] = MappingProxyType(
    {
        "boolean": True,
        "integer": 1,
        "decimal": Decimal(1),
        "float": 1.0,
        "date": dt.date(2000, 1, 1),
        "datetime": dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
        "time": dt.time(1),
        "duration": dt.timedelta(1),
        "uuid": uuid.UUID(int=1),
        "json": {"a": 1},
        "binary": b"1",
    }
)
_MORE_SAMPLES: tuple[object, ...] = ("1", 1, [])
#: Modules with fields whose objects are shown as the stored text, in one format for all of them.
_TEXT_OBJECTS: Mapping[str, str] = MappingProxyType(
    {"phonenumber_field.modelfields": "+493012345678"}
)
#: Values of the database that are equal if they are the same; adapters of drivers need not be.
_COMPARABLE = (str, bytes, int, float, Decimal, dt.date, dt.time, dt.timedelta, uuid.UUID)


def conversion_of(field: models.Field[Any, Any], kind: str) -> Conversion | None:
    """Return what a field does to its values, ``None`` if they are those of the database.

    Args:
        field: one whose values are described.
        kind: that of its class, which its values would have without a conversion.

    Returns:
        ``converted`` if the field reads another value than is stored, ``encrypted`` if what it
        stores for a value is, in addition, not what it looks for.
    """
    if not reads_another(field) or (kind == "text" and _shows_stored_text(field)):
        return None
    return "converted" if _finds_what_it_stores(field, kind) else "encrypted"


def reads_another(field: models.Field[Any, Any]) -> bool:
    """Whether the project, or a package of its, converts what is read from the database."""
    own: Any = type(field)
    return any(_is_foreign(_owner(own, name)) for name in ("from_db_value", "get_db_converters"))


def _shows_stored_text(field: models.Field[Any, Any]) -> bool:
    """Whether a field of a known package reads an object whose text is the stored one.

    What the settings of the package say about formats is seen by trying. Of any other field a trial
    proves nothing about other values.
    """
    owner = _owner(type(field), "from_db_value")
    sample = None if owner is None else _TEXT_OBJECTS.get(owner.__module__)
    if sample is None or type(field).get_prep_value is not getattr(owner, "get_prep_value", None):
        return False
    read: Any = getattr(field, "from_db_value", None)
    stored: str = field.get_prep_value(sample)
    return stored == str(read(stored, None, connections[DEFAULT_DB_ALIAS]))


def _finds_what_it_stores(field: models.Field[Any, Any], kind: str) -> bool:
    """Whether a value is stored twice alike, and is what a comparison with it looks for."""
    choices = [value for value, _ in field.flatchoices or ()]
    for sample in (_SAMPLES.get(kind, "1"), *choices[:1], *_MORE_SAMPLES):
        for forms in (_prepared_forms(field, sample), _stored_forms(field, sample)):
            if any(one != forms[0] for one in forms):
                return False
        if forms:
            return True
    # Nothing could be tried: what stores by code of its own, beside that for comparing, differs.
    return not _is_foreign(_owner(type(field), "get_db_prep_save"))


def _prepared_forms(field: models.Field[Any, Any], sample: object) -> list[object]:
    """Return a value as it is prepared for any use, twice; nothing if it cannot be tried."""
    return _tried(lambda: [field.get_prep_value(sample), field.get_prep_value(sample)])


def _stored_forms(field: models.Field[Any, Any], sample: object) -> list[object]:
    """Return a value as stored, as stored again and as looked for; nothing if it cannot be tried."""
    connection = connections[DEFAULT_DB_ALIAS]
    return _tried(
        lambda: [
            field.get_db_prep_save(sample, connection),
            field.get_db_prep_save(sample, connection),
            field.get_db_prep_value(field.get_prep_value(sample), connection, prepared=True),
        ]
    )


def _tried(make: Callable[[], list[object]]) -> list[object]:
    """Return values of the database; nothing if a field refuses, or they are adapters of a driver."""
    try:
        found = make()
    except Exception:  # noqa: BLE001 - a project's field raises what it likes, and another value may do
        return []
    plain = [bytes(one) if isinstance(one, memoryview | bytearray) else one for one in found]
    return plain if all(isinstance(one, _COMPARABLE) for one in plain) else []


def _owner(kind: type, name: str) -> type | None:
    """Return the class that defines a method."""
    return next((one for one in kind.__mro__ if name in vars(one)), None)


def _is_foreign(owner: type | None) -> bool:
    """Whether a class is neither Django's nor ours."""
    return owner is not None and owner.__module__.partition(".")[0] not in {"django", "django_flex"}
