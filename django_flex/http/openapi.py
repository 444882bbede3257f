"""The OpenAPI document of an API version, as a caller or a role sees it."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from django.http import HttpRequest

from django_flex.access.actor import Actor
from django_flex.access.roles import BUILT_IN_ROLES, policy_of_role
from django_flex.describe import describe_model, within_backend
from django_flex.dialects.flex.camel.words import in_camel
from django_flex.exceptions import InvalidValueError, MethodNotAllowedError, UnknownKeyError
from django_flex.exceptions.places import worded
from django_flex.http.actions import actions_of, describer
from django_flex.http.description import count_description, name_in_urls
from django_flex.http.rendering import render_document
from django_flex.http.request import parameters
from django_flex.http.routing import READING
from django_flex.openapi import (
    RELEASES,
    Api,
    Node,
    Release,
    ServedModel,
    Spelling,
    render_openapi,
)
from django_flex.query.naming import to_camel
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.describe import ActionsOf
    from django_flex.http.endpoint import Door
    from django_flex.http.routing import Route
    from django_flex.policy.model import Policy


#: The name of the document in URLs, behind the prefix of the API.
DOCUMENT = "openapi.json"
_METHODS = "GET, HEAD"


def serve_document(
    request: HttpRequest, _find_route: Callable[[], Route], door: Door
) -> HttpResponseBase:
    """Return the document of what the caller may do.

    Raises:
        AuthenticationRequiredError: the caller is anonymous, which the settings do not allow.
        MethodNotAllowedError: the method is not GET.
        QueryError: there is no such parameter, or no such release of OpenAPI.
        RateLimitExceededError: the caller has to wait.
    """
    actor, settings, policy = door.authenticate(request, door.settings), door.settings, door.policy
    if request.method not in READING:
        raise MethodNotAllowedError(
            "This URL does not support this method",
            hint=worded("one of {}", _METHODS),
            headers={"Allow": _METHODS},
        )
    release = _release(request)
    counted = count_description(None, actor, settings, policy)
    prefix = request.path.removesuffix(DOCUMENT)
    document = document_for(actor, settings, policy, prefix, release)
    return render_document(request, document, counted, settings)


def _release(request: HttpRequest) -> Release:
    """Return the release of OpenAPI that the parameter ``openapi`` names."""
    asked = dict(parameters(request))
    for name in asked:
        if name != "openapi":
            place = excerpt(name)
            hint = worded("one of {}", "openapi")
            raise UnknownKeyError(worded("Unknown key '{}'", place), path=place, hint=hint)
    values = asked.get("openapi", [RELEASES[0]])
    for release in RELEASES:
        if values == [release]:
            return release
    hint = worded("one of {}", ", ".join(RELEASES))
    raise InvalidValueError(worded("Unknown {}", "openapi"), path="openapi", hint=hint)


def document_for(
    actor: Actor, settings: Settings, policy: Policy, prefix: str, release: Release = "3.1"
) -> Node:
    """Return the OpenAPI document of what a caller may do.

    Args:
        actor: the caller.
        settings: of the API version.
        policy: that of the door.
        prefix: the URL that the models are under.
        release: of OpenAPI.
    """
    actions = describer(actor, settings, policy, inputs=True)
    models = tuple(_served(actor, settings, policy, actions))
    return render_openapi(_api(settings, prefix), models, release)


def document_of_role(role: str, settings: Settings, release: Release = "3.1") -> Node:
    """Return the OpenAPI document of what every caller with a role may do; no user is needed.

    Raises:
        LookupError: there is no such role.
    """
    named = {name for entry in settings.policy.entries.values() for name in entry.grants}
    if role not in named | BUILT_IN_ROLES:
        raise LookupError(role)
    policy = policy_of_role(settings.policy, role)
    models = tuple(_served(Actor(), settings, policy, actions_of(settings)))
    return render_openapi(_api(settings, settings.path), models, release)


def _served(
    actor: Actor, settings: Settings, policy: Policy, actions: ActionsOf
) -> Iterator[ServedModel]:
    """Yield the models that a caller may do something with that their backends can do."""
    describe = partial(
        describe_model,
        policy,
        actor,
        actions=actions,
        rates=settings.rate_limits,
    )
    for entry in policy.entries.values():
        found = describe(entry, settings.limits)
        if found is None:
            continue
        can = settings.backends.capabilities_for(entry.resource)
        found = within_backend(replace(found, shape=settings.default_shape), entry.resource, can)
        if found is not None:
            yield ServedModel(description=found, url_name=name_in_urls(entry, policy))


def _api(settings: Settings, prefix: str) -> Api:
    schemes, needing = _security(settings)
    camel = settings.policy.schema.naming is not None
    return Api(
        title="API",
        version=settings.version or "1",
        prefix=prefix,
        security=schemes,
        csrf=needing,
        csrf_header=settings.csrf_header.removeprefix("HTTP_").replace("_", "-").title(),
        anonymous=not settings.require_authentication,
        always_ok=settings.always_http_200,
        deprecated="Deprecation" in settings.headers,
        spelling=Spelling(key=to_camel, path=in_camel) if camel else Spelling(),
    )


def _security(settings: Settings) -> tuple[dict[str, Node], frozenset[str]]:
    """Return the security schemes of the authenticators, and which of them need a CSRF token."""
    schemes: dict[str, Node] = {}
    needing: set[str] = set()
    for make in settings.authentication:
        authenticator = make()
        csrf = bool(getattr(authenticator, "needs_csrf", False))
        declared = getattr(authenticator, "security_scheme", None)
        header = authenticator.authenticate_header(HttpRequest())
        scheme = declared or _scheme(header, settings.session_cookie if csrf else None)
        if scheme is None:
            continue
        name = _scheme_name(scheme, header)
        schemes.setdefault(name, scheme)
        if csrf:
            needing.add(name)
    return schemes, frozenset(needing)


def _scheme(header: str | None, cookie: str | None) -> Node | None:
    """Return the security scheme of a challenge, or else of a cookie."""
    word = (header or "").partition(" ")[0].lower()
    if word in {"basic", "bearer", "digest"}:
        return {"type": "http", "scheme": word}
    if word and cookie is None:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": f"`Authorization: {word.capitalize()} …`",
        }
    if cookie is not None:
        return {"type": "apiKey", "in": "cookie", "name": cookie}
    return None


def _scheme_name(scheme: Node, header: str | None) -> str:
    if scheme.get("in") == "cookie":
        return "session"
    return (header or "").partition(" ")[0].lower() or str(scheme.get("scheme") or scheme["type"])
