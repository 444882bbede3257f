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
from django_flex.dataclass_init import fast_init
from django_flex.dialects.flex import FLEX
from django_flex.engine import ACTIONS, READ_OPERATIONS, Call, find_entry, is_named
from django_flex.exceptions import (
    AuthenticationError,
    FlexError,
    InternalError,
    NotFoundError,
    QueryError,
    ResourceNotFoundError,
)
from django_flex.exceptions.places import Part, worded
from django_flex.http.actions import execute_of, has_actions, model_base
from django_flex.http.authentication import authenticate, challenge
from django_flex.http.description import count_description, describe_all, describe_entry
from django_flex.http.rendering import finish, name_language, render
from django_flex.http.request import (
    check_bare,
    check_query,
    header,
    no_form,
    parameters,
    preferred_time_zone,
    prefers,
    read,
)
from django_flex.http.routing import ENDPOINT, READING, model_url, served, view_url
from django_flex.http.streaming import accepted
from django_flex.http.writes import (
    check_write,
    read_idempotency_key,
    refuse_unkept_condition,
)
from django_flex.languages import in_language_of, language_of
from django_flex.query.operations import BATCH

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.access.actor import Actor
    from django_flex.conf import Settings
    from django_flex.dialects.base import Dialect, MethodOperation
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
Execute: TypeAlias = "Callable[[Call], FlexResult]"
Answer: TypeAlias = "Callable[[HttpRequest, Callable[[], Route], Door], HttpResponseBase]"


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Door:
    """What differs between the HTTP doors.

    Doors with their own model and grants set ``policy`` and ``entry``. ``actions`` limits the
    operations further; with ``None`` the grant decides. ``key_name`` is the field that identifies
    rows in URLs if it is not the primary key. ``dialect`` is the wire form of requests and replies.
    ``execute`` takes a call of a core operation through the engine, ``None`` for the engine itself.
    """

    settings: Settings
    policy: Policy
    entry: Entry | None = None
    actions: frozenset[str] | None = None
    key_name: str | None = None
    dialect: Dialect = FLEX
    authenticate: Authenticate = authenticate
    challenge: Challenge = challenge
    execute: Execute | None = None


