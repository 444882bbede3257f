"""Users: who has a name and a password, and whether a user is still the one who logged in."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any

from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import FieldDoesNotExist
from django.db import Error, models
from django.utils.crypto import constant_time_compare
from django.views.decorators.debug import sensitive_variables

from django_flex.exceptions import AuthenticationFailedError, UnavailableError
from django_flex.tokens.models import database

logger = logging.getLogger("django_flex")
#: More characters than any name, or than Django's own forms take of a password.
MAX_NAME, MAX_PASSWORD = 320, 4_096
#: The hash of a state is cut to these characters, which are 128 bits.
STATE_LENGTH = 32


@contextmanager
def reached_database() -> Iterator[None]:
    """Turn every failure of the database into one error, which lets nobody in.

    Raises:
        UnavailableError: the database cannot say who it is.
    """
    try:
        yield
    except Error as error:  # of DatabaseError a lost connection is none
        logger.exception("Nobody can sign in: the database failed, or has not been migrated")
        raise UnavailableError from error


def wrong() -> AuthenticationFailedError:
    """Return the error for a login, the same whatever is wrong with it."""
    return AuthenticationFailedError("The name or the password is wrong")


@sensitive_variables("password")
def check_password(name: str, password: str, request: Any = None) -> Any:
    """Return the user with a name and a password, as the project's authentication backends say.

    Each backend hashes one password for an unknown name, as for a wrong password or for a
    deactivated user: the time that it takes does not say which it was.

    Raises:
        AuthenticationFailedError: there is none, or the user is not active.
    """
    if not (_can_be_text(name, MAX_NAME) and _can_be_text(password, MAX_PASSWORD)):
        raise wrong()
    user: Any = authenticate(request, username=name, password=password)
    if user is None:
        raise wrong()
    if not is_active(user):  # which some backends let pass
        user_login_failed.send(sender=__name__, credentials={"username": name}, request=request)
        raise wrong()
    return user


def name_of_email(email: str) -> str:
    """Return the name under which the user with an e-mail address logs in.

    Empty, which nobody is called, if there is no such user, or more than one: with it a login takes
    as many queries and hashes as with a name. Where users have no e-mail address but that name, or
    none at all, the argument is returned.

    Raises:
        UnavailableError: the database is unavailable.
    """
    model: Any = get_user_model()
    field = _email_field(model)
    if not _can_be_text(email, MAX_NAME) or field in {None, model.USERNAME_FIELD}:
        return email
    with reached_database():
        found = model._default_manager.filter(**{f"{field}__iexact": email})
        names = list(found.values_list(model.USERNAME_FIELD, flat=True)[:2])
    return str(names[0]) if len(names) == 1 else ""


def counted_name(sent: str) -> str:
    """Return the name by which attempts are counted: one user, one count, by name or by e-mail.

    A project's authentication backend may take either, and so do the two logins of this package.

    Raises:
        UnavailableError: the database is unavailable.
    """
    return (name_of_email(sent) if "@" in sent else "") or sent


def _email_field(model: Any) -> str | None:
    name = model.get_email_field_name() if hasattr(model, "get_email_field_name") else "email"
    try:
        model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
    return str(name)


def is_active(user: Any) -> bool:
    """Whether a user may sign in; models without the attribute have no inactive users."""
    return bool(getattr(user, "is_active", True))


def find(keys: models.QuerySet[Any] | list[Any]) -> Any:
    """Return the active user with one of the keys, ``None`` without one; by one query.

    The default manager of the user model decides who is a user, as it does for sessions.
    """
    users: Any = get_user_model()._default_manager
    user = users.using(database()).filter(pk__in=keys).first()
    return user if user is not None and is_active(user) else None


def password_state(user: Any) -> str:
    """Return a hash that changes with the password, and with what else ends a session of Django."""
    return _hashed(user.get_session_auth_hash()) if _has_hash(user) else ""


def has_state(user: Any, state: str) -> bool:
    """Whether this was the state of a user, by the present key or by one of the fallbacks."""
    if not _has_hash(user):
        return state == ""
    if constant_time_compare(state, password_state(user)):
        return True
    older = user.get_session_auth_fallback_hash()
    return any(constant_time_compare(state, _hashed(one)) for one in older)


def _has_hash(user: Any) -> bool:
    return hasattr(user, "get_session_auth_hash")


def _hashed(value: str) -> str:
    return sha256(value.encode()).hexdigest()[:STATE_LENGTH]


def _can_be_text(text: object, longest: int) -> bool:
    """Whether databases and hashers take a text: no NUL, no half of a character."""
    if not isinstance(text, str) or len(text) > longest or "\0" in text:
        return False
    return not any("\ud800" <= one <= "\udfff" for one in text)
