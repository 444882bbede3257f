"""From an ``HttpRequest`` to its reply: the one way that all HTTP doors share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from django.core.signals import got_request_exception
from django.http import HttpResponse

from django_flex.engine import ACTIONS, READ_OPERATIONS, FlexRequest, find_entry, run
from django_flex.engine.request import BATCH
from django_flex.exceptions import (
    FlexError,
    InternalError,
    QueryError,
    ResourceNotFoundError,
)
from django_flex.http.actions import may_be_action, model_base, runner
from django_flex.http.authentication import authenticate
from django_flex.http.description import describe_all, describe_entry
from django_flex.http.rendering import finish, render
from django_flex.http.request import decode, parameters, preferred_time_zone, prefers
from django_flex.http.routing import model_url, served, view_url
from django_flex.http.streaming import accepted
from django_flex.http.writes import check_write, read_idempotency_key
from django_flex.plan.shape import FlexResult
from django_flex.query.parser import parse_operation

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.http.routing import Meaning, Route
    from django_flex.permissions.policy import Entry, Policy
    from django_flex.permissions.roles import Actor

logger = logging.getLogger("django_flex")

_NEVER_UPSERT = frozenset({"GET", "HEAD", "QUERY", "POST", "PATCH", "DELETE"})

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


def serve(request: HttpRequest, find_route: Callable[[], Route], door: Door) -> HttpResponseBase:
    """Answer an HTTP request; whatever is wrong with it becomes an error in our JSON shape."""
    try:
        response = _reply(request, find_route, door)
    except Exception:
        # The log and the signal tell the operator everything, the reply tells a stranger nothing.
        logger.exception("Internal error at %r", request.path)
        got_request_exception.send(sender=None, request=request)
        response = render(request, FlexResult.from_error(InternalError()), door.settings)
    if request.method == "HEAD" and isinstance(response, HttpResponse):
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


def _reply(request: HttpRequest, find_route: Callable[[], Route], door: Door) -> HttpResponseBase:
    try:
        return respond(request, find_route, door)
    except FlexError as error:
        return render(request, FlexResult.from_error(error), door.settings)


def respond(request: HttpRequest, find_route: Callable[[], Route], door: Door) -> HttpResponseBase:
    """Authenticate, find out what the URL means, decode, run.

    Raises:
        FlexError: the request cannot be understood, or names nothing.
    """
    if request.method == "OPTIONS":
        return _describe(request, find_route, door)
    asked = understand(request, find_route, door, streams=True)
    # What there is to say about actions is read like a get, whatever it is called.
    shown = None if asked.flex_request.operation == ACTIONS else asked.flex_request
    return render(request, execute(request, asked, door), door.settings, shown)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A request that was understood: where it leads, and what it asks the engine for."""

    route: Route
    flex_request: FlexRequest


def understand(
    request: HttpRequest, find_route: Callable[[], Route], door: Door, *, streams: bool = False
) -> Asked:
    """Authenticate, find out what the URL means, decode.

    Args:
        request: what was sent.
        find_route: reads the URL.
        door: where it came in.
        streams: whether a list may be streamed from here.

    Raises:
        FlexError: the request cannot be understood, or names nothing.
    """
    # Before anything else, so that somebody who is not signed in learns of no name.
    actor = door.authenticate(request, door.settings)
    route = _route(request, find_route)
    meaning = route.meaning(request.method or "GET")
    return Asked(route, to_flex_request(request, route, meaning, door, actor, streams=streams))


def execute(request: HttpRequest, asked: Asked, door: Door) -> FlexResult:
    """Run what was understood; a row that was made has its URL in the result's headers."""
    perform = runner(asked.flex_request.operation) or run
    result = perform(asked.flex_request, door.settings, door.policy, door.entry)
    location = _location(request, result, asked, door)
    if location is None:
        return result
    return replace(result, headers={**result.headers, "Location": location})


def _location(request: HttpRequest, result: FlexResult, asked: Asked, door: Door) -> str | None:
    if result.created is None or result.error is not None:
        return None
    if door.entry is not None:
        return view_url(request.path, result.created)
    if asked.route.resource is not None:
        return model_url(request.path, result.created)
    return model_url(f"{request.path}{asked.flex_request.resource}", result.created)


