"""Logins: a name and a password for tokens, a refresh token for the next ones, the end of it."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.auth.signals import user_logged_in
from django.db.transaction import atomic
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from django_flex.exceptions import UnavailableError
from django_flex.tokens.models import Login, database
from django_flex.tokens.signed import invalid, kind_of, read, sign
from django_flex.tokens.users import (
    check_password,
    find,
    has_state,
    password_state,
    reached_database,
)
from django_flex.tokens.values import Claims, Issued, Kind

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from django_flex.conf import Tokens

logger = logging.getLogger("django_flex.security")
SIGNED = (Kind.ACCESS, Kind.REFRESH, Kind.SESSION)


@sensitive_variables("password")
def log_in(
    name: str, password: str, *, settings: Tokens, request: Any = None, session: bool = False
) -> Issued:
    """Return the tokens of a new login.

    Args:
        name: what the user model's ``USERNAME_FIELD`` holds; ``users.name_of_email`` finds it.
        password: the password.
        settings: lifetimes.
        request: passed on to the authentication backends and to receivers of signals.
        session: whether to give one token for a cookie.

    Raises:
        AuthenticationFailedError: unknown, wrong or inactive; the error does not say which.
        UnavailableError: the database is unavailable.
    """
    with reached_database():
        user = check_password(name, password, request)
    return start(user, settings=settings, request=request, session=session)


def start(user: Any, *, settings: Tokens, request: Any = None, session: bool = False) -> Issued:
    """Return the tokens of a new login of a user whom other code has authenticated.

    Sends Django's ``user_logged_in``, and deletes what has expired of the user's earlier logins.

    Raises:
        UnavailableError: the database is unavailable.
    """
    now = timezone.now()
    with reached_database():
        logins = Login.objects.using(database())
        logins.filter(user=user, expires_at__lte=now).delete()
        user_logged_in.send(sender=type(user), request=request, user=user)
        login = logins.create(
            user=user,
            password_state=password_state(user),
            created_at=now,
            rotated_at=now,
            ends_at=now + timedelta(seconds=settings.login_seconds),
            expires_at=now
            + timedelta(seconds=min(settings.refresh_seconds, settings.login_seconds)),
        )
    return _issue(login, user, settings, now, session=session)


@sensitive_variables("token", "claims")
def refresh(token: str, *, settings: Tokens, session: bool = False) -> Issued:
    """Exchange a refresh token, or with ``session`` that of a session, for the next tokens.

    Each is exchanged once. Anyone who sends one again has lost the reply, or has found the token:

    - for ``grace_seconds``, while nobody has used the next token, it gives the same next token, so
      that one login never has two that are valid;
    - otherwise it revokes the login, with all tokens of it.

    Raises:
        AuthenticationFailedError: the token is invalid or was used before, the login was revoked,
            the user is inactive or has another password.
        TokenExpiredError: it has expired.
        UnavailableError: the database is unavailable.
    """
    now = timezone.now()
    claims = read(token, Kind.SESSION if session else Kind.REFRESH, now=now)
    with reached_database():
        # The second time after another request with the token was faster.
        for lock in (False, True):
            login = _valid_login(claims, now, lock=lock)
            if claims.generation != login.generation:
                _check_grace(claims, login, settings, now)
                return _issue(login, _user_of(login), settings, now, session=session)
            user = _user_of(login)
            if _rotate(login, user, settings, now):
                return _issue(login, user, settings, now, session=session)
    raise UnavailableError


@sensitive_variables("token")
def log_out(token: str) -> None:
    """Revoke the login of a signed token, so that none of its tokens is valid any more.

    It may have expired or be of an earlier generation. What is revoked already stays so.

    Raises:
        AuthenticationFailedError: it is no signed token of ours.
        UnavailableError: the database is unavailable.
    """
    kind = kind_of(token)
    if kind not in SIGNED:
        raise invalid()
    revoke(read(token, kind, now=None).login_id, "logout")


def revoke(login_id: UUID, reason: str) -> bool:
    """Revoke one login; return whether it was still valid.

    Raises:
        UnavailableError: the database is unavailable.
    """
    with reached_database():
        return bool(_end(Login.objects.using(database()).filter(pk=login_id), reason))


def revoke_all(user: Any, reason: str = "operator") -> int:
    """Revoke all logins of a user; return how many were valid. Static tokens stay.

    Raises:
        UnavailableError: the database is unavailable.
    """
    with reached_database():
        return _end(Login.objects.using(database()).filter(user=user), reason)


def _end(logins: QuerySet[Login], reason: str) -> int:
    return logins.filter(revoked_at=None).update(revoked_at=timezone.now(), revoked_for=reason)


def _valid_login(claims: Claims, now: datetime, *, lock: bool) -> Login:
    """Return the login of a token.

    Args:
        claims: what the token says.
        now: the time.
        lock: whether to see what others have committed, also in a transaction with a snapshot.

    Raises:
        AuthenticationFailedError: it is gone, or was revoked.
    """
    using = database()
    rows = Login.objects.using(using).filter(pk=claims.login_id)
    if lock:
        with atomic(using=using):
            login = rows.select_for_update().first()
    else:
        login = rows.first()
    if login is None or login.revoked_at is not None or login.expires_at <= now:
        raise invalid()
    return login


def _check_grace(claims: Claims, login: Login, settings: Tokens, now: datetime) -> None:
    """Let the last token pass for some seconds, until the next one is used; else revoke the login.

    Raises:
        AuthenticationFailedError: somebody uses a token that had been used before.
    """
    is_last = claims.generation == login.generation - 1
    if is_last and now - login.rotated_at <= timedelta(seconds=settings.grace_seconds):
        return
    revoke(login.pk, "reuse")
    logger.warning(
        "A refresh token of user %r was used again: login %s is revoked", login.user_id, login.pk
    )
    raise invalid()


def _user_of(login: Login) -> Any:
    """Return the user of a login.

    Raises:
        AuthenticationFailedError: they are gone or inactive, or have another password since; the
            login is revoked.
    """
    user = find([login.user_id])
    if user is None or not has_state(user, login.password_state):
        revoke(login.pk, "user")
        raise invalid()
    return user


def _rotate(login: Login, user: Any, settings: Tokens, now: datetime) -> bool:
    """Make the next token the valid one; return false if another request did it meanwhile."""
    expires = min(login.ends_at, now + timedelta(seconds=settings.refresh_seconds))
    changes = {
        "generation": login.generation + 1,
        "rotated_at": now,
        "expires_at": expires,
        "password_state": password_state(user),  # by the present SECRET_KEY
    }
    mine = Login.objects.using(database()).filter(
        pk=login.pk, generation=login.generation, revoked_at=None
    )
    if not mine.update(**changes):
        return False
    for name, value in changes.items():
        setattr(login, name, value)
    return True


def _issue(login: Login, user: Any, settings: Tokens, now: datetime, *, session: bool) -> Issued:
    """Return the tokens of the present generation of a login."""
    seconds = settings.session_seconds if session else settings.access_seconds
    # From the last rotation, so that anyone who lost a reply gets the same token again.
    since = login.rotated_at if session else now
    expires = min(login.expires_at, since + timedelta(seconds=seconds))
    access = _token(Kind.SESSION if session else Kind.ACCESS, login, expires)
    return Issued(
        user=user,
        login_id=login.pk,
        access=access,
        expires_in=_seconds_until(expires, now),
        refresh="" if session else _token(Kind.REFRESH, login, login.expires_at),
        refresh_expires_in=_seconds_until(expires if session else login.expires_at, now),
    )


def _token(kind: Kind, login: Login, expires: datetime) -> str:
    claims = Claims(
        kind=kind,
        login_id=login.pk,
        generation=login.generation,
        expires=int(expires.timestamp()),
        password_state=login.password_state,
    )
    return sign(claims)


def _seconds_until(then: datetime, now: datetime) -> int:
    return int((then - now).total_seconds())
