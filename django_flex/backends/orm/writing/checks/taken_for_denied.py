"""Whether a value is taken is told only of rows that the caller may write.

The rules are checked on stored rows. One whose values are taken cannot be stored, and to say so of
a row that the rules do not allow tells that somebody else's row exists.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, router, transaction

from django_flex.backends.orm.django_internals.keys import has_key, key_lookups
from django_flex.backends.orm.django_internals.unsaved_rows import exists_with, key_of_unsaved
from django_flex.backends.orm.expressions.conditions import rows_under
from django_flex.backends.orm.writing.checks.failures import as_failure
from django_flex.exceptions import RowDeniedError, ValidationFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules

    Errors = dict[str, list[ValidationError]]

_CODES = frozenset(
    {"unique", "unique_together", "unique_for_date", "unique_for_month", "unique_for_year"}
)


def about_other_rows(errors: Errors) -> Errors:
    """Take those errors out that may be about other rows, and return them."""
    found: Errors = {}
    for name, some in [*errors.items()]:
        others = [one for one in some if is_about_other_rows(name, one.code)]
        if others:
            found[name] = others
            # Errors about a row without a key cannot be compared: they have no hash.
            errors[name] = [one for one in some if not is_about_other_rows(name, one.code)]
            if not errors[name]:
                del errors[name]
    return found


def is_about_other_rows(name: str, code: str | None) -> bool:
    """Whether an error may be about other rows; of a constraint the project chooses the code."""
    return name == NON_FIELD_ERRORS or code in _CODES


def add_taken(taken: Errors, errors: Errors, pending: PendingRow, rules: WriteRules) -> None:
    """Add what is said of taken values to the other errors of a row, if it is one to write.

    Raises:
        RowDeniedError: it is not, and there is nothing else to say.
    """
    if not taken:
        return
    if is_allowed(pending, rules):
        for name, some in taken.items():
            errors.setdefault(name, []).extend(some)
    elif not (errors or pending.faults):
        raise RowDeniedError(path=pending.place)


def check_taken(pending_rows: Iterable[PendingRow], rules: WriteRules) -> None:
    """Refuse rows of a list of which code of the model has said that values are taken.

    Raises:
        ValidationFailedError: about the first such row.
    """
    for pending in pending_rows:
        if pending.taken:
            raise as_failure(ValidationError(pending.taken), pending, rules)


def check_allowed(pending: PendingRow, rules: WriteRules) -> None:
    """Check a row whose values are taken against the rules.

    Raises:
        RowDeniedError: the caller may not write it.
    """
    if not is_allowed(pending, rules):
        raise RowDeniedError(path=pending.place)


def check_all_allowed(pending_rows: Iterable[PendingRow], rules: WriteRules) -> None:
    """Check rows that are written together, before it is said what is wrong with one of them.

    If a value of another one were taken, this would be said instead.

    Raises:
        RowDeniedError: the caller may not write one of them.
    """
    for pending in pending_rows:
        check_allowed(pending, rules)


@contextmanager
def denied_first(
    pending_rows: Sequence[PendingRow], rules: WriteRules, using: str
) -> Iterator[None]:
    """Save the last one of some rows; if that fails, check all of them.

    The rows before it are stored. The last one is checked only if the database refuses it, since
    what is told of it otherwise does not depend on other rows.

    Raises:
        RowDeniedError: the save failed, and the caller may not write one of the rows.
    """
    try:
        with transaction.atomic(using) if rules.after else nullcontext():
            yield
    except IntegrityError:
        check_all_allowed(pending_rows, rules)
        raise
    except (RowDeniedError, ValidationFailedError):
        check_all_allowed(pending_rows[:-1], rules)
        raise


def is_allowed(pending: PendingRow, rules: WriteRules) -> bool:
    """Whether a row would satisfy the rules if it were stored as it is now.

    What is written after the row, such as its links, does not count.
    """
    if not rules.after:
        return True
    using = router.db_for_write(type(pending.instance), instance=pending.instance)
    key, model = key_of_unsaved(pending.instance), type(pending.instance)
    if key is None:
        return False
    this, names = has_key(model, key), key_lookups(model)
    return all(
        exists_with(
            rows_under(rows, using)
            .using(using)
            .filter(this)
            .order_by()
            .values_list(names[0])
            .query,
            pending.instance,
            using,
        )
        for rows in rules.after
    )
