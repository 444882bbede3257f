"""Selects and locks the rows of an action, before its code gets them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django_flex.analysis.writes.changes import row_key
from django_flex.exceptions import ObjectNotFoundError
from django_flex.exceptions.places import Part
from django_flex.schema.conversions.keys import check_usable
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from django_flex.analysis.actions import ActionAccess
    from django_flex.backends.base import Backend, Lock
    from django_flex.query.limits import Limits
    from django_flex.resolved import Where


def lock_row(backend: Backend, reach: ActionAccess, key: object, using: str, lock: Lock) -> Any:
    """Return the row of an action, locked.

    Raises:
        ObjectNotFoundError: it does not exist, is hidden, or the action may not run on it.
    """
    _check_lock(backend, lock)
    typed = row_key(key, reach.access.resource.pk)
    check_usable(typed)
    found = backend.lock_row(reach.rules, typed, using, lock)
    if found is None:
        raise ObjectNotFoundError
    _check_objects(reach, [found])
    return found


def lock_rows(
    backend: Backend,
    reach: ActionAccess,
    keys: Iterable[object],
    using: str,
    lock: Lock,
    where: Where | None = None,
) -> dict[Any, Any]:
    """Return the rows with some keys that an action may run on, locked, by key.

    With ``where`` only those are returned that still match the filter once they are locked.
    """
    _check_lock(backend, lock)
    found = backend.lock_rows(reach.rules, keys, using, lock, where)
    _check_objects(reach, found)
    check_usable(tuple(one.pk for one in found))
    return {one.pk: one for one in found}


def _check_lock(backend: Backend, lock: Lock) -> None:
    if lock != "none":
        backend.capabilities.require("locks", Part.ACTION)


def _check_objects(reach: ActionAccess, found: Iterable[object]) -> None:
    """Pass locked rows to the object check of the door, if it has one."""
    check = reach.rules.code.check_object
    if check is not None:
        for one in found:
            check(one)


def may_run_on(backend: Backend, reach: ActionAccess, key: object, limits: Limits) -> bool:
    """Return whether an action may run on an existing row.

    Raises:
        UnavailableError: the database is away, or takes longer than ``read_timeout``.
    """
    using = backend.database(reach.access.resource)
    with backend.reading(using, limits):
        return backend.may_change(reach.rules, key, using)


def coerce_keys(reach: ActionAccess, keys: Iterable[object]) -> dict[Any, Any]:
    """Return the coerced value of each key as sent; ``None`` if no row can have it."""
    pk = reach.access.resource.pk
    found: dict[Any, Any] = {}
    for key in keys:
        try:
            found[key] = coerce_key(key, pk)
        except UnfitValueError:
            found[key] = None
    return found
