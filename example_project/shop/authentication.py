"""HTTP Basic authentication, so that one can try the roles with ``curl -u``."""

from __future__ import annotations

import binascii
from base64 import b64decode

from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from django_flex.exceptions import AuthenticationFailedError


class DemoBasicAuthentication:
    """User name and password with every request. For this demonstration, not for production.

    The password travels with each request, readable by all who see the traffic unless it is
    encrypted, and the server hashes it each time, slowly as that is meant to be. Nothing limits how
    often somebody guesses. In production keep the session, or a token authentication.

    The class is also all that an own authenticator needs: these two methods, and its dotted path in
    ``DJANGO_FLEX["AUTHENTICATION"]``.
    """

    def authenticate(self, request: HttpRequest) -> AbstractBaseUser | None:
        """Return the user of the ``Authorization`` header; None when it holds no Basic login."""
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        username, password = _credentials(encoded)
        user = authenticate(request, username=username, password=password)
        if user is None:
            message = "Wrong user name or password"
            raise AuthenticationFailedError(message)
        return user

    def authenticate_header(self, request: HttpRequest) -> str:
        """Return what a refused client finds under ``WWW-Authenticate``."""
        return 'Basic realm="music shop", charset="UTF-8"'


def _credentials(encoded: str) -> tuple[str, str]:
    try:
        text = b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    username, separator, password = text.partition(":")
    if not separator:
        message = "The Authorization header is no user:password in base64"
        raise AuthenticationFailedError(message)
    return username, password
