"""Who a caller is. All code that tells callers apart, or compares one with a row, uses this module.

A primary key alone is not enough: authenticators may return objects of different classes, and
``auth.User`` 1 is not the same caller as ``partners.Partner`` 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db.models import Model


@dataclass(frozen=True, slots=True)
class Identity:
    """One caller. Two different callers never have equal identities.

    ``kind`` is the label of a user's model (``auth.user``), the path of a class that is not a model
    (``shop.auth:Machine``), or empty for anonymous callers. ``key`` is the primary key as text, or
    ``None`` for a caller without one.
    """

    kind: str
    key: str | None

    @property
    def is_known(self) -> bool:
        """Whether the identity belongs to exactly one caller."""
        return self.key is not None

    @property
    def is_anonymous(self) -> bool:
        """Whether the caller is anonymous."""
        return not self.kind


ANONYMOUS = Identity("", None)


def identify(user: Any) -> Identity:
    """Return the identity of a user: model and primary key.

    A proxy counts as its concrete model. A class that is not a model may name one in
    ``user_model``, as a class for users read from a token does; its objects then count as rows of
    that model.
    """
    if not user.is_authenticated:
        return ANONYMOUS
    key = getattr(user, "pk", None)
    model = user_model(user)
    if model is None:
        # Without a model, no column fixes the type of the key: 1 and "1" are different keys.
        named = None if key is None else f"{type(key).__qualname__}:{key}"
        # A lazy user reports the class of the user that it wraps.
        return Identity(f"{user.__class__.__module__}:{user.__class__.__qualname__}", named)
    concrete: Any = model._meta.concrete_model
    return Identity(concrete._meta.label_lower, None if key is None else str(key))


def user_model(user: object) -> type[Model] | None:
    """Return the model that a user is a row of, ``None`` for an object of another class."""
    kind = user.__class__
    found = kind if issubclass(kind, Model) else getattr(kind, "user_model", None)
    return found if isinstance(found, type) and issubclass(found, Model) else None


def may_be_row_of(user: object, label: str) -> bool:
    """Whether the primary key of a user may be taken for the key of a row of a resource.

    It may not if the rows of the resource are users, and this user is not one of them.
    """
    model = _users(label)
    if model is None:
        return True
    own = user_model(user)
    return own is not None and issubclass(own, model._meta.concrete_model or model)


@cache
def _users(label: str) -> type[Model] | None:
    """Return the model of a label if rows of it, or of a subclass of it, can sign in."""
    try:
        model = apps.get_model(label)
    except LookupError:
        return None  # a resource of another backend
    can = any(hasattr(one, "is_authenticated") for one in (model, *model.__subclasses__()))
    return model if can else None
