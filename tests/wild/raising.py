"""Fields whose code raises what no field of Django's does, where a value is the name of an error."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import models


class OwnError(Exception):
    """An exception of a project's own."""


#: Of which none is among those that Django's fields raise.
ERRORS: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (
        AssertionError,
        EOFError,
        ImportError,
        ImproperlyConfigured,
        NotImplementedError,
        OSError,
        OwnError,
        RecursionError,
        StopIteration,
    )
}


def _checked(value: Any) -> Any:
    """Raise the error that a value names."""
    if isinstance(value, str) and value in ERRORS:
        raise ERRORS[value]("secret")
    return value


class ReadingField(models.Field[Any, Any]):
    """It stumbles when it makes a Python value of what was sent."""

    def get_internal_type(self) -> str:
        return "CharField"

    def to_python(self, value: Any) -> Any:
        return _checked(value)


class PreparingField(models.CharField[Any, Any]):
    """It stumbles when it prepares a value for any use."""

    def get_prep_value(self, value: Any) -> Any:
        return _checked(value)


class StoringField(models.CharField[Any, Any]):
    """It stumbles when it prepares a value for a database."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(_checked(value), connection, prepared)


class SavingField(models.CharField[Any, Any]):
    """It stumbles when it prepares a value to be stored, and not to be compared."""

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        return super().get_db_prep_save(_checked(value), connection)


class ShowingField(models.CharField[Any, Any]):
    """It stumbles when it is read."""

    def from_db_value(self, value: Any, expression: object, connection: object) -> Any:
        return _checked(value)


class OneOfEach(models.Model):
    """It has one of each field."""

    name = models.CharField(max_length=20, blank=True)
    reading = ReadingField(max_length=20, null=True, blank=True, unique=True)
    preparing = PreparingField(max_length=20, null=True, blank=True, unique=True)
    storing = StoringField(max_length=20, null=True, blank=True, unique=True)
    saving = SavingField(max_length=20, null=True, blank=True, unique=True)

    class Meta:
        abstract = True


class Raising(OneOfEach):
    """One that Django validates."""


class FullyRaising(OneOfEach):
    """One with a ``full_clean`` of its own."""

    def full_clean(self, *args: Any, **kwargs: Any) -> None:
        super().full_clean(*args, **kwargs)


class Shown(models.Model):
    """Its key may not be readable."""

    code = ShowingField(max_length=20, primary_key=True)
