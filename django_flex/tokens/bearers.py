"""Whose token it is: what each request with a token asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_flex.tokens.models import Login, StaticToken, database
from django_flex.tokens.signed import MAX_LENGTH, invalid, kind_of, read
from django_flex.tokens.static import hash_of
from django_flex.tokens.users import find, has_state, reached_database
from django_flex.tokens.values import Bearer, Claims, Kind

if TYPE_CHECKING:
    from django_flex.conf import Tokens

#: What may be sent as ``Authorization: Bearer``.
HEADER = frozenset({Kind.ACCESS, Kind.STATIC})
#: What may be sent as a cookie.
COOKIE = frozenset({Kind.SESSION})


@sensitive_variables("token")
def user_of_token(token: str, *, settings: Tokens, kinds: frozenset[Kind] = HEADER) -> Bearer:
    """Return whose token it is, by one query; by none, if it was not signed here or has expired.

    The cache is not asked: what is revoked in the database is revoked.

    Args:
        token: what was sent.
        settings: lifetimes.
        kinds: those that are accepted.

    Raises:
        AuthenticationFailedError: it is none of these kinds, was revoked, or the user is inactive
            or, unless the token is static, has another password since.
        TokenExpiredError: a signed token has expired.
        UnavailableError: the database is unavailable.
    """
    kind = kind_of(token)
    if kind is None or kind not in kinds or len(token) > MAX_LENGTH or not token.isascii():
        raise invalid()
    now = timezone.now()
    if kind is Kind.STATIC:
        return Bearer(user=_user_of_static(token, now), kind=kind)
    claims = read(token, kind, now=now)
    with reached_database():
        user = find(_logins(claims, settings, now).values("user"))
    if user is None or not has_state(user, claims.password_state):
        raise invalid()
    return Bearer(user=user, kind=kind, login_id=claims.login_id)


def _logins(claims: Claims, settings: Tokens, now: datetime) -> Any:
    """Return the login of a token unless it has been revoked, or the token has been exchanged."""
    logins = Login.objects.using(database()).filter(pk=claims.login_id, revoked_at=None)
    if claims.kind is not Kind.SESSION:
        return logins
    lately = now - timedelta(seconds=settings.grace_seconds)
    last = Q(generation=claims.generation + 1, rotated_at__gte=lately)
    return logins.filter(Q(generation=claims.generation) | last)


@sensitive_variables("token")
def _user_of_static(token: str, now: datetime) -> Any:
    with reached_database():
        tokens = StaticToken.objects.using(database()).filter(
            Q(expires_at=None) | Q(expires_at__gt=now), token_hash=hash_of(token), revoked_at=None
        )
        user = find(tokens.values("user"))
    if user is None:
        raise invalid()
    return user
