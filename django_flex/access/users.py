"""The user on whose behalf a management command runs."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError


def find_user(name: str | None) -> object:
    """Return the user with a name or key, ``None`` without a name.

    Raises:
        CommandError: there is none.
    """
    if name is None:
        return None
    users: Any = get_user_model()._default_manager
    found = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
    if found is None and name.isdecimal():
        found = users.filter(pk=name).first()
    if found is None:
        raise CommandError(f"There is no user '{name}'")
    return found
