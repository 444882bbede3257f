"""Values that do not fit: reported by the backend that validates rows, or refused before it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.exceptions import ValidationFailedError
from django_flex.resolved import NewRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.resolved import RowWrite


def check_faults(rows: Iterable[RowWrite]) -> None:
    """Refuse rows with values that do not fit, or with such rows inside them.

    Raises:
        ValidationFailedError: about the first such row; all of its values are named.
    """
    for row in rows:
        if row.faults:
            fields: dict[str, list[str]] = {}
            codes: dict[str, list[str]] = {}
            for fault in {(one.name, one.message): one for one in row.faults}.values():
                fields.setdefault(fault.name, []).append(fault.message)
                codes.setdefault(fault.name, []).append(fault.code)
            raise ValidationFailedError(fields, codes, path=row.place or None)
        check_faults(_rows_inside(row))


def _rows_inside(row: RowWrite) -> Iterator[RowWrite]:
    for part in row.assignments:
        if isinstance(part.value, NewRow):
            yield part.value.row
    for children in row.children:
        yield from (*children.add, *children.edit)