def _route(request: HttpRequest, find_route: Callable[[], Route]) -> Route:
    route = find_route()
    if request.method != "PUT" and request.method in route.methods:
        return route
    # Whether there is a PUT here, or one in `Allow`, depends on the parameters.
    named = {name for name, _ in parameters(request)}
    return route if named & {"match", "_match"} else route.without_upsert()


def to_flex_request(
    request: HttpRequest,
    route: Route,
    meaning: Meaning,
    door: Door,
    actor: Actor,
    *,
    streams: bool,
) -> FlexRequest:
    """Join what URL and body say; where both speak they must agree.

    Raises:
        QueryError: they contradict each other, or no model is named.
        CsrfFailedError: a write by a cookie session has no token.
    """
    payload = decode(request, door.settings.limits, lists=meaning.operation == "add")
    operation = _agreed_operation(payload, meaning)
    resource = _agreed_resource(payload, operation, route, door)
    asked = FlexRequest(
        resource=resource,
        operation=operation,
        payload=_with_key(payload, route.pk),
        actor=actor,
        lenient=prefers(request, "handling=lenient"),
        time_zone=preferred_time_zone(request),
        served=served(door.actions),
        streams=streams and operation == "list",
        accepts=accepted(request) if streams and operation == "list" else None,
    )
    if operation in READ_OPERATIONS:
        return asked
    if route.action or operation == ACTIONS:
        asked = replace(asked, base=model_base(request.path, route), about=route.action)
    if operation == ACTIONS:
        return asked
    check_write(request, actor)
    return replace(
        asked,
        respond_async=prefers(request, "respond-async"),
        if_match=request.headers.get("If-Match"),
        idempotency_key=read_idempotency_key(request),
    )


def _with_key(payload: dict[str, Any], pk: str | None) -> dict[str, Any]:
    """Put the key of the URL into the payload; one in the body has to be the same."""
    if pk is None:
        return payload
    if any(str(payload[key]) != pk for key in ("_id", "id") if key in payload):
        raise QueryError("The key in the body is not the one in the URL", path="_id")
    return {**{key: value for key, value in payload.items() if key != "id"}, "_id": pk}


def _agreed_operation(payload: dict[str, Any], meaning: Meaning) -> str:
    """Return what is asked for; an ``_action`` has to be one that the URL and method let choose."""
    if "_batch" in payload and meaning.choices is None and meaning.operation != "add":
        return BATCH
    if "_action" not in payload or payload["_action"] is None:
        has_key = "_id" in payload or "id" in payload
        default = meaning.operation or "list"
        return "get" if default == "list" and has_key else default
    if may_be_action(payload["_action"], meaning):
        return str(payload["_action"])
    named = parse_operation(payload, "")
    if meaning.choices is None or named in meaning.choices:
        return named
    means = f"mean '{meaning.operation}'" if meaning.operation else "only read"
    raise QueryError(
        f"'_action' does not go with this URL and method, which {means}", path="_action"
    )


def _agreed_resource(payload: dict[str, Any], operation: str, route: Route, door: Door) -> str:
    named = payload.get("_model")
    if named is not None and not isinstance(named, str):
        raise QueryError("'_model' is the name of a model", path="_model")
    if door.entry is not None:
        if named is not None and named not in {door.entry.name, *door.entry.url_names}:
            raise ResourceNotFoundError("There is no such model", path="_model")
        return door.entry.name
    if route.resource is None and named is None:
        if operation == BATCH:
            return ""  # each of its operations names its own
        raise QueryError(
            "Which model?", path="_model", hint='{"_model": "booking", "_action": "list"}'
        )
    if route.resource is not None and named is not None:
        found = find_entry(door.policy, route.resource)
        if named not in {found.name, *found.url_names}:
            raise QueryError("'_model' is not the model of this URL", path="_model")
    return str(route.resource or named)


def _describe(
    request: HttpRequest, find_route: Callable[[], Route], door: Door
) -> HttpResponseBase:
    actor = door.authenticate(request, door.settings)
    route = _route(request, find_route)
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
