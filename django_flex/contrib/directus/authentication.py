"""``/auth/login``, ``/auth/refresh`` and ``/auth/logout``, on top of ``django_flex.tokens``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from django.conf import settings as django_settings  # noqa: TID251 - Django's own, of its cookies
from django.views.decorators.debug import sensitive_variables

from django_flex.contrib.directus.sessions import SESSION_COOKIE, SessionCookieAuthentication
from django_flex.dialects.decoding import parse_json
from django_flex.dialects.directus import DIRECTUS
from django_flex.exceptions import (
    AuthenticationFailedError,
    InvalidValueError,
    MethodNotAllowedError,
    NotFoundError,
    UnsupportedMediaTypeError,
    UnsupportedQueryError,
)
from django_flex.exceptions.places import worded
from django_flex.http.endpoint import Door, respond, serve
from django_flex.http.request import read
from django_flex.plan.shape import FlexResult
from django_flex.query.terms import excerpt
from django_flex.throttling import throttle_login
from django_flex.tokens.logins import log_in, log_out, refresh
from django_flex.tokens.users import name_of_email

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from django_flex.conf import Settings
    from django_flex.http.routing import Route
    from django_flex.tokens.values import Issued

#: The cookie that has the refresh token in the mode ``cookie``.
COOKIE = "directus_refresh_token"
#: The cookies that keep a login, by the mode.
COOKIES = {"cookie": COOKIE, "session": SESSION_COOKIE}
MODES = ("json", "cookie", "session")
NO_CONTENT = 204


def serve_authentication(request: HttpRequest, what: str, settings: Settings) -> HttpResponseBase:
    """Return the reply to a request under ``/auth``; no cache may keep it.

    Args:
        request: what was sent.
        what: the path behind ``/auth``.
        settings: of the API version.
    """
    door = Door(settings=settings, policy=settings.policy, dialect=DIRECTUS)
    response = serve(request, _nowhere, door, partial(_answer, what.removesuffix("/")))
    response.headers["Cache-Control"] = "no-store"
    del response.headers["ETag"]
    return response


def _nowhere() -> Route:
    raise NotFoundError("There is nothing at this URL")


def _answer(
    what: str, request: HttpRequest, _find: Callable[[], Route], door: Door
) -> HttpResponseBase:
    answer = {"login": _login, "refresh": _refresh, "logout": _logout}.get(what)
    if answer is None:
        raise NotFoundError("There is nothing at this URL")
    if request.method != "POST":
        raise MethodNotAllowedError(
            "This URL does not support this method", headers={"Allow": "POST"}
        )
    return answer(request, _body(request, door.settings), door)


@sensitive_variables("sent", "email", "password")
def _login(request: HttpRequest, sent: Mapping[str, Any], door: Door) -> HttpResponseBase:
    settings, mode = door.settings, _mode(sent)
    if mode == "session" and not _has_sessions(settings):
        raise UnsupportedQueryError(
            worded("'{}' is not supported", "session"),
            path="body.mode",
            hint="the setting AUTHENTICATION does not name SessionCookieAuthentication",
        )
    if sent.get("otp") is not None:
        raise UnsupportedQueryError(worded("'{}' is not supported", "otp"), path="body.otp")
    email, password = _text(sent, "email"), _text(sent, "password")
    name = cache(partial(name_of_email, email))
    throttle_login(
        settings.rate_limits,
        settings.tokens.login_rate,
        find_name=lambda: name() or email,
        meta=request.META,
    )
    issued = log_in(
        name(),
        password,
        settings=settings.tokens,
        request=request,
        session=mode == "session",
    )
    return _issued(request, issued, mode, door)


@sensitive_variables("sent", "token")
def _refresh(request: HttpRequest, sent: Mapping[str, Any], door: Door) -> HttpResponseBase:
    # What was in a cookie stays in one: in a body, a script of the page could read it.
    mode = _mode(sent, MODES[0] if "refresh_token" in sent else _kept_in(request))
    token = _text(sent, "refresh_token") if mode == "json" else _token(request, sent, COOKIES[mode])
    issued = refresh(token, settings=door.settings.tokens, session=mode == "session")
    return _issued(request, issued, mode, door)


def _has_sessions(settings: Settings) -> bool:
    """Whether anything reads the cookie of a session."""
    return any(issubclass(one, SessionCookieAuthentication) for one in settings.authentication)


def _kept_in(request: HttpRequest) -> str:
    """Return the mode whose cookie a request has."""
    return (
        "session"
        if SESSION_COOKIE in request.COOKIES and COOKIE not in request.COOKIES
        else "cookie"
    )


@sensitive_variables("sent", "token")
def _logout(request: HttpRequest, sent: Mapping[str, Any], door: Door) -> HttpResponseBase:
    """Revoke the login, so that its access tokens are not valid any more, either.

    Cookies are deleted, so their logins end, too, whichever token is in the body.
    """
    cookies = [name for name in COOKIES.values() if request.COOKIES.get(name)]
    token = None if cookies and "refresh_token" not in sent else _text(sent, "refresh_token")
    for name in cookies:
        with suppress(AuthenticationFailedError):  # it may be no token of ours any more
            log_out(request.COOKIES[name])
    if token is not None:
        log_out(token)
    response = respond(request, FlexResult(status_code=NO_CONTENT), door)
    del response.headers["Content-Type"]
    response.content = b""  # type: ignore[attr-defined]  # a reply without a stream
    for name in cookies:
        response.delete_cookie(name, **_cookie_scope())
    return response


def _cookie_scope() -> dict[str, Any]:
    """Return where a cookie is sent: as that of Django's sessions, which the project has thought of."""
    return {
        "path": django_settings.SESSION_COOKIE_PATH,
        "domain": django_settings.SESSION_COOKIE_DOMAIN,
        "samesite": django_settings.SESSION_COOKIE_SAMESITE,
    }


