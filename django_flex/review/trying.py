"""Calls a row rule with users that do not exist, without a database, and returns the outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist
from django.db import connections

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper


class NoDatabaseError(Exception):
    """A rule asked the database, which a check must not. Nothing is known of the rule then."""


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """What a rule gave for one user: ``value``, or what it raised.

    ``unknown`` is set where nothing can be said: it asked the database, or needs a value that the
    user of the trial lacks and a real one may have.
    """

    value: object = None
    error: Exception | None = None
    unknown: bool = False


def trial_users(role: str, *, resolved: bool) -> dict[str, object]:
    """Return the users that a rule of a role is tried with, by what they are called.

    Args:
        role: that of the grant.
        resolved: whether the project says who has which role.
    """
    users: dict[str, object] = {"a user": _unsaved(role)}
    if role == "anon" or resolved:
        users["an anonymous caller"] = AnonymousUser()
    return users


def _unsaved(role: str) -> object:
    """Return a user of the project's model who is in no database, and has a key all the same."""
    user: Any = get_user_model()()
    if user.pk is None:
        user.pk = user._meta.pk.to_python(1)
    for name, roles in (("is_staff", {"staff", "superuser"}), ("is_superuser", {"superuser"})):
        if role in roles and hasattr(user, name):
            setattr(user, name, True)
    return user


def try_rule(rule: Callable[[Any, Any], Any], user: object) -> Trial:
    """Call a rule for a user, without a request and without a database."""
    try:
        with without_database():
            return Trial(value=rule(user, None))
    except (NoDatabaseError, ObjectDoesNotExist):
        return Trial(unknown=True)
    except AttributeError as error:
        # `user.company.pk` of a user without company, `request.tenant` without a request.
        return Trial(unknown=True) if error.obj is None else Trial(error=error)
    except Exception as error:  # noqa: BLE001 - whatever the project's code raises is the finding
        return Trial(error=error)


@contextmanager
def without_database() -> Iterator[None]:
    """Refuse every connection to a database while a rule is called."""
    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(_refuse))
            stack.enter_context(_unconnectable(connection))
        yield


@contextmanager
def _unconnectable(connection: BaseDatabaseWrapper) -> Iterator[None]:
    name = "ensure_connection"
    vars(connection)[name] = _refuse
    try:
        yield
    finally:
        del vars(connection)[name]


def _refuse(*_args: object, **_kwargs: object) -> object:
    raise NoDatabaseError
