"""Doors that carry their own grants: compiled once per view and settings."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django_flex.http.endpoint import Door
from django_flex.permissions.compiler import with_common_grant, with_view_grants
from django_flex.query.parser import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.db import models

    from django_flex.conf import Settings
    from django_flex.permissions.policy import Entry, Policy

logger = logging.getLogger("django_flex")

_Key = tuple[str, type, int, bool]
# Per settings object, so that a change of the settings forgets the policies made from them.
_compiled: WeakKeyDictionary[Any, dict[_Key, tuple[Any, Policy, Entry]]] = WeakKeyDictionary()


def view_door(
    settings: Settings,
    model: type[models.Model],
    permissions: Mapping[str, Any],
    *,
    place: str,
    require_auth: bool | None = None,
    actions: Iterable[str] | None = None,
    common: bool = False,
) -> Door:
    """Return a door whose entry for ``model`` is what a view or decorator says.

    Args:
        settings: of the API version, for everything that the view does not say.
        model: the model that is served.
        permissions: roles and their grants; with ``common`` one grant for everybody.
        place: the name of the view, for messages.
        require_auth: in place of the setting, if not ``None``.
        actions: the operations that the view serves at all.
        common: whether ``permissions`` is one grant.
    """
    policy, entry = _policy(settings, model, permissions, place, common=common)
    if require_auth is not None and require_auth != settings.require_authentication:
        settings = replace(settings, require_authentication=require_auth)
    served = None if actions is None else frozenset(OPERATIONS.get(a, a) for a in actions)
    return Door(settings=settings, policy=policy, entry=entry, actions=served)


def _policy(
    settings: Settings, model: type[models.Model], permissions: Any, place: str, *, common: bool
) -> tuple[Policy, Entry]:
    known = _compiled.setdefault(settings, {})
    key = (place, model, id(permissions), common)
    if key not in known:
        compile_ = with_common_grant if common else with_view_grants
        policy, entry, problems = compile_(settings.policy, model, permissions, place)
        for problem in problems:
            logger.error("%s: %s (%s)", problem.place, problem.message, problem.id)
        # The permissions are kept beside: their identity is in the key, so they must live on.
        known[key] = (permissions, policy, entry)
    _, policy, entry = known[key]
    return policy, entry
