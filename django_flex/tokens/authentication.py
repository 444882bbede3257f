"""``Authorization: Bearer`` for the doors of this package: an authenticator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.views.decorators.debug import sensitive_variables

from django_flex.conf import get_settings
from django_flex.tokens.bearers import user_of_token
from django_flex.tokens.signed import invalid, kind_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from django_flex.tokens.values import Bearer

#: Where the middleware keeps what it has found, so that a door does not ask again.
FOUND = "_flex_bearer"


class TokenAuthentication:
    """The user of an access token or of a static token, ``Authorization: Bearer``.

    A token of another kind is left to the other authenticators. It reads no cookie, so writes of
    its users need no CSRF token.
    """

    def authenticate(self, request: HttpRequest) -> Any:
        """Return the user of the token, ``None`` without a token of ours.

        Raises:
            AuthenticationFailedError: the token is invalid.
            TokenExpiredError: it has expired.
            UnavailableError: the database is unavailable.
        """
        bearer = bearer_of(request)
        return None if bearer is None else bearer.user

    def authenticate_header(self, request: HttpRequest) -> str:
        """Return the challenge of RFC 6750; after a token it says that the token was refused."""
        refused = ', error="invalid_token"' if bearer_token(request) is not None else ""
        return f'Bearer realm="api"{refused}'

    def refuse_unused(self, request: HttpRequest) -> None:
        """Refuse a token that no authenticator knows, rather than take the caller for anonymous.

        Raises:
            AuthenticationFailedError: there is one.
        """
        if bearer_token(request) is not None:
            raise invalid()


@sensitive_variables("token")
def bearer_token(request: HttpRequest) -> str | None:
    """Return what ``Authorization: Bearer`` says, ``None`` for no such header."""
    scheme, _, token = str(request.META.get("HTTP_AUTHORIZATION", "")).strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


@sensitive_variables("token")
def bearer_of(request: HttpRequest) -> Bearer | None:
    """Return whose token a request has, ``None`` without one of ours; by at most one query.

    Raises:
        AuthenticationFailedError: the token is invalid.
        TokenExpiredError: it has expired.
        UnavailableError: the database is unavailable.
    """
    token = bearer_token(request)
    if token is None or kind_of(token) is None:
        return None
    known = getattr(request, FOUND, None)
    if known is not None and known[0] == token:
        found: Bearer = known[1]
        return found
    found = user_of_token(token, settings=get_settings().tokens)
    setattr(request, FOUND, (token, found))
    return found
