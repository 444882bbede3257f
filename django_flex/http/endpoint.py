"""From an ``HttpRequest`` to its reply: the one way that all HTTP doors share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.signals import got_request_exception
from django.http import HttpResponse

from django_flex.engine import FlexRequest, default_operation, find_entry, run
from django_flex.exceptions import (
    FlexError,
    InternalError,
    OperationDeniedError,
    QueryError,
    ResourceNotFoundError,
)
from django_flex.http.authentication import authenticate
from django_flex.http.description import describe_all, describe_entry
from django_flex.http.rendering import finish, render
from django_flex.http.request import decode, preferences
from django_flex.plan.shape import FlexResult
from django_flex.query.parser import parse_operation

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_flex.conf import Settings
    from django_flex.http.routing import Route
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Actor

logger = logging.getLogger("django_flex")

Authenticate: TypeAlias = "Callable[[HttpRequest, Settings], Actor]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Door:
    """What differs between the HTTP doors.

    ``policy`` and ``entry`` are set by doors with a model and grants of their own; ``actions``
    narrows the operations further, ``None`` leaves it to the grant.
    """

    settings: Settings
    policy: Policy
    entry: Entry | None = None
    actions: frozenset[str] | None = None
    authenticate: Authenticate = authenticate


def serve(request: HttpRequest, find_route: Callable[[], Route], door: Door) -> HttpResponse:
    """Answer an HTTP request; whatever is wrong with it becomes an error in our JSON shape."""
    try:
        response = _reply(request, find_route, door)
    except Exception:
        # The log and the signal tell the operator everything, the reply tells a stranger nothing.
        logger.exception("Internal error at %r", request.path)
        got_request_exception.send(sender=None, request=request)
        response = render(request, FlexResult.from_error(InternalError()), door.settings)
    if request.method == "HEAD":
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


def _reply(request: HttpRequest, find_route: Callable[[], Route], door: Door) -> HttpResponse:
    try:
        result = respond(request, find_route, door)
    except FlexError as error:
        result = FlexResult.from_error(error)
    return result if isinstance(result, HttpResponse) else render(request, result, door.settings)


def respond(
    request: HttpRequest, find_route: Callable[[], Route], door: Door
) -> FlexResult | HttpResponse:
    """Authenticate, find out what the URL means, decode, run.

    Raises:
        FlexError: the request cannot be understood, or names nothing.
    """
    # Before anything else, so that somebody who is not signed in learns of no name.
    actor = door.authenticate(request, door.settings)
    route = find_route()
    if request.method == "OPTIONS":
        return _describe(request, route, door, actor)
    operation = route.operation(request.method or "GET")
    flex_request = to_flex_request(request, route, operation, door, actor)
    return run(flex_request, door.settings, door.policy, door.entry)


def to_flex_request(
    request: HttpRequest, route: Route, operation: str | None, door: Door, actor: Actor
) -> FlexRequest:
    """Join what URL and body say; where both speak they must agree.

    Raises:
        QueryError: they contradict each other, or no model is named.
        OperationDeniedError: the door does not serve the operation.
    """
    payload = decode(request, door.settings.limits)
    if operation is None:
        operation = default_operation(payload)
    else:
        operation = _agreed_operation(payload, operation)
    resource = _agreed_resource(payload, route, door)
    if route.pk is not None:
        if any(str(payload[key]) != route.pk for key in ("_id", "id") if key in payload):
            raise QueryError("The key in the body is not the one in the URL", path="_id")
        payload = {key: value for key, value in payload.items() if key != "id"}
        payload["_id"] = route.pk
    return FlexRequest(
        resource=resource,
        operation=_served(operation, resource, door),
        payload=payload,
        actor=actor,
        lenient="handling=lenient" in preferences(request),
    )


def _served(operation: str, resource: str, door: Door) -> str:
    if door.actions is None or operation in door.actions:
        return operation
    raise OperationDeniedError(operation, resource)


def _agreed_operation(payload: dict[str, Any], operation: str) -> str:
    named = parse_operation(payload, operation)
    has_key = "_id" in payload or "id" in payload
    if operation == "list" and (named == "get" or ("_action" not in payload and has_key)):
        return "get"
    if named != operation:
        raise QueryError(
            f"'_action' does not go with this URL and method, which mean '{operation}'",
            path="_action",
        )
    return operation


def _agreed_resource(payload: dict[str, Any], route: Route, door: Door) -> str:
    named = payload.get("_model")
    if named is not None and not isinstance(named, str):
        raise QueryError("'_model' is the name of a model", path="_model")
    if door.entry is not None:
        if named is not None and named not in {door.entry.name, *door.entry.url_names}:
            raise ResourceNotFoundError("There is no such model", path="_model")
        return door.entry.name
    if route.resource is None and named is None:
        raise QueryError(
            "Which model?", path="_model", hint='{"_model": "booking", "_action": "list"}'
        )
    if route.resource is not None and named is not None:
        found = find_entry(door.policy, route.resource)
        if named not in {found.name, *found.url_names}:
            raise QueryError("'_model' is not the model of this URL", path="_model")
    return str(route.resource or named)


def _describe(
    request: HttpRequest, route: Route, door: Door, actor: Actor
) -> FlexResult | HttpResponse:
    limits = door.settings.limits
    if door.entry is None and route.resource is None:
        data = describe_all(door.policy, actor, limits)
    else:
        entry = door.entry or find_entry(door.policy, str(route.resource))
        data = describe_entry(door.policy, actor, entry, limits)
    response = render(request, FlexResult(data=data), door.settings)
    response.headers["Allow"] = route.allow
    if "QUERY" in route.methods:
        response.headers["Accept-Query"] = "application/json"
    return finish(response, door.settings)
