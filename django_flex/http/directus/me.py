"""``/users/me``: the row of the caller, as far as the caller may see it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model

from django_flex.access.identity import may_be_row_of
from django_flex.access.roles import resolve_grant
from django_flex.exceptions import AuthenticationRequiredError
from django_flex.http.endpoint import Door, respond, serve_route
from django_flex.http.routing import EDIT, GET, Route
from django_flex.plan.shape import FlexResult

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.policy.model import Entry, Policy

METHODS = {"GET": GET, "HEAD": GET, "PATCH": EDIT}


def user_entry(policy: Policy) -> Entry | None:
    """Return the entry of the user model, ``None`` if it is not exposed."""
    return policy.entries.get(get_user_model()._meta.label_lower)


def answer_me(
    request: HttpRequest, _find_route: Callable[[], Route], door: Door
) -> HttpResponseBase:
    """Reply with the caller's own row; with its key alone if the model of users is not granted.

    So of a caller of another class, whose key may be that of somebody else's row.

    Raises:
        AuthenticationRequiredError: the caller is anonymous.
    """
    actor = door.authenticate(request, door.settings)
    if not actor.is_authenticated:
        raise AuthenticationRequiredError
    key = getattr(actor.user, "pk", None)
    entry = user_entry(door.policy)
    grant = None if entry is None else resolve_grant(door.policy, entry, actor).grant
    is_read = request.method in {"GET", "HEAD"}
    refused = grant is None or (is_read and "get" not in grant.operations)
    if entry is None or refused or not may_be_row_of(actor.user, entry.resource.label):
        Route(None, None, {name: METHODS[name] for name in ("GET", "HEAD")}).meaning(
            request.method or ""
        )
        return respond(request, FlexResult(data={"data": {"id": key}}), door)
    known = replace(door, authenticate=lambda _request, _settings: actor)
    route = Route(entry.name, str(key), METHODS)
    return serve_route(request, lambda: route, known)
