"""Assertions about grants, for the tests of projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.access.actor import Actor
from django_flex.conf import get_settings
from django_flex.dialects.flex.description import shown_fields
from django_flex.engine import find_entry
from django_flex.http.description import describe_entry
from django_flex.programmatic import FlexQuery

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
    """Run a query object as a user and return the error (401, 403 or 404).

    Raises:
        AssertionError: the query succeeded, or was malformed.
    """
    result = FlexQuery(model, version=version).execute(spec, user=user)
    if result.status_code not in DENIED:
        message = f"{spec} was not denied: {result.to_dict()}"
        raise AssertionError(message)
    return result.to_dict()


def readable_paths(model: str, *, user: Any = None, version: str | None = None) -> set[str]:
    """Return the columns that a user may read, including those over to-one relations.

    Raises:
        FlexError: the model is not exposed, or the user has no grant on it.
    """
    settings = get_settings(version)
    entry = find_entry(settings.policy, model)
    described = describe_entry(entry, Actor(user), settings, settings.policy)
    return {one.path for one in shown_fields(described.reach)}
