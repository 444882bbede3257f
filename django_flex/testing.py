"""Helpers for the tests of a project that uses the package: who may do what, as assertions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.conf import get_settings
from django_flex.engine import FlexQuery, find_entry
from django_flex.http.description import describe_entry
from django_flex.permissions.roles import Actor

if TYPE_CHECKING:
    from collections.abc import Mapping

DENIED = frozenset({401, 403, 404})


def assert_allowed(
    model: Any, spec: Mapping[str, Any], *, user: Any = None, version: str | None = None
) -> dict[str, Any]:
    """Run a query object as a user and return its reply.

    Raises:
        AssertionError: it was refused.
    """
    result = FlexQuery(model, version=version).execute(spec, user=user)
    if not result.ok:
        message = f"{spec} was refused: {result.to_dict()}"
        raise AssertionError(message)
    return result.to_dict()


def assert_denied(
    model: Any, spec: Mapping[str, Any], *, user: Any = None, version: str | None = None
) -> dict[str, Any]:
    """Run a query object as a user and return the refusal (401, 403 or 404).

    Raises:
        AssertionError: it was answered, or refused for being malformed.
    """
    result = FlexQuery(model, version=version).execute(spec, user=user)
    if result.status_code not in DENIED:
        message = f"{spec} was not denied: {result.to_dict()}"
        raise AssertionError(message)
    return result.to_dict()


def readable_paths(model: str, *, user: Any = None, version: str | None = None) -> set[str]:
    """Return what a user may read of an exposed model: own columns and those of to-one relations.

    Raises:
        FlexError: the model is not exposed, or the user has no grant on it.
    """
    settings = get_settings(version)
    entry = find_entry(settings.policy, model)
    described = describe_entry(settings.policy, Actor(user), entry, settings.limits)
    return set(described["fields"])