def serve(
    request: HttpRequest,
    find_route: Callable[[], Route],
    door: Door,
    answer: Answer | None = None,
) -> HttpResponseBase:
    """Return the reply to an HTTP request; every error becomes a JSON object.

    Args:
        request: what was sent.
        find_route: reads the URL.
        door: where it came in.
        answer: replies instead of the pipeline, at a URL that is about no row.
    """
    language = language_of(request, accept=door.settings.accept_language)
    with in_language_of(language):
        try:
            response = (answer or serve_route)(request, find_route, door)
        except FlexError as error:
            response = respond(request, door.dialect.error(error), door)
        except Exception:
            # The log and the signal have all details; the reply has none.
            logger.exception("Internal error at %r", request.path)
            got_request_exception.send(sender=None, request=request)
            response = render(request, door.dialect.error(InternalError()), door.settings)
    name_language(response, language)
    if request.method == "HEAD" and isinstance(response, HttpResponse) and response.content:
        response.headers["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


def respond(
    request: HttpRequest, result: FlexResult, door: Door, call: Call | None = None
) -> HttpResponseBase:
    """Return the response of a result; a 401 says how to authenticate.

    In a wire form that takes one for a 403 that would tell what is hidden from what does not exist.
    """
    is_challenged = result.status_code == HTTPStatus.UNAUTHORIZED
    if is_challenged and isinstance(result.error, AuthenticationError):
        headers = {**result.headers, "WWW-Authenticate": door.challenge(request, door.settings)}
        result = replace(result, headers=headers)
    return render(request, result, door.settings, call)


def serve_route(
    request: HttpRequest, find_route: Callable[[], Route], door: Door
) -> HttpResponseBase:
    """Decode, execute, respond.

    Raises:
        FlexError: the request is invalid, or names something that does not exist.
    """
    actor, route = _enter(request, find_route, door)
    if request.method == "OPTIONS" or (route.methods is ENDPOINT and request.method in READING):
        return _describe(request, route, door, actor)
    decoded = _decode(request, route, door, actor, streams=True)
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
    actor, route = _enter(request, find_route, door)
    return _decode(request, route, door, actor, streams=streams)


def _enter(
    request: HttpRequest, find_route: Callable[[], Route], door: Door
) -> tuple[Actor, Route]:
    # The caller first, so that the reply to an anonymous one reveals no name.
    return door.authenticate(request, door.settings), _route(request, find_route)


def _decode(
    request: HttpRequest, route: Route, door: Door, actor: Actor, *, streams: bool
) -> Decoded:
    meaning = route.meaning(request.method or "GET")
    return Decoded(route, to_call(request, route, meaning, door, actor, streams=streams))


def execute(request: HttpRequest, decoded: Decoded, door: Door) -> FlexResult:
    """Return the result of a request; a row that was added has its URL in the headers."""
    result = (execute_of(decoded.call.operation) or door.execute or engine.execute)(decoded.call)
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
    meaning: MethodOperation,
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
    resource = _agreed_resource(dialect.resource_of(payload), operation, route, door, actor)
    if request.method == "QUERY":
        if door.entry is None and resource:
            find_entry(door.policy, resource, actor)  # whatever it lacks, there is nothing here
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
        place = Part.BATCH if writing is None else (Part.BATCH, writing)
        raise QueryError("QUERY only reads", path=place, hint="send writes by POST")
    if route.action or operation == ACTIONS:
        make_call = partial(make_call, base=model_base(request.path, route), about=route.action)
    if operation == ACTIONS:
        return make_call()
    check_write(request, actor, partial(dialect.check_write, sent))
    return _writing(make_call, request)


def _writing(make_call: Callable[..., Call], request: HttpRequest) -> Call:
    """Return a write with what its headers ask of it."""
    refuse_unkept_condition(request)
    return make_call(
        respond_async=prefers(request, "respond-async"),
        if_match=header(request, "If-Match"),
        idempotency_key=read_idempotency_key(request),
    )


def _reading(call: Call) -> Call:
    """Return a batch that only reads, because its CSRF token has not been checked."""
    served = READ_OPERATIONS if call.served is None else READ_OPERATIONS & call.served
    return replace(call, served=served)


def _agreed_resource(named: object, operation: str, route: Route, door: Door, actor: Actor) -> str:
    """Return the name of the model that URL and payload agree on."""
    if named is not None and not isinstance(named, str):
        raise QueryError(worded("'{}' is the name of a model", Part.MODEL), path=Part.MODEL)
    if door.entry is not None:
        if named is not None and not is_named(door.entry, named):
            raise ResourceNotFoundError("There is no such model", path=Part.MODEL)
        return door.entry.name
    if route.resource is None and named is None:
        if operation == BATCH:
            return ""  # each of its operations names its own
        raise QueryError(
            "A model is needed",
            path=Part.MODEL,
            hint=worded('{{"{}": "booking", "{}": "list"}}', Part.MODEL, Part.ACTION),
        )
    if route.resource is not None and named is not None:
        found = find_entry(door.policy, route.resource, actor)
        if not is_named(found, named):
            raise QueryError(
                worded("'{}' is not the model of this URL", Part.MODEL), path=Part.MODEL
            )
    return str(route.resource or named)


def _describe(request: HttpRequest, route: Route, door: Door, actor: Actor) -> HttpResponseBase:
    """Return the description of a model, or at the prefix alone, also by GET, of all models."""
    settings, policy, names = door.settings, door.policy, served(door.actions)
    if request.method != "OPTIONS":
        check_bare(request)
    entry = door.entry
    if entry is None and route.resource is not None:
        entry = find_entry(policy, str(route.resource), actor)
    hides = door.dialect.hides_models
    counted = count_description(entry, actor, settings, policy, hides_models=hides)
    if entry is None:
        facts: Facts = describe_all(actor, settings, policy, names, request.path)
    else:
        facts = describe_entry(entry, actor, settings, policy, names)
    described = door.dialect.describe(facts)
    response: HttpResponseBase = HttpResponse(status=HTTPStatus.NO_CONTENT)
    del response.headers["Content-Type"]
    if described is not None:
        response = render(request, described, settings)
    elif request.method != "OPTIONS":
        raise NotFoundError("There is nothing at this URL")
    if request.method == "OPTIONS":
        response.headers["Allow"] = route.allow
    if "QUERY" in route.methods:
        response.headers["Accept-Query"] = "application/json"
    for name, value in counted.items():
        response.headers[name] = value
    return finish(response, door.settings)
