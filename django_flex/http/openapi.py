"""The OpenAPI document of an API version, as a caller or a role sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest

from django_flex.exceptions import InvalidValueError, MethodNotAllowedError, UnknownKeyError
from django_flex.exceptions.places import worded
from django_flex.http.actions import describer
from django_flex.http.description import count_description
from django_flex.http.rendering import render_document
from django_flex.http.request import parameters
from django_flex.http.routing import READING
from django_flex.http.served import csrf_header_of, models_of_role, served_models, spelling_of
from django_flex.openapi import (
    RELEASES,
    Api,
    Node,
    Release,
    render_openapi,
)
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http.response import HttpResponseBase

    from django_flex.access.actor import Actor
    from django_flex.conf import Settings
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
    models = served_models(actor, settings, policy, actions)
    return render_openapi(_api(settings, prefix), models, release)


def document_of_role(role: str, settings: Settings, release: Release = "3.1") -> Node:
    """Return the OpenAPI document of what every caller with a role may do; no user is needed.

    Raises:
        LookupError: there is no such role.
    """
    models = models_of_role(role, settings)
    return render_openapi(_api(settings, settings.path), models, release)


def _api(settings: Settings, prefix: str) -> Api:
    schemes, needing = _security(settings)
    return Api(
        title="API",
        version=settings.version or "1",
        prefix=prefix,
        security=schemes,
        csrf=needing,
        csrf_header=csrf_header_of(settings),
        anonymous=not settings.require_authentication,
        always_ok=settings.always_http_200,
        deprecated="Deprecation" in settings.headers,
        spelling=spelling_of(settings),
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
