"""New values that depend on the stored ones: a number added, items of a list added or removed."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, Final

from django_flex.exceptions.places import worded
from django_flex.query.values import differ

INCREMENT, APPEND, REMOVE = "$inc", "$append", "$remove"
UPDATE_OPERATORS = (INCREMENT, APPEND, REMOVE)
#: That of the thread would cut a number to 28 digits.
_EXACT = Context(prec=1_000)


class Absent:
    """The stored value of a JSON key that is not there."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent()


class UnfitUpdateError(ValueError):
    """The stored value cannot be changed in this way; ``text`` is for the caller."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@dataclass(frozen=True, slots=True)
class Update:
    """A change of a stored value by one of ``UPDATE_OPERATORS``; ``operand`` is typed."""

    operator: str
    operand: Any

    def result(self, stored: object) -> object:
        """Return the new value. The stored one is not changed.

        Args:
            stored: the value of a row that no other write changes in the meantime.

        Returns:
            The new value; ``ABSENT`` for a key that is not there and stays so.

        Raises:
            UnfitUpdateError: it is no number or list, or the sum is no number.
        """
        if self.operator == INCREMENT:
            return _sum(0 if stored is ABSENT else stored, self.operand)
        if self.operator == REMOVE:
            return self._without(stored)
        return [*_items(None if stored is ABSENT else stored), self.operand]

    def _without(self, stored: object) -> object:
        if stored is ABSENT or stored is None:
            return stored
        if isinstance(stored, dict):
            return {key: value for key, value in stored.items() if key != self.operand}
        return [item for item in _items(stored) if differ(item, self.operand)]


def _sum(stored: Any, operand: Any) -> object:
    if isinstance(stored, bool) or not isinstance(stored, int | float | Decimal):
        message = worded("There is no number to add to.")
        raise UnfitUpdateError(message)
    try:
        total: Any = _added(stored, operand)
        if total - total == 0:
            return total
    except (ArithmeticError, TypeError):
        pass  # the same as a sum that is infinite
    message = worded("The sum is out of range.")
    raise UnfitUpdateError(message)


def _added(stored: Any, operand: Any) -> object:
    if isinstance(stored, Decimal) and isinstance(operand, Decimal):
        return _EXACT.add(stored, operand)
    return stored + operand


def _items(stored: object) -> list[Any]:
    """Return the items of a stored list; a column that is null has none."""
    if stored is None:
        return []
    if not isinstance(stored, list | tuple):
        message = worded("The stored value is not a list.")
        raise UnfitUpdateError(message)
    return list(stored)
