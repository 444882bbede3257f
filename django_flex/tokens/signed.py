"""Signed tokens: Django's signing, with a salt for each kind of token.

``SECRET_KEY`` signs; those of ``SECRET_KEY_FALLBACKS`` are accepted, too.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.views.decorators.debug import sensitive_variables

from django_flex.exceptions import AuthenticationFailedError, TokenExpiredError
from django_flex.tokens.values import PREFIXES, Claims, Kind

#: More than any token of ours has.
MAX_LENGTH = 512


def invalid() -> AuthenticationFailedError:
    """Return the error for a token that is no token, was changed, or has been revoked.

    One for all of them, so that it tells nothing of a token that somebody has found.
    """
    return AuthenticationFailedError("The token is invalid, or has been revoked")


@sensitive_variables("token")
def kind_of(token: str) -> Kind | None:
    """Return what a token claims to be, by its prefix; ``None`` if it is not one of ours."""
    return next((kind for kind, prefix in PREFIXES.items() if token.startswith(prefix)), None)


def sign(claims: Claims) -> str:
    """Return the token that says this. The same claims give the same token."""
    said = {
        "l": claims.login_id.hex,
        "g": claims.generation,
        "e": claims.expires,
        "p": claims.password_state,
    }
    return PREFIXES[claims.kind] + _signer(claims.kind).sign_object(said)


@sensitive_variables("token", "kind")
def read(token: str, kind: Kind, *, now: datetime | None) -> Claims:
    """Return what a token says, if it is of this kind and we have signed it; without a query.

    Args:
        token: what was sent.
        kind: what it has to be.
        now: refuses what has expired by then; ``None`` does not.

    Raises:
        AuthenticationFailedError: it is of another kind, was not signed here, or was changed.
        TokenExpiredError: it was valid once.
    """
    prefix = PREFIXES[kind]
    if len(token) > MAX_LENGTH or not token.isascii() or not token.startswith(prefix):
        raise invalid()
    try:
        said = _signer(kind).unsign_object(token.removeprefix(prefix))
    except BadSignature:
        raise invalid() from None
    if now is not None and said["e"] <= now.timestamp():
        raise TokenExpiredError
    return Claims(
        kind=kind,
        login_id=UUID(hex=said["l"]),
        generation=said["g"],
        expires=said["e"],
        password_state=said["p"],
    )


def _signer(kind: Kind) -> Signer:
    # A dot, because the grammar of Authorization (RFC 6750, 2.1) has no colon.
    return Signer(salt=f"django_flex.tokens.{kind}", sep=".")
