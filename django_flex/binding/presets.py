"""Values that are set for the client, bound for one caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.binding.comparands import Comparands
from django_flex.query.ast import Now, UserValue

if TYPE_CHECKING:
    from django_flex.binding.caller import Caller
    from django_flex.schema.resources import Attribute


def bind_preset(attribute: Attribute, value: object, caller: Caller | None) -> object:
    """Return the value of a preset for one caller; without one, to see whether it is valid.

    Args:
        attribute: the column that is filled.
        value: a constant, ``Now`` or ``UserValue``.
        caller: whose values are meant.

    Raises:
        NoValueError: it is a value of the caller, who has none.
        InvalidValueError: the value does not fit the column.
    """
    if not isinstance(value, Now | UserValue) and (value is None or attribute.kind == "json"):
        return value
    if isinstance(value, UserValue) and caller is not None:
        value = caller.value(value.path, attribute)
    return Comparands(caller, None, frozenset()).bind(
        value, "exact", attribute.kind, attribute, attribute.name
    )
