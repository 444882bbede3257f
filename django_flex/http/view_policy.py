"""Doors that carry their own grants: compiled once per view and settings."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django_flex.http.endpoint import Door
from django_flex.permissions.compiler import with_common_grant, with_view_grants
from django_flex.query.parser import OPERATIONS

if TYPE_CHECKING:
    from django.db import models

    from django_flex.conf import Settings
    from django_flex.permissions.policy import Entry, Policy

logger = logging.getLogger("django_flex")
MAX_COMPILED = 256

_Compiled = dict[tuple[Any, ...], tuple["ViewGrants", "Policy", "Entry"]]
# Per settings object, so that a change of the settings forgets the policies made from them.
_compiled: WeakKeyDictionary[Any, _Compiled] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewGrants:
    """What a view or decorator says: ``permissions`` by role, or one grant if ``common``.

    ``place`` is the view's name, for messages; ``require_auth`` replaces the setting if not
    ``None``; ``actions`` are the operations that the view serves at all, ``None`` for no narrowing.
    """

    model: type[models.Model]
    permissions: Mapping[str, Any]
    place: str
    require_auth: bool | None = None
    actions: Iterable[str] | None = None
    common: bool = False


def view_door(settings: Settings, grants: ViewGrants) -> Door:
    """Return a door whose entry for the view's model is what the view says."""
    policy, entry = _policy(settings, grants)
    required = grants.require_auth
    if required is not None and required != settings.require_authentication:
        settings = replace(settings, require_authentication=required)
    served = grants.actions
    actions = None if served is None else frozenset(OPERATIONS.get(a, a) for a in served)
    return Door(settings=settings, policy=policy, entry=entry, actions=actions)


def _policy(settings: Settings, grants: ViewGrants) -> tuple[Policy, Entry]:
    known = _compiled.setdefault(settings, {})
    key = (grants.place, grants.model, id(grants.permissions), grants.common)
    if key not in known:
        compile_ = with_common_grant if grants.common else with_view_grants
        policy, entry, problems = compile_(
            settings.policy, grants.model, grants.permissions, grants.place
        )
        for problem in problems:
            logger.error("%s: %s (%s)", problem.place, problem.message, problem.id)
        # Views may make their grants anew for each request; those must not pile up.
        if len(known) >= MAX_COMPILED:
            known.clear()
        # The grants are kept beside: the identity of a part of them is in the key.
        known[key] = (grants, policy, entry)
    _, policy, entry = known[key]
    return policy, entry
