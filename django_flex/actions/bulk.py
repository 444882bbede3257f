"""An action on many rows: chosen by the engine, run all together or one after the other."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from django_flex.actions.invoking import check_row, invoke, read_input
from django_flex.actions.replies import reply_many
from django_flex.engine import acting
from django_flex.exceptions import (
    ConflictError,
    FlexError,
    LimitExceededError,
    ObjectNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.actions.runs import Run
    from django_flex.plan.shape import FlexResult


def perform(one: Run) -> FlexResult:
    """Run a bulk action inside its transaction.

    Raises:
        FlexError: what it came to; the transaction is to be undone.
    """
    keys, missing = choose(one)
    if one.definition.bulk_mode == "each":
        errors = {key: ObjectNotFoundError().to_dict() for key in missing}
        for_each(one, keys, errors)
        return reply_many(one, None, errors)
    if missing:
        raise ObjectNotFoundError(path="_ids")
    return _all(one, keys)


def choose(one: Run) -> tuple[list[Any], list[Any]]:
    """Return the keys of the rows, and those that were sent and mean no row.

    Raises:
        LimitExceededError: too many rows.
        ConflictError: not as many as the caller expects.
    """
    if one.targets is not None:
        one.rows = (len(one.targets), 0, 0)
        return one.targets, []
    most = one.definition.max_rows or one.settings.actions.max_rows
    missing: list[Any] = []
    if one.call.keys is None:
        keys = acting.chosen(one.reach, one.chosen, one.using, most)
    else:
        typed = acting.typed_keys(one.reach, dict.fromkeys(one.call.keys))
        missing = [key for key, value in typed.items() if value is None]
        keys = list(dict.fromkeys(value for value in typed.values() if value is not None))
    if len(keys) > most:
        raise LimitExceededError(f"More than {most} rows are meant", hint="narrow _filters")
    matched = len(keys) + len(missing)
    if one.call.expected is not None and one.call.expected != matched:
        raise ConflictError(f"{matched} rows are meant, not {one.call.expected}", path="_expect")
    one.rows = (matched, 0, 0)
    return keys, missing


def _all(one: Run, keys: list[Any]) -> FlexResult:
    found = acting.rows(one.reach, keys, one.using, _lock(one))
    if len(found) < len(keys):
        raise ObjectNotFoundError(path="_ids" if one.call.keys is not None else None)
    rows = list(found.values())
    for row in rows:
        check_row(one, row)
    returned = invoke(one, rows, read_input(one, rows))
    one.done = rows
    one.rows = (len(rows), len(rows), 0)
    return reply_many(one, returned, {})


def for_each(one: Run, keys: Iterable[Any], errors: dict[Any, Any]) -> None:
    """Run the action on each row by itself; what fails is undone alone, and told of."""
    keys = list(keys)
    data = read_input(one, None)
    found = acting.rows(one.reach, keys, one.using, _lock(one))
    for key in keys:
        try:
            if key not in found:
                raise ObjectNotFoundError
            with acting.savepoint(one.using):
                check_row(one, found[key])
                invoke(one, found[key], copy(data))
        except FlexError as error:
            errors[key] = error.to_dict()
        else:
            one.done.append(found[key])
    matched = one.rows[0]
    one.rows = (matched, len(one.done), len(errors))


def _lock(one: Run) -> Any:
    return one.definition.lock if one.definition.atomic else "none"
