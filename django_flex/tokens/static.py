"""Static tokens: made once, shown once, valid until they expire or are revoked."""

from __future__ import annotations

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_flex.tokens.models import StaticToken, database
from django_flex.tokens.users import reached_database
from django_flex.tokens.values import PREFIXES, Kind, NewToken

#: 256 bits, so that a hash without a salt cannot be searched.
RANDOM_BYTES = 32
SHOWN = 4


@sensitive_variables("token")
def create(user: Any, name: str, *, expires_at: datetime | None = None) -> NewToken:
    """Create a static token of a user; the returned text is stored nowhere.

    Args:
        user: who requests with it are from.
        name: what it is for, at most 100 characters.
        expires_at: aware; ``None`` for a token that does not expire.

    Raises:
        UnavailableError: the database is unavailable.
    """
    token = make()
    with reached_database():
        row = StaticToken.objects.using(database()).create(
            user=user,
            name=name,
            token_hash=hash_of(token),
            ending=ending_of(token),
            expires_at=expires_at,
        )
    return NewToken(id=row.pk, name=name, token=token)


def revoke(token_id: int) -> bool:
    """Revoke a static token; return whether there was one that had not been revoked.

    Raises:
        UnavailableError: the database is unavailable.
    """
    with reached_database():
        mine = StaticToken.objects.using(database()).filter(pk=token_id, revoked_at=None)
        return bool(mine.update(revoked_at=timezone.now()))


def revoke_all(user: Any) -> int:
    """Revoke all static tokens of a user; return how many had not been revoked.

    Raises:
        UnavailableError: the database is unavailable.
    """
    with reached_database():
        mine = StaticToken.objects.using(database()).filter(user=user, revoked_at=None)
        return mine.update(revoked_at=timezone.now())


def make() -> str:
    """Return a new token, at random."""
    return PREFIXES[Kind.STATIC] + secrets.token_urlsafe(RANDOM_BYTES)


@sensitive_variables("token")
def ending_of(token: str) -> str:
    """Return the last characters of a token, by which its owner knows it."""
    return token[-SHOWN:]


@sensitive_variables("token")
def hash_of(token: str) -> str:
    """Return what is stored of a token."""
    return sha256(token.encode()).hexdigest()
