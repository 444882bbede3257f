"""Doors with their own grants, which are compiled once per view and settings."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model

from django_flex.dialects.flex import flex_for
from django_flex.http.endpoint import Door
from django_flex.policy.compile.entries import with_common_grant, with_view_grants
from django_flex.query.operations import OPERATIONS
from django_flex.schema.introspection import label_of
from django_flex.schema.resources import Resource

if TYPE_CHECKING:
    from django.db import models

    from django_flex.conf import Settings
    from django_flex.policy.model import Entry, Policy
    from django_flex.policy.problems import Problem

    Problems = tuple[Problem, ...]

logger = logging.getLogger("django_flex")
MAX_COMPILED = 256

_Compiled = dict[tuple[Any, ...], tuple["ViewGrants", "Policy", "Entry"]]
# Per settings object, so that policies are discarded when the settings change.
_compiled: WeakKeyDictionary[Any, _Compiled] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewGrants:
    """The grants of a view or decorator: ``permissions`` by role, or one grant if ``common``.

    ``place`` is the name of the view, for messages and to bind its cursors. ``require_auth``
    replaces the setting unless it is ``None``. ``actions`` are the operations that the view
    supports, ``None`` for all. ``version`` is the API version whose settings apply.
    """

    model: type[models.Model] | Resource
    permissions: Mapping[str, object]
    place: str
    require_auth: bool | None = None
    actions: Iterable[str] | None = None
    common: bool = False
    version: str | None = None


def check_model(model: object, place: str) -> type[models.Model] | Resource:
    """Return the model of a view, or the resource that no Django model describes.

    Raises:
        ImproperlyConfigured: it is neither.
    """
    if isinstance(model, type) and issubclass(model, Model):
        return model
    if isinstance(model, Resource):
        return model
    found = "has no model" if model is None else f"has the model {model!r}, which is not a class"
    raise ImproperlyConfigured(f"{place} {found}; 'model' is a model class")


def place_of(view: Any) -> str:
    """Return the name of a view that no other view has."""
    return f"{view.__module__}.{view.__qualname__}"


def view_door(settings: Settings, grants: ViewGrants) -> Door:
    """Return a door whose entry for the model has the grants of the view."""
    policy, entry = _policy(settings, grants)
    required = grants.require_auth
    if required is not None and required != settings.require_authentication:
        settings = replace(settings, require_authentication=required)
    served = grants.actions
    actions = None if served is None else frozenset(OPERATIONS.get(a, a) for a in served)
    return Door(
        settings=settings, policy=policy, entry=entry, actions=actions, dialect=flex_for(policy)
    )


def compile_view(settings: Settings, grants: ViewGrants) -> tuple[Policy, Entry, Problems]:
    """Return the policy and the entry of a view, and what is wrong with its grants."""
    compile_ = with_common_grant if grants.common else with_view_grants
    return compile_(settings.policy, label_of(grants.model), grants.permissions, grants.place)


def _policy(settings: Settings, grants: ViewGrants) -> tuple[Policy, Entry]:
    known = _compiled.setdefault(settings, {})
    key = (grants.place, grants.model, id(grants.permissions), grants.common)
    if key not in known:
        policy, entry, problems = compile_view(settings, grants)
        for problem in problems:
            logger.error("%s: %s (%s)", problem.place, problem.message, problem.id)
        # Views may create their grants for each request; those must not pile up.
        if len(known) >= MAX_COMPILED:
            known.clear()
        # The grants are stored too, because the key has the identity of a part of them.
        known[key] = (grants, policy, entry)
    _, policy, entry = known[key]
    return policy, entry
