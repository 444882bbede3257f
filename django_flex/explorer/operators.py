"""What operators ask about grants, and nobody else: the matrix, why, what others see, and SQL.

Replies must not say what these do. So each request is that of a superuser, reads only, and needs a
CSRF token if a cookie says who sends it. The plan of a query is also told while ``DEBUG`` is on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib.auth.decorators import login_not_required
from django.core.management.base import CommandError
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from django_flex.access.actor import Actor
from django_flex.access.roles import policy_of_role
from django_flex.access.users import find_user
from django_flex.conf import configuration, get_settings, is_debug
from django_flex.dialects.decoding import parse_json
from django_flex.dialects.flex import flex_for
from django_flex.engine import find_entry
from django_flex.exceptions import (
    InvalidValueError,
    MethodNotAllowedError,
    NotFoundError,
    OperationDeniedError,
    RequestError,
)
from django_flex.exceptions.places import worded
from django_flex.explorer.page import path_of
from django_flex.explorer.views import may_open
from django_flex.http.actions import actions_of
from django_flex.http.csrf import check_csrf
from django_flex.http.description import describe_all, describe_entry
from django_flex.http.endpoint import Door, respond, serve
from django_flex.http.rendering import JSON, finish
from django_flex.http.request import read
from django_flex.matrix import (
    UnreadableMatrixError,
    as_json,
    changes,
    make_matrix,
    read_json,
)
from django_flex.plan.shape import FlexResult
from django_flex.programmatic import FlexQuery
from django_flex.why import Asked, as_text, explain_request

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.http.routing import Route
    from django_flex.policy.model import Policy

Sent: TypeAlias = Mapping[str, Any]
Answer: TypeAlias = "Callable[[Sent, Settings, Actor], FlexResult | str]"
#: The only operations that are done in the name of somebody else.
READS = frozenset({"list", "query", "get", "aggregate"})

#: What a description says of writes.
WRITING = frozenset({"actions", "inputs", "nested", "writable"})


# Who has to be signed in, and whether a token is needed, is decided here as at the doors.
@login_not_required
@csrf_exempt
def operators(request: HttpRequest, version: str | None = None) -> HttpResponseBase:
    """Return the answer to one question: an object with ``ask``, and what it is about."""
    settings = get_settings(version)
    door = Door(settings=settings, policy=settings.policy, dialect=flex_for(settings.policy))
    response = serve(request, _no_route, door, _answer)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _no_route() -> Route:
    raise NotImplementedError


def _answer(request: HttpRequest, _find_route: Callable[[], Route], door: Door) -> HttpResponseBase:
    """Check who asks, and answer.

    Raises:
        MethodNotAllowedError: the method is not POST.
        NotFoundError: the caller is no operator.
        CsrfFailedError: the request may come from another site.
        InvalidValueError: there is no such question.
    """
    if request.method != "POST":
        hint = worded("one of {}{}", "POST", "")
        text = "This URL does not support this method"
        raise MethodNotAllowedError(text, hint=hint, headers={"Allow": "POST"})
    actor = door.authenticate(request, door.settings)
    if not may_open(actor, door.settings) or not (is_operator(actor) or is_debug()):
        raise NotFoundError("There is nothing at this URL")
    if actor.needs_csrf:
        check_csrf(request)
    body = read(request, door.settings.limits).body
    sent = parse_json(body, door.settings.limits, "body")
    if not isinstance(sent, dict):
        raise RequestError("A JSON object is needed", path="body")
    found = _question(sent, actor)(sent, door.settings, actor)
    if isinstance(found, str):
        return finish(HttpResponse(found, content_type=JSON), door.settings)
    return respond(request, found, door)


def is_operator(actor: Actor) -> bool:
    """Whether a caller may ask about what others may do: superusers may."""
    return actor.is_authenticated and bool(getattr(actor.user, "is_superuser", False))


def _question(sent: Sent, actor: Actor) -> Answer:
    """Return the function that answers a question, of those that the caller may ask."""
    known = ANSWERS if is_operator(actor) else {"plan": plan}
    asked = sent.get("ask")
    if not isinstance(asked, str) or asked not in known:
        hint = worded("one of {}", ", ".join(known))
        raise InvalidValueError(worded("Unknown {}", "ask"), path="ask", hint=hint)
    return known[asked]


def matrix(_sent: Sent, settings: Settings, _actor: Actor) -> str:
    """Return what each role may do on each model, as ``flex_matrix`` does."""
    return _matrix(settings)


# It takes seconds, and depends on nothing but the settings.
@lru_cache(maxsize=4)
def _matrix(settings: Settings) -> str:
    return as_json(
        make_matrix(
            settings.policy,
            settings.limits,
            version=settings.version,
            actions=actions_of(settings),
            capabilities_for=settings.backends.capabilities_for,
        )
    )


def changed(sent: Sent, settings: Settings, actor: Actor) -> FlexResult:
    """Return what is opened and closed since a matrix, or compared with another version.

    Raises:
        InvalidValueError: what was sent is no matrix, or there is no such version.
    """
    now = read_json(matrix(sent, settings, actor))
    version = _text(sent, "version")
    if version is not None and version not in configuration().versions:
        raise InvalidValueError(worded("Unknown {}", "version"), path="version")
    other = get_settings(version)
    try:
        before = read_json(_text(sent, "before") or matrix(sent, other, actor))
    except UnreadableMatrixError as error:
        raise InvalidValueError("The value does not fit", path="before", hint=str(error)) from error
    found = changes(replace(before, version=now.version), now)
    lines = [{"text": str(one), "opens": one.opened} for one in found]
    return FlexResult(data={"changes": lines}, status_code=200)


def why(sent: Sent, settings: Settings, _actor: Actor) -> FlexResult:
    """Return why a request of somebody is allowed or refused, as ``flex_why`` does.

    Raises:
        InvalidValueError: there is no such user, or nothing to explain.
    """
    user, role = _somebody(sent, settings)
    asked = Asked(
        method=_text(sent, "method") or "GET",
        url=settings.path + (_text(sent, "path") or ""),
        body=_text(sent, "body") or "",
        user=user,
        role=role,
    )
    try:
        text = as_text(explain_request(asked, settings))
    except LookupError as error:
        raise InvalidValueError(str(error), path="path") from error
    return FlexResult(data={"text": text}, status_code=200)


def query(sent: Sent, settings: Settings, actor: Actor) -> FlexResult:
    """Return what somebody else would get for a query that reads.

    Raises:
        InvalidValueError: there is no such user or role.
        OperationDeniedError: it does not read.
    """
    user, role = _somebody(sent, settings)
    return _run(_reading(sent), settings, user, role, actor.user)


def models(sent: Sent, settings: Settings, _actor: Actor) -> FlexResult:
    """Return the models that somebody else may read, as the path of the API lists them.

    Raises:
        InvalidValueError: there is no such user or role.
    """
    somebody, policy = _acting(sent, settings)
    path = path_of(settings) or settings.path
    facts = describe_all(somebody, settings, policy, READS, path)
    listed: Any = flex_for(policy).describe(facts)
    found = {name: _read_only(one) for name, one in listed.data["models"].items()}
    kept = {name: one for name, one in found.items() if one["operations"]}
    return FlexResult(data={"models": kept}, status_code=200)


def describe(sent: Sent, settings: Settings, _actor: Actor) -> FlexResult:
    """Return what somebody else may read of a model, as OPTIONS describes it.

    Raises:
        InvalidValueError: there is no such user or role.
        FlexError: they have no grant on the model, or there is no such one.
    """
    somebody, policy = _acting(sent, settings)
    entry = find_entry(policy, _text(sent, "model") or "", somebody)
    facts = describe_entry(entry, somebody, settings, policy, READS)
    described: Any = flex_for(policy).describe(facts)
    return FlexResult(data=_read_only(described.data), status_code=200)


def _acting(sent: Sent, settings: Settings) -> tuple[Actor, Policy]:
    """Return the caller that a question is about, and the policy as it applies to them."""
    user, role = _somebody(sent, settings)
    policy = settings.policy if role is None else policy_of_role(settings.policy, role)
    return Actor(user), policy


def _read_only(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a model without all that writes."""
    kept = {name: value for name, value in described.items() if name not in WRITING}
    kept["operations"] = [one for one in described["operations"] if one in {*READS, "explain"}]
    return kept


