"""Values that say how a stored one changes: which columns take them, and who may send them."""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING

from django_flex.exceptions import FieldDeniedError, InvalidValueError
from django_flex.exceptions.places import worded
from django_flex.query.terms import excerpt
from django_flex.resolved.updates import INCREMENT, UPDATE_OPERATORS, Update
from django_flex.schema.inputs import check_json, fit
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from django_flex.analysis.writes.access import WriteAccess
    from django_flex.exceptions.places import Place
    from django_flex.query.ast import RowChange
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Attribute

#: Types of values that only stand for themselves: most are of these, and need no further look.
PLAIN = frozenset({NoneType, bool, float, int, str})
#: What stores an object with one of the keys that otherwise say how a value changes.
LITERAL = "$value"
_NUMBERS = frozenset({"integer", "decimal", "float", "json"})
#: Kinds whose values are never a list.
_SINGLE = frozenset(
    {
        *("integer", "decimal", "float", "boolean", "text", "uuid", "datetime", "date", "time"),
        *("duration", "binary", "file", "geometry", "hstore", "range"),
    }
)


def sent_value(
    name: str,
    target: ResolvedPath,
    value: object,
    rules: WriteAccess,
    change: RowChange,
    *,
    upserting: bool,
) -> object:
    """Return what was sent for a column: an ``Update`` if it says how the stored value changes.

    Args:
        name: of the column, as it was sent.
        target: what it leads to.
        value: as it was sent.
        rules: those of the operation.
        change: the row.
        upserting: whether a row that is added may begin with the default of the column.

    Raises:
        InvalidValueError: the column has no such values, or the row has none yet.
        FieldDeniedError: the caller may not read the column, and errors would tell its value.
    """
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    (operator,) = value
    attribute = target.attribute
    if operator == LITERAL and attribute.kind == "json":
        return value[LITERAL]
    if operator not in UPDATE_OPERATORS:
        return value
    place = change.at(excerpt(name))
    _check_column(operator, attribute, place)
    if rules.operation == "add" and not upserting:
        raise InvalidValueError(
            worded("'{}' changes a stored value, and this row is new", operator),
            path=place,
            hint="send the value itself",
        )
    if not rules.may_read(target):
        raise FieldDeniedError(
            excerpt(name), path=place, hint=worded("'{}' needs a field that you may read", operator)
        )
    return Update(operator, value[operator])


def updates_of(attribute: Attribute) -> tuple[str, ...]:
    """Return the operators by which the value of a column can change."""
    return tuple(name for name in UPDATE_OPERATORS if _fits(name, attribute))


def fit_update(update: Update, attribute: Attribute) -> Update:
    """Return an update with its operand as the type of the column, or of the items in it.

    Raises:
        UnfitValueError: it is invalid; the text says what would be valid.
    """
    operand = update.operand
    if update.operator != INCREMENT:
        items = attribute.items
        if items is None:
            check_json(operand)
            return update
        return Update(update.operator, fit(operand, items))
    if attribute.kind == "json":
        check_json(operand)
        if isinstance(operand, bool) or not isinstance(operand, int | float):
            message = "a number"
            raise UnfitValueError(message)
        return update
    if operand is None:
        message = "a number"
        raise UnfitValueError(message)
    return Update(update.operator, fit(operand, attribute))


def other_form(value: object, attribute: Attribute) -> str:
    """Return which object would fit, for a message about one that does not."""
    if not isinstance(value, Mapping):
        return ""
    if attribute.reference:
        return worded('; {"$add": {…}} adds the row that it points to')
    return worded('; {"$inc": 1} adds to it') if attribute.kind in _NUMBERS else ""


def _fits(operator: str, attribute: Attribute) -> bool:
    """Whether the values of a column can change in a way; keys never do."""
    if attribute.reference or attribute.primary_key:
        return False
    return attribute.kind in _NUMBERS if operator == INCREMENT else attribute.kind not in _SINGLE


def _check_column(operator: str, attribute: Attribute, place: Place) -> None:
    if not _fits(operator, attribute):
        what = worded("a number") if operator == INCREMENT else worded("a list")
        stored = worded('{{"{}": {{"{}": …}}}} stores the object', LITERAL, operator)
        raise InvalidValueError(
            worded("'{}' needs {}, and this is none", operator, what),
            path=place,
            hint=stored if attribute.kind == "json" else "send the value itself",
        )
