"""HTTP Basic authentication, to try the roles with ``curl -u``."""

from __future__ import annotations

import binascii
from base64 import b64decode

from django.contrib.auth import authenticate
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest

from django_flex.exceptions import AuthenticationFailedError


class DemoBasicAuthentication:
    """User name and password with every request. For this demonstration, not for production.

    Every request contains the password, which anyone can read who sees unencrypted traffic, and the
    server has to hash it each time, which is slow on purpose. Nothing limits how often somebody
    guesses. In production use sessions or token authentication.

    It is also an example of a custom authenticator: two methods, and the dotted path of the class
    in ``DJANGO_FLEX["AUTHENTICATION"]``.
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
        """Return the value of ``WWW-Authenticate`` in a 401."""
        return 'Basic realm="music shop", charset="UTF-8"'


def _credentials(encoded: str) -> tuple[str, str]:
    try:
        text = b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    username, separator, password = text.partition(":")
    if not separator:
        message = "The Authorization header is not user:password in base64"
        raise AuthenticationFailedError(message)
    return username, password