def plan(sent: Sent, settings: Settings, actor: Actor) -> FlexResult:
    """Return how the caller's own query would run.

    Raises:
        OperationDeniedError: it does not read.
    """
    return _run({**_reading(sent), "explain": True}, settings, actor.user, None)


def _run(
    asked: Sent, settings: Settings, user: object, role: str | None, operator: object = None
) -> FlexResult:
    """Run a query; the log has who asked, since they are another than the user that it is run as."""
    name = asked.get("_model")
    if not isinstance(name, str):
        raise InvalidValueError("A string is needed", path="_model")
    spec = {key: value for key, value in asked.items() if key != "_model"}
    run = FlexQuery(name, version=settings.version)
    return run.by_operator(role, door="explorer", operator=operator).execute(spec, user=user)


def _reading(sent: Sent) -> Sent:
    """Return the query that was sent, if all that it does is to read."""
    asked = sent.get("query")
    if not isinstance(asked, Mapping):
        raise InvalidValueError(worded("'{}' is needed", "query"), path="query")
    operation = asked.get("_action", "list")
    if not isinstance(operation, str) or operation not in READS or "_batch" in asked:
        raise OperationDeniedError(str(operation), str(asked.get("_model", "")))
    return asked


def _somebody(sent: Sent, settings: Settings) -> tuple[object, str | None]:
    """Return the user and the role that a question is about; both are empty for a visitor."""
    role = _text(sent, "role")
    named = {name for entry in settings.policy.entries.values() for name in entry.grants}
    if role is not None and role not in named:
        hint = worded("one of {}", ", ".join(sorted(named)))
        raise InvalidValueError(worded("Unknown {}", "role"), path="role", hint=hint)
    try:
        return find_user(_text(sent, "user")), role
    except CommandError as error:
        raise InvalidValueError(worded("Unknown {}", "user"), path="user") from error


def _text(sent: Sent, name: str) -> str | None:
    value = sent.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidValueError("A string is needed", path=name)
    return value or None


ANSWERS: Mapping[str, Answer] = {
    "matrix": matrix,
    "changes": changed,
    "why": why,
    "models": models,
    "describe": describe,
    "query": query,
    "plan": plan,
}
