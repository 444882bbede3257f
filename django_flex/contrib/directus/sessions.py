"""The session mode of Directus: one token, in a cookie that no script can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.conf import get_settings
from django_flex.http.csrf import check_site
from django_flex.tokens.bearers import COOKIE, user_of_token
from django_flex.tokens.signed import kind_of

if TYPE_CHECKING:
    from django.http import HttpRequest

#: Its name in Directus.
SESSION_COOKIE = "directus_session_token"


class SessionCookieAuthentication:
    """The user of a login in the mode ``session``, for ``AUTHENTICATION``.

    The SDK of Directus knows no CSRF token, so what is not a plain read has to come from this site:
    browsers name the site in the header ``Origin``. A CSRF token will do as well.
    """

    def authenticate(self, request: HttpRequest) -> Any:
        """Return the user of the cookie, ``None`` without one of ours.

        Raises:
            AuthenticationFailedError: the token is invalid.
            TokenExpiredError: it has expired.
            CsrfFailedError: another site may have made the browser send the request.
            UnavailableError: the database is unavailable.
        """
        token = request.COOKIES.get(SESSION_COOKIE)
        if not token or kind_of(token) is None:
            return None
        bearer = user_of_token(token, settings=get_settings().tokens, kinds=COOKIE)
        check_site(request)
        return bearer.user

    def authenticate_header(self, request: HttpRequest) -> str | None:
        """A cookie has no challenge: the client signs in elsewhere."""
        return None