@sensitive_variables("data")
def _issued(request: HttpRequest, issued: Issued, mode: str, door: Door) -> HttpResponseBase:
    """Return tokens; those in a cookie are out of reach for scripts, and in no body."""
    data: dict[str, object] = {"expires": issued.expires_in * 1_000}
    if mode != "session":
        data["access_token"] = issued.access
    if mode == "json":
        data["refresh_token"] = issued.refresh
    response = respond(request, FlexResult(data={"data": data}), door)
    if mode in COOKIES:
        response.set_cookie(
            COOKIES[mode],
            issued.access if mode == "session" else issued.refresh,
            max_age=issued.refresh_expires_in,
            # Behind a proxy that is not trusted to say so, a request looks unencrypted.
            secure=django_settings.SESSION_COOKIE_SECURE or request.is_secure(),
            httponly=True,
            **_cookie_scope(),
        )
    return response


@sensitive_variables("sent")
def _mode(sent: Mapping[str, Any], default: str = MODES[0]) -> str:
    mode = sent.get("mode") or default
    if mode not in MODES:
        raise InvalidValueError(
            worded("There is no mode '{}'", excerpt(str(mode))),
            path="body.mode",
            hint=worded("one of {}{}", ", ".join(MODES), ""),
        )
    return str(mode)


@sensitive_variables("sent", "value")
def _text(sent: Mapping[str, Any], name: str) -> str:
    value = sent.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidValueError(worded("'{}' is needed", name), path=f"body.{name}")
    return value


@sensitive_variables("sent", "token")
def _token(request: HttpRequest, sent: Mapping[str, Any], cookie: str) -> str:
    """Return what a login is refreshed with, from the body or from its cookie.

    Raises:
        InvalidValueError: there is none.
    """
    token = sent.get("refresh_token")
    if token is None and request.COOKIES.get(cookie):
        return str(request.COOKIES[cookie])
    return _text(sent, "refresh_token")


@sensitive_variables("body", "sent")
def _body(request: HttpRequest, settings: Settings) -> Mapping[str, Any]:
    """Return the object in the body; an empty body is an empty object.

    Raises:
        UnsupportedMediaTypeError: it is no JSON; a form of another site could log a browser in.
        InvalidValueError: it is no object.
    """
    body = read(request, settings.limits).body
    declared = (request.content_type or "").lower()
    if declared != "application/json" and (body or declared):
        raise UnsupportedMediaTypeError(
            "Send the body as JSON", hint="Content-Type: application/json"
        )
    if not body and not declared and not request.COOKIES.keys().isdisjoint(COOKIES.values()):
        # Without a content type, another site can send it with the cookie.
        raise UnsupportedMediaTypeError(
            "Send the body as JSON", hint="Content-Type: application/json"
        )
    sent = parse_json(body, settings.limits, "body") if body else {}
    if not isinstance(sent, Mapping):
        raise InvalidValueError("A JSON object is needed", path="body")
    return sent
