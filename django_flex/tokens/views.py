"""Log in, refresh, log out: three URLs that take and return JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.db.transaction import non_atomic_requests
from django.middleware.csrf import get_token
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables

from django_flex.conf import get_settings
from django_flex.dialects.decoding import parse_json
from django_flex.exceptions import (
    AuthenticationRequiredError,
    InvalidValueError,
    MethodNotAllowedError,
    MisconfiguredError,
    RequestError,
    UnknownKeyError,
    UnsupportedMediaTypeError,
)
from django_flex.exceptions.places import worded
from django_flex.http.csrf import check_csrf
from django_flex.http.request import parameters, read
from django_flex.plan.shape import FlexResult
from django_flex.query.terms import excerpt, nearest
from django_flex.throttling import throttle_login
from django_flex.tokens.authentication import bearer_token
from django_flex.tokens.logins import log_in, log_out, refresh
from django_flex.tokens.replies import reply
from django_flex.tokens.users import check_password, counted_name, reached_database

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.tokens.values import Issued

Answer: TypeAlias = "Callable[[HttpRequest, Settings], FlexResult]"
MODES = ("json", "session")


def endpoint(answer: Answer) -> Callable[..., HttpResponseBase]:
    """Return the view of a function: no session, no transaction and no CSRF token are needed.

    A refused refresh token revokes its login, which a transaction of the request would undo.
    """

    @login_not_required
    @csrf_exempt
    @non_atomic_requests
    def view(request: HttpRequest) -> HttpResponseBase:
        settings = get_settings()
        return reply(request, lambda: answer(request, settings), settings)

    return view


@endpoint
@sensitive_variables("sent", "name", "password")
def login(request: HttpRequest, settings: Settings) -> FlexResult:
    """Exchange a name and a password for tokens, or for a session of Django's."""
    sent = _body(request, settings, ("username", "password"), ("mode",))
    mode = sent.get("mode", MODES[0])
    if mode not in MODES:
        raise InvalidValueError(
            worded("There is no mode '{}'", excerpt(mode)),
            path="mode",
            hint=worded("one of {}{}", ", ".join(MODES), ""),
        )
    name, password = sent["username"], sent["password"]
    throttle_login(
        settings.rate_limits,
        settings.tokens.login_rate,
        find_name=partial(counted_name, name),
        meta=request.META,
    )
    if mode == "session":
        return _start_session(request, name, password)
    return _tokens(log_in(name, password, settings=settings.tokens, request=request))


@endpoint
@sensitive_variables("sent")
def refresh_tokens(request: HttpRequest, settings: Settings) -> FlexResult:
    """Exchange a refresh token for the next tokens."""
    sent = _body(request, settings, ("refresh_token",))
    return _tokens(refresh(sent["refresh_token"], settings=settings.tokens))


@endpoint
@sensitive_variables("sent", "token")
def logout(request: HttpRequest, settings: Settings) -> FlexResult:
    """End the login of a token, in the body or in the header, or the session."""
    sent = _body(request, settings, (), ("refresh_token",))
    token = sent.get("refresh_token")
    if token is None:
        token = bearer_token(request)
    if token is not None:
        log_out(token)
    has_session = hasattr(request, "session") and _is_signed_in(request)
    if token is None:
        if not has_session:
            raise AuthenticationRequiredError
        check_csrf(request)
    if has_session:
        # With a token it needs no CSRF token: other sites can send neither JSON nor the header.
        auth.logout(request)
    return FlexResult(data={"logged_out": True}, status_code=200)


def _is_signed_in(request: HttpRequest) -> bool:
    with reached_database():
        return hasattr(request, "user") and bool(request.user.is_authenticated)


@sensitive_variables("password")
def _start_session(request: HttpRequest, name: str, password: str) -> FlexResult:
    """Log in as Django's own login page does.

    Raises:
        AuthenticationFailedError: unknown, wrong or inactive.
        MisconfiguredError: the project has no sessions.
    """
    if not hasattr(request, "session"):
        raise MisconfiguredError(
            "There are no sessions here", hint="add SessionMiddleware to MIDDLEWARE"
        )
    with reached_database():
        auth.login(request, check_password(name, password, request))
    return FlexResult(data={"csrf_token": get_token(request)}, status_code=200)


def _tokens(issued: Issued) -> FlexResult:
    """Return the reply of RFC 6749, 5.1, with the lifetime of the refresh token."""
    data = {
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "refresh_token": issued.refresh,
        "refresh_expires_in": issued.refresh_expires_in,
    }
    return FlexResult(data=data, status_code=200)


@sensitive_variables("sent")
def _body(
    request: HttpRequest,
    settings: Settings,
    required: tuple[str, ...],
    optional: tuple[str, ...] = (),
) -> Mapping[str, str]:
    """Return the object in the body of a request, whose values are all texts.

    Raises:
        RequestError: it is no POST with a JSON object, or has parameters in the URL.
        QueryError: a key is unknown or missing, or its value is no text.
    """
    sent = _decoded(request, settings, may_be_empty=not required)
    known = (*required, *optional)
    for name, value in sent.items():
        if name not in known:
            hint = nearest(name, known)
            raise UnknownKeyError(worded("Unknown key '{}'", excerpt(name)), hint=hint)
        if not isinstance(value, str):
            raise InvalidValueError("A string is needed", path=name)
    for name in required:
        if name not in sent:
            raise InvalidValueError(worded("'{}' is needed", name), path=name)
    return sent


@sensitive_variables("body", "sent")
def _decoded(request: HttpRequest, settings: Settings, *, may_be_empty: bool) -> Mapping[str, Any]:
    """Return the object in the body of a POST.

    Raises:
        RequestError: it is no POST with a JSON object, or has parameters in the URL.
    """
    if request.method != "POST":
        raise MethodNotAllowedError(
            "This URL does not support this method",
            hint=worded("one of {}{}", "POST", ""),
            headers={"Allow": "POST"},
        )
    if parameters(request):
        raise RequestError("Credentials belong in the body, not in the URL")
    body = read(request, settings.limits).body
    if not body and may_be_empty:
        return {}
    declared = (request.content_type or "").lower()
    # What a form of another site can send would log a browser in to an account of its choice.
    if declared != "application/json" and not declared.endswith("+json"):
        raise UnsupportedMediaTypeError(
            "Send the body as JSON", hint="Content-Type: application/json"
        )
    sent = parse_json(body, settings.limits, "body")
    if not isinstance(sent, dict):
        raise RequestError("A JSON object is needed", path="body")
    return sent
