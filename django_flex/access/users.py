"""The user on whose behalf a management command runs, or whom the explorer asks about."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db.models import IntegerField


def find_user(name: str | None) -> object:
    """Return the user with a name or key, ``None`` without a name.

    Raises:
        CommandError: there is none.
    """
    if name is None:
        return None
    model: Any = get_user_model()
    found = _first(model, model.USERNAME_FIELD, name)
    # Python reads more texts as numbers than keys have: `1_0`, ` 10`.
    if found is None and (name.isdecimal() or not isinstance(model._meta.pk, IntegerField)):
        found = _first(model, "pk", name)
    if found is None:
        raise CommandError(f"There is no user '{name}'")
    return found


def _first(model: Any, column: str, value: str) -> object:
    """Return a user with a value in a column, ``None`` for a value that it cannot have."""
    if "\0" in value:  # which PostgreSQL does not take
        return None
    try:
        return model._default_manager.filter(**{column: value}).first()
    except (TypeError, ValueError, ValidationError):
        return None
