"""Written rows into values. No query is run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.dataclass_init import fast_init
from django_flex.plan.sizes import measured
from django_flex.schema.conversions.keys import shown_key

if TYPE_CHECKING:
    from django_flex.plan.nodes import Row, WritePlan
    from django_flex.schema.resources import Resource


@fast_init
@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row that was written: its key, what that is called, and whether by ``add``, ``edit`` or ``delete``.

    ``value`` is what the caller may read of it; ``None`` for nothing, as of a deleted row.
    """

    pk: object
    operation: str
    value: dict[str, object] | None = None
    key_name: str = "id"


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What a write did, row by row, in the order in which they were sent."""

    rows: tuple[WrittenRow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WriteResult:
    """What a backend wrote, and what it read back.

    ``found`` is what the caller may read of each row, by key; empty if nothing is shown. ``most``
    is how many bytes the reply may have, where it may be too large.
    """

    rows: Sequence[WrittenRow]
    found: Mapping[object, Row]
    most: int | None = None


def shape_written(plan: WritePlan, result: WriteResult) -> Written:
    """Return what was written as values.

    Raises:
        ReplyTooLargeError: the reply is too large; nothing is written then.
    """
    found, resource = result.found, plan.rules.resource
    if plan.returning is None or not found:
        return Written(tuple([_named(row, row.value, resource) for row in result.rows]))
    make = plan.returning.make_object
    if result.most is not None:
        make = measured(plan.returning.output, result.most)
    shown = []
    for row in result.rows:
        is_shown = row.operation != "delete" and row.pk in found
        value = make(found[row.pk]) if is_shown else row.value
        shown.append(_named(row, value, resource))
    return Written(tuple(shown))


def _named(row: WrittenRow, value: dict[str, object] | None, resource: Resource) -> WrittenRow:
    """Return a row as a reply tells of it; one with a key of several columns by its text."""
    key = row.pk if type(row.pk) is int else shown_key(row.pk, resource.pk.scale)
    return WrittenRow(key, row.operation, value, resource.key_name)
