"""Run an action on many rows, all together or each separately."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from django_flex.actions.run.invoking import check_row, invoke, read_input
from django_flex.actions.run.locking import coerce_keys, lock_rows
from django_flex.actions.run.replies import reply_many
from django_flex.exceptions import (
    ConflictError,
    FlexError,
    LimitExceededError,
    ObjectNotFoundError,
)
from django_flex.exceptions.places import Part, counted, worded
from django_flex.schema.conversions.keys import shown_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.actions.run.runs import Run
    from django_flex.plan.shape import FlexResult


def perform(run: Run) -> FlexResult:
    """Run a bulk action inside its transaction.

    Raises:
        FlexError: the run failed or refused; the transaction has to be rolled back.
    """
    keys, missing = select_keys(run)
    if run.definition.bulk_mode == "each":
        errors: dict[object, FlexError] = {key: ObjectNotFoundError() for key in missing}
        run_each(run, keys, errors)
        return reply_many(run, None, errors)
    if missing:
        raise ObjectNotFoundError(path=Part.KEYS)
    return _run_all(run, keys)


def select_keys(run: Run) -> tuple[list[object], list[object]]:
    """Return the keys of the rows, and the keys that cannot belong to a row.

    Raises:
        LimitExceededError: too many rows.
        ConflictError: not as many as the caller expects.
    """
    if run.targets is not None:
        run.counts = (len(run.targets), 0, 0)
        return run.targets, []
    most = run.definition.max_rows or run.settings.actions.max_rows
    missing: list[object] = []
    if run.parsed.keys is None:
        with run.backend.reading(run.using, run.settings.limits, run.call.started):
            keys = run.backend.choose_keys(run.reach.rules, run.where, run.using, most)
    else:
        typed = coerce_keys(run.reach, dict.fromkeys(run.parsed.keys))
        missing = [key for key, value in typed.items() if value is None]
        keys = list(dict.fromkeys(value for value in typed.values() if value is not None))
    if len(keys) > most:
        raise LimitExceededError(
            counted(most, "More than {} row matches", "More than {} rows match"),
            hint=worded("make {} more specific", Part.CHOSEN_BY),
        )
    _check_count(run, len(keys) + len(missing))
    return keys, missing


def _check_count(run: Run, matched: int) -> None:
    """Store how many rows match, and check ``_expect``.

    Raises:
        ConflictError: the caller expects another number.
    """
    if run.parsed.expected is not None and run.parsed.expected != matched:
        raise ConflictError(
            counted(
                matched, "{} row matches, not {}", "{} rows match, not {}", run.parsed.expected
            ),
            path=Part.EXPECTED,
        )
    run.counts = (matched, 0, 0)


def _run_all(run: Run, keys: list[object]) -> FlexResult:
    found = lock_rows(run.backend, run.reach, keys, run.using, run.definition.row_lock, run.where)
    if len(found) < len(keys):
        if run.parsed.keys is not None:
            raise ObjectNotFoundError(path=Part.KEYS)
        # Selected by a filter: rows that no longer match it are left out.
        _check_count(run, len(found))
    rows = list(found.values())
    for row in rows:
        check_row(run, row)
    returned = invoke(run, rows, read_input(run, rows))
    run.done = rows
    run.counts = (len(rows), len(rows), 0)
    return reply_many(run, returned, {})


def run_each(run: Run, keys: Iterable[object], errors: dict[object, FlexError]) -> None:
    """Run the action on each row separately; a failure is rolled back alone and reported."""
    keys = list(keys)
    data = read_input(run, None)
    found = lock_rows(run.backend, run.reach, keys, run.using, run.definition.row_lock, run.where)
    if run.parsed.keys is None and run.targets is None and len(found) < len(keys):
        keys = [key for key in keys if key in found]
        _check_count(run, len(keys))
    for key in keys:
        try:
            if key not in found:
                raise ObjectNotFoundError
            with run.backend.savepoint(run.using):
                check_row(run, found[key])
                invoke(run, found[key], copy(data))
        except FlexError as error:
            errors[shown_key(key)] = error
        else:
            run.done.append(found[key])
    matched = run.counts[0]
    run.counts = (matched, len(run.done), len(errors))
