"""From an ``HttpRequest`` to its reply: the code that all HTTP doors share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from django.core.signals import got_request_exception
from django.http import HttpResponse

from django_flex import engine
from django_flex.dialects.flex import FLEX
from django_flex.engine import ACTIONS, READ_OPERATIONS, Call, find_entry
from django_flex.exceptions import (
    AuthenticationError,
    FlexError,
    InternalError,
    QueryError,
    ResourceNotFoundError,
)
from django_flex.http.actions import execute_of, has_actions, model_base
from django_flex.http.authentication import authenticate, challenge
from django_flex.http.description import describe_all, describe_entry
from django_flex.http.rendering import finish, render
from django_flex.http.request import (
    check_query,
    no_form,
    parameters,
    preferred_time_zone,
    prefers,
    read,
)
from django_flex.http.routing import model_url, served, view_url
from django_flex.http.streaming import accepted
from django_flex.http.writes import check_write, read_idempotency_key
from django_flex.query.operations import BATCH

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.access.actor import Actor
    from django_flex.conf import Settings
    from django_flex.dialects.base import Dialect, Meaning
    from django_flex.dialects.facts import Facts
    from django_flex.http.routing import Route
    from django_flex.plan.shape import FlexResult
    from django_flex.policy.model import Entry, Policy

logger = logging.getLogger("django_flex")

#: What a form may ask for: what stores values. In a batch, one of the operations does.
FORM_OPERATIONS = frozenset({"add", "edit", "upsert", "bulk_edit", BATCH})
_NEVER_UPSERT = frozenset({"GET", "HEAD", "QUERY", "POST", "PATCH", "DELETE"})

Authenticate: TypeAlias = "Callable[[HttpRequest, Settings], Actor]"
Challenge: TypeAlias = "Callable[[HttpRequest, Settings], str]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Door:
    """What differs between the HTTP doors.

    Doors with their own model and grants set ``policy`` and ``entry``. ``actions`` limits the
    operations further; with ``None`` the grant decides. ``key_name`` is the field that identifies
    rows in URLs if it is not the primary key. ``dialect`` is the wire form of requests and replies.
    """

    settings: Settings
    policy: Policy
    entry: Entry | None = None
    actions: frozenset[str] | None = None
    key_name: str | None = None
    dialect: Dialect = FLEX
    authenticate: Authenticate = authenticate
    challenge: Challenge = challenge


def serve(request: HttpRequest, find_route: Callable[[], Route], door: Door) -> HttpResponseBase:
    """Return the reply to an HTTP request; every error becomes a JSON object."""
    try:
        response = _serve(request, find_route, door)
    except FlexError as error:
        response = respond(request, door.dialect.error(error), door)
    except Exception:
        # The log and the signal have all details; the reply has none.
        logger.exception("Internal error at %r", request.path)
        got_request_exception.send(sender=None, request=request)
        response = render(request, door.dialect.error(InternalError()), door.settings)
    if request.method == "HEAD" and isinstance(response, HttpResponse):
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


def respond(
    request: HttpRequest, result: FlexResult, door: Door, call: Call | None = None
) -> HttpResponseBase:
    """Return the response of a result; a 401 says how to authenticate."""
    if result.error is not None and isinstance(result.error, AuthenticationError):
        headers = {**result.headers, "WWW-Authenticate": door.challenge(request, door.settings)}
        result = replace(result, headers=headers)
    return render(request, result, door.settings, call)


def _serve(request: HttpRequest, find_route: Callable[[], Route], door: Door) -> HttpResponseBase:
    """Decode, execute, respond.

    Raises:
        FlexError: the request is invalid, or names something that does not exist.
    """
    if request.method == "OPTIONS":
        return _describe(request, find_route, door)
    decoded = decode(request, find_route, door, streams=True)
    # A request for a description of actions is handled like a get.
    shown = None if decoded.call.operation == ACTIONS else decoded.call
    return respond(request, execute(request, decoded, door), door, shown)


@dataclass(frozen=True, slots=True, eq=False)
class Decoded:
    """A decoded request: its route, and the call to the engine."""

    route: Route
    call: Call


def decode(
    request: HttpRequest, find_route: Callable[[], Route], door: Door, *, streams: bool = False
) -> Decoded:
    """Authenticate, find out what the URL means, and make a call of what was sent.

    Args:
        request: what was sent.
        find_route: reads the URL.
        door: where it came in.
        streams: whether a list may be streamed from here.

    Raises:
        FlexError: the request is invalid, or names something that does not exist.
    """
    # Before anything else, so that the reply to an anonymous caller reveals no name.
    actor = door.authenticate(request, door.settings)
    route = _route(request, find_route)
    meaning = route.meaning(request.method or "GET")
    return Decoded(route, to_call(request, route, meaning, door, actor, streams=streams))


def execute(request: HttpRequest, decoded: Decoded, door: Door) -> FlexResult:
    """Return the result of a request; a row that was added has its URL in the headers."""
    result = (execute_of(decoded.call.operation) or engine.execute)(decoded.call)
    if result.created is None:
        return result
    location = _location(request, result, decoded, door)
    if location is None:
        return result
    return replace(result, headers={**result.headers, "Location": location})


def _location(request: HttpRequest, result: FlexResult, asked: Decoded, door: Door) -> str | None:
    if door.key_name is not None:
        key = result.data.get(door.key_name)
        return None if key is None else view_url(request.path, key)
    if door.entry is not None:
        return view_url(request.path, result.created)
    if asked.route.resource is not None:
        return model_url(request.path, result.created)
    return model_url(f"{request.path}{asked.call.resource}", result.created)


def _route(request: HttpRequest, find_route: Callable[[], Route]) -> Route:
    route = find_route()
    if request.method != "PUT" and request.method in route.methods:
        return route
    # Whether there is a PUT here, or one in `Allow`, depends on the parameters.
    named = {name for name, _ in parameters(request)}
    return route if named & {"match", "_match"} else route.without_upsert()


def to_call(
    request: HttpRequest,
    route: Route,
    meaning: Meaning,
    door: Door,
    actor: Actor,
    *,
    streams: bool,
) -> Call:
    """Combine the URL and the body; what both contain has to be equal.

    Raises:
        QueryError: they contradict each other, or neither names a model.
        CsrfFailedError: a write of a cookie session has no token.
    """
    dialect, limits = door.dialect, door.settings.limits
    sent = read(request, limits, lists=meaning.operation == "add", forms=dialect.takes_forms)
    payload = dialect.decode(sent, limits)
    operation = dialect.agreed_operation(payload, meaning, actions=has_actions)
    resource = _agreed_resource(dialect.resource_of(payload), operation, route, door)
    if request.method == "QUERY":
        if door.entry is None and resource:
            find_entry(door.policy, resource)  # whatever it lacks, there is nothing here
        check_query(request)
    writing = dialect.first_write(payload) if operation == BATCH else None
    reads_only = writing is None if operation == BATCH else operation in READ_OPERATIONS
    if sent.form is not None and operation not in FORM_OPERATIONS:
        raise no_form()
    make_call = partial(
        Call,
        settings=door.settings,
        dialect=dialect,
        policy=door.policy,
        entry=door.entry,
        resource=resource,
        operation=operation,
        payload=dialect.with_key(payload, route.pk),
        actor=actor,
        lenient=prefers(request, "handling=lenient"),
        time_zone=preferred_time_zone(request),
        served=served(door.actions),
        streams=streams and operation == "list",
        accepts=accepted(request) if streams and operation == "list" else None,
        reads_only=reads_only,
    )
    if reads_only:
        return _reading(make_call()) if operation == BATCH else make_call()
    if request.method == "QUERY":
        place = f"_batch[{writing}]"
        raise QueryError("QUERY only reads", path=place, hint="send writes by POST")
    if route.action or operation == ACTIONS:
        make_call = partial(make_call, base=model_base(request.path, route), about=route.action)
    if operation == ACTIONS:
        return make_call()
    check_write(request, actor, partial(dialect.check_write, sent))
    return make_call(
        respond_async=prefers(request, "respond-async"),
        if_match=request.headers.get("If-Match"),
        idempotency_key=read_idempotency_key(request),
    )


def _reading(call: Call) -> Call:
    """Return a batch that only reads, because its CSRF token has not been checked."""
    served = READ_OPERATIONS if call.served is None else READ_OPERATIONS & call.served
    return replace(call, served=served)


def _agreed_resource(named: object, operation: str, route: Route, door: Door) -> str:
    """Return the name of the model that URL and payload agree on."""
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
            "A model is needed", path="_model", hint='{"_model": "booking", "_action": "list"}'
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
    settings, policy, names = door.settings, door.policy, served(door.actions)
    if door.entry is None and route.resource is None:
        facts: Facts = describe_all(actor, settings, policy, names)
    else:
        entry = door.entry or find_entry(policy, str(route.resource))
        facts = describe_entry(entry, actor, settings, policy, names)
    described = door.dialect.describe(facts)
    response: HttpResponseBase = HttpResponse(status=HTTPStatus.NO_CONTENT)
    if described is not None:
        response = render(request, described, settings)
    response.headers["Allow"] = route.allow
    if "QUERY" in route.methods:
        response.headers["Accept-Query"] = "application/json"
    return finish(response, door.settings)
