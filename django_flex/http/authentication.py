"""Authentication: authenticators are tried in order; the first that returns a user decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django_flex.access.actor import Actor
from django_flex.exceptions import AuthenticationRequiredError

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_flex.conf import Settings


class Authenticator(Protocol):
    """The interface of the classes in ``AUTHENTICATION``; each request gets a new instance.

    A class that reads cookies sets ``needs_csrf = True``: writes of its users need a CSRF token.
    One that leaves some credentials to other classes may define ``refuse_unused(request)``, which is
    called if none of them returned a user, and raises ``AuthenticationFailedError``.
    """

    def authenticate(self, request: HttpRequest) -> object:
        """Return the user of the request, or ``None`` if it has no credentials of this kind.

        Raises:
            AuthenticationFailedError: the credentials are wrong.
        """
        ...

    def authenticate_header(self, request: HttpRequest) -> str | None:
        """Return a value of ``WWW-Authenticate`` (RFC 9110), ``None`` for a scheme without one."""
        ...


class SessionAuthentication:
    """The user that Django's middleware, or another one, has put into ``request.user``."""

    needs_csrf = True

    def authenticate(self, request: HttpRequest) -> object:
        """Return ``request.user`` if the user is signed in."""
        user = getattr(request, "user", None)
        return user if user is not None and user.is_authenticated else None

    def authenticate_header(self, request: HttpRequest) -> str | None:
        """A session has no challenge: the client signs in elsewhere."""
        return None


#: The challenge of a 401 if no authenticator has one; RFC 9110, 15.5.2 requires a challenge.
SESSION_CHALLENGE = 'Session realm="api"'


def authenticate(request: HttpRequest, settings: Settings) -> Actor:
    """Return the caller of a request; anonymous if no authenticator returns a user.

    Raises:
        AuthenticationFailedError: the credentials are wrong, or belong to an inactive user.
        AuthenticationRequiredError: the caller is anonymous, which the settings do not allow.
    """
    user, needs_csrf = _first_user(request, settings)
    return admitted(Actor(user, request, needs_csrf=needs_csrf), settings)


def admitted(actor: Actor, settings: Settings) -> Actor:
    """Return the caller if the settings allow the request.

    Raises:
        AuthenticationRequiredError: the caller is anonymous, which the settings do not allow.
    """
    if settings.require_authentication and not actor.is_authenticated:
        raise AuthenticationRequiredError
    return actor


def _first_user(request: HttpRequest, settings: Settings) -> tuple[object, bool]:
    authenticators: list[Authenticator] = [make() for make in settings.authentication]
    for authenticator in authenticators:
        user = authenticator.authenticate(request)
        if user is not None:
            # Not in the protocol, so that authenticators that read headers do not have to define it.
            return user, bool(getattr(authenticator, "needs_csrf", False))
    for authenticator in authenticators:
        refuse_unused = getattr(authenticator, "refuse_unused", None)
        if refuse_unused is not None:
            refuse_unused(request)
    return None, False


def challenge(request: HttpRequest, settings: Settings) -> str:
    """Return the value of ``WWW-Authenticate``: the challenges of all authenticators."""
    values = (make().authenticate_header(request) for make in settings.authentication)
    return ", ".join(value for value in values if value) or SESSION_CHALLENGE
