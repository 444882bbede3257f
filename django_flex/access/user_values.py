"""``{"$user": "company_id"}``: a value of the caller, and what is wrong with a path to one.

``None`` is never used as a value of the caller: a comparison with it would be ``IS NULL``, and its
complement would match nearly every row.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from django.core.exceptions import ObjectDoesNotExist

from django_flex.access.identity import may_be_row_of
from django_flex.binding.comparands import NoValueError, UnknownUserValueError

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute

_KEYS = {("id",), ("pk",)}
logger = logging.getLogger("django_flex.security")


def user_value(path: Path, user: object, column: Attribute) -> object:
    """Return a value of the caller; ``id`` is the primary key, whatever it is called.

    Args:
        path: the attributes that lead to it.
        user: the caller.
        column: what it is for.

    Raises:
        NoValueError: the caller is anonymous, the value is ``None``, or it is a key that would mean
            a different user in this column.
        UnknownUserValueError: the user does not have the attribute, or reading it raised.
    """
    if not getattr(user, "is_authenticated", False):
        raise NoValueError
    kind = column.key_of
    if path in _KEYS and kind is not None and not may_be_row_of(user, kind):
        raise NoValueError
    found: object = user
    for position, step in enumerate(path):
        name = "pk" if step == "id" and not position else step
        try:
            found = getattr(found, name)
        except (
            ObjectDoesNotExist
        ):  # from a one-to-one relation without a row; also an AttributeError
            raise NoValueError from None
        except Exception as error:
            logger.exception("The value '%s' of the user cannot be read", ".".join(path))
            raise UnknownUserValueError from error
        if found is None:
            raise NoValueError
    return found
