"""The caller of one request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser

from django_flex.access.identity import Identity, identify
from django_flex.access.user_values import user_value

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute


class Actor:
    """The caller of one request: a user, anonymous without one, and the request if there is any.

    Not frozen: the names of the user's groups are read from the database once, when first needed,
    and ``role`` is the one on the model that was asked about last, for the log.

    Args:
        user: who is asking.
        request: what a row rule may look at.
        needs_csrf: whether browsers send along what names the user, so that writes need a token.
    """

    __slots__ = ("_groups", "needs_csrf", "request", "role", "user")

    def __init__(self, user: Any = None, request: Any = None, *, needs_csrf: bool = False) -> None:
        # A deactivated account is anonymous, whatever session or token it still has.
        active = user is not None and user.is_authenticated and getattr(user, "is_active", True)
        self.user = user if active else AnonymousUser()
        self.request = request
        self.needs_csrf = needs_csrf and self.is_authenticated
        self._groups: tuple[str, ...] | None = None
        self.role: str | None = None

    @property
    def is_authenticated(self) -> bool:
        """Whether the caller is signed in."""
        return bool(self.user.is_authenticated)

    @property
    def identity(self) -> Identity:
        """The identity of the caller, for all code that tells callers apart."""
        return identify(self.user)

    def value(self, path: Path, column: Attribute) -> object:
        """Return a value of the caller for a column.

        Raises:
            NoValueError: there is none.
        """
        return user_value(path, self.user, column)

    @property
    def groups(self) -> tuple[str, ...]:
        """The user's group names in lower case."""
        if self._groups is None:
            groups = getattr(self.user, "groups", None)
            names = (
                groups.values_list("name", flat=True) if self.is_authenticated and groups else ()
            )
            self._groups = tuple(str(name).lower() for name in names)
        return self._groups


class Trusted(Actor):
    """The caller of an unrestricted query: the code itself, for any user."""

    __slots__ = ()

    @property
    def is_authenticated(self) -> bool:
        """Always: the code vouches for the query."""
        return True
