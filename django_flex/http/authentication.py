"""Who is asking. Authenticators are tried in order; the first that names a user decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from django_flex.exceptions import AuthenticationFailedError, AuthenticationRequiredError
from django_flex.permissions.roles import Actor

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from django_flex.conf import Settings


class Authenticator(Protocol):
    """What ``AUTHENTICATION`` lists: a class, made anew for each request.

    One that reads cookies sets ``needs_csrf = True``: the writes of its users need the CSRF token.
    """

    def authenticate(self, request: HttpRequest) -> Any:
        """Return the user whose credentials the request has, ``None`` if it has none of this kind.

        Raises:
            AuthenticationFailedError: it has some, and they are wrong.
        """
        ...

    def authenticate_header(self, request: HttpRequest) -> str | None:
        """Return a value of ``WWW-Authenticate`` (RFC 9110), ``None`` for a scheme without one."""
        ...


class SessionAuthentication:
    """The user that Django's own middleware found: a session, or whatever set ``request.user``."""

    needs_csrf = True

    def authenticate(self, request: HttpRequest) -> Any:
        """Return ``request.user`` if somebody is signed in."""
        user = getattr(request, "user", None)
        return user if user is not None and user.is_authenticated else None

    def authenticate_header(self, request: HttpRequest) -> str | None:
        """A session has no challenge: the client signs in elsewhere."""
        return None


def authenticate(request: HttpRequest, settings: Settings) -> Actor:
    """Return the caller of a request; anonymous if no authenticator names one.

    Raises:
        AuthenticationFailedError: credentials that are wrong, or of an inactive user.
        AuthenticationRequiredError: nobody is signed in and the settings want somebody to be.
    """
    authenticators: list[Authenticator] = [make() for make in settings.authentication]
    try:
        user, needs_csrf = _first_user(request, authenticators)
    except AuthenticationFailedError as error:
        error.headers.update(_challenge(request, authenticators))
        raise
    actor = Actor(user, request, needs_csrf=needs_csrf)
    if settings.require_authentication and not actor.is_authenticated:
        refused = AuthenticationRequiredError()
        refused.headers.update(_challenge(request, authenticators))
        raise refused
    return actor


def _first_user(request: HttpRequest, authenticators: Iterable[Authenticator]) -> tuple[Any, bool]:
    for authenticator in authenticators:
        user = authenticator.authenticate(request)
        if user is not None:
            # No member of the protocol: an authenticator of headers need not know of it.
            return user, bool(getattr(authenticator, "needs_csrf", False))
    return None, False


def _challenge(request: HttpRequest, authenticators: Iterable[Authenticator]) -> dict[str, str]:
    values = (one.authenticate_header(request) for one in authenticators)
    challenges = [value for value in values if value]
    return {"WWW-Authenticate": ", ".join(challenges)} if challenges else {}
