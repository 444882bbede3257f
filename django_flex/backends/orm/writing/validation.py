"""Validation by the model itself: its fields, its ``clean``, its unique sets and constraints."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, router

from django_flex.backends.orm.django_internals.connections import is_enforced
from django_flex.backends.orm.django_internals.models import (
    columns_of,
    fields_with_columns,
    filled_by_database,
    foreign_keys,
    primary_key,
    with_parents,
)
from django_flex.backends.orm.schema import model_of
from django_flex.backends.orm.writing.checks.failures import as_failure, by_field, collect
from django_flex.backends.orm.writing.checks.new_values import (
    Stage,
    check_due,
    check_key,
    clean_columns,
    lacking,
    still_open,
)
from django_flex.backends.orm.writing.checks.odd_values import odd_values
from django_flex.backends.orm.writing.checks.taken_for_denied import (
    about_other_rows,
    add_taken,
    check_allowed,
)
from django_flex.backends.orm.writing.checks.unique_periods import (
    check_unique_periods,
    unique_periods,
)
from django_flex.backends.orm.writing.descriptors import UNFIT, unreadable
from django_flex.backends.orm.writing.model_code import call_excluding
from django_flex.backends.orm.writing.passwords import check_passwords
from django_flex.backends.orm.writing.uploads import check_files
from django_flex.exceptions.foreign import of_rest_framework
from django_flex.exceptions.places import worded
from django_flex.languages import in_language
from django_flex.schema.field_checks import check_stored
from django_flex.schema.introspection import unique_sets
from django_flex.schema.values import EXPECTED, MEANT, UnfitValueError, expected_of

if TYPE_CHECKING:
    from django_flex.backends.orm.writing.pending_rows import PendingRow, SentColumns
    from django_flex.resolved import WriteRules

logger = logging.getLogger("django_flex")

_PASSED_ON = (ValidationError, *MEANT)


def validate(
    pending: PendingRow, rules: WriteRules, *, unique: bool = True, complete: bool = False
) -> None:
    """Validate one row as Django's ``full_clean`` does, fields that were not sent left out.

    Of a new row a field that was not sent is validated all the same, unless Django fills it. Where
    code of the project may still fill it, this is done later.

    Args:
        pending: the row, values in it.
        rules: those of its operation.
        unique: also what needs a query: unique sets and constraints. If a ``full_clean`` of the
            project's asks for it all the same, ``taken`` of the row has what it says.
        complete: nothing fills the row any more.

    Raises:
        ValidationFailedError: with the messages by the name that each value was sent under.
        RowDeniedError: nothing but values that are taken, of a row that the rules do not allow.
    """
    if pending.refused:
        refuse_assigned(pending, rules)
    errors, columns = dict[str, list[ValidationError]](), pending.columns()
    # Code of the model is not asked about a row that lacks some of its values, nor may it read a row
    # that the caller may not see: what it says of one, or fails to find, tells that there is one.
    asked = not pending.faults
    own = asked and type(pending.instance).full_clean is not models.Model.full_clean
    may_wait = columns.lacked and not complete
    later = still_open(pending, rules, Stage.AT_ONCE) if may_wait else set[str]()
    skipped = {*columns.skipped, *later}
    if columns.files:
        collect(errors, lambda: check_files(pending))
    if own:
        collect(errors, lambda: _full_clean(pending, columns, skipped))
        collect(errors, lambda: _check_nulls(pending, columns, errors))
        collect(errors, lambda: _check_stored(pending.instance, columns, errors))
    else:
        _clean_row(pending, columns, errors, skipped, asked=asked)
    if later:
        collect(errors, lambda: check_due(pending, rules, Stage.CLEANED))
        later = still_open(pending, rules, Stage.CLEANED)
    collect(errors, lambda: check_key(pending, {*later, *errors, *columns.unfit}))
    taken = about_other_rows(errors) if own else {}
    # Whether the key of a row that the caller may not see is taken tells that the row exists.
    doubtful = later if asked else {*later, *(fault.column for fault in pending.faults)}
    if unique and not own:
        _collect_unique(pending, errors, taken, doubtful)
    if columns.hashed:
        collect(errors, lambda: check_passwords(pending))
    if unique:
        _collect_periods(pending, errors, taken, doubtful)
    if asked and not (unique or errors):
        pending.taken = taken
        return
    add_taken(taken, errors, pending, rules)
    if errors or not asked:
        raise as_failure(ValidationError(errors), pending, rules)


def _clean_row(
    pending: PendingRow,
    columns: SentColumns,
    errors: dict[str, list[ValidationError]],
    skipped: set[str],
    *,
    asked: bool,
) -> None:
    """Do what Django's ``full_clean`` does first; what is asked of the model is its ``clean``."""
    instance = pending.instance
    # Keys of other rows are looked up once, with the rules that apply to those rows.
    keys = _set_keys(instance)
    collect(errors, lambda: _by_its_field(instance.clean_fields, pending, skipped | keys))
    if columns.never_null:
        collect(errors, lambda: _check_nulls(pending, columns, errors))
    if asked:
        collect(errors, lambda: _clean(pending, errors))
    if columns.custom:
        collect(errors, lambda: _check_stored(instance, columns, errors))


def refuse_assigned(pending: PendingRow, rules: WriteRules) -> None:
    """Refuse a row with values that the attributes of its model do not take, with all its errors.

    Code of the model is not asked about a row that lacks some of its values.

    Raises:
        ValidationFailedError: always.
    """
    errors, out = dict(pending.refused), unreadable(pending.instance)
    cleaned = pending.sent() - errors.keys() - pending.columns().unfit
    skipped = {
        f.name
        for f in columns_of(pending.instance)
        if f.attname in out or f.remote_field or f.name not in cleaned
    }
    collect(errors, lambda: _by_its_field(pending.instance.clean_fields, pending, skipped))
    raise as_failure(ValidationError(errors), pending, rules)


def refuse_faults(pending: PendingRow, rules: WriteRules) -> None:
    """Refuse a row with values that do not fit, where other code validates the rest.

    Raises:
        ValidationFailedError: there are such values.
    """
    if pending.faults:
        raise as_failure(ValidationError({}), pending, rules)


def _by_its_field(clean: Callable[..., None], pending: PendingRow, exclude: set[str]) -> None:
    """Clean the fields of a row; what the code of a field raises is an error of its value."""
    try:
        call_excluding(clean, exclude)
    except _PASSED_ON:
        raise
    except Exception as error:
        unfit = _unfit_fields(pending, exclude) if of_rest_framework(error) is None else {}
        if not unfit:
            raise
        logger.warning("A field refused a value", exc_info=error)
        raise ValidationError(unfit) from error


def _unfit_fields(pending: PendingRow, exclude: set[str]) -> dict[str, list[ValidationError]]:
    """Return the errors of each field that is asked, if code of one stumbles over its value."""
    instance, unfit, stumbled = pending.instance, dict[str, list[ValidationError]](), False
    fields, sent = {f.name: f for f in columns_of(instance)}, pending.sent()
    names = fields.keys()
    for name in names - exclude:
        try:
            models.Model.clean_fields(instance, exclude=names - {name})
        except ValidationError as error:
            unfit.update(by_field(error))
        except _PASSED_ON:
            raise
        except Exception:  # noqa: BLE001 - the caller logs it
            stumbled = True
            blank = ValidationError(fields[name].error_messages["blank"], code="blank")
            text = _unfit_text(fields[name])
            unfit[name] = [ValidationError(text, code="invalid") if name in sent else blank]
    return unfit if stumbled else {}


def _unfit_text(field: object) -> str:
    """Return what is wrong with a value that a field stumbles over: the members, if there are some."""
    expected = expected_of(field)
    if expected == EXPECTED["other"]:
        return str(UNFIT)
    return in_language(worded("This has to be {}.", expected))


def _clean(pending: PendingRow, errors: Mapping[str, object]) -> None:
    """Call the model's ``clean``, which may stumble over a value that is refused or missing."""
    try:
        pending.instance.clean()
    except ValidationError:
        raise
    except Exception as error:
        if errors:
            logger.debug("clean() failed after its fields", exc_info=True)
            return
        _blame(pending, error)
        raise


def _full_clean(pending: PendingRow, columns: SentColumns, exclude: set[str]) -> None:
    """Call a ``full_clean`` of the project's, which may stumble as ``clean`` may."""
    instance = pending.instance
    try:
        _by_its_field(instance.full_clean, pending, exclude)
    except _PASSED_ON:
        raise
    except Exception as error:
        # Django's calls clean() with the values that the fields have just refused.
        _by_its_field(instance.clean_fields, pending, exclude)
        _check_nulls(pending, columns, {})
        _check_stored(instance, columns, {})
        _blame(pending, error)
        raise


def _blame(pending: PendingRow, error: Exception) -> None:
    """Name the values that code of the model stumbled over, if there are such.

    Raises:
        ValidationError: about them.
    """
    if isinstance(error, MEANT) or of_rest_framework(error) is not None:
        return
    blamed = lacking(pending, error)
    if not blamed:
        blamed = {name: [ValidationError(UNFIT, code="invalid")] for name in odd_values(pending)}
    if blamed:
        logger.warning("clean() failed on the values that were sent", exc_info=error)
        raise ValidationError(blamed) from error


def _check_nulls(pending: PendingRow, columns: SentColumns, errors: Mapping[str, object]) -> None:
    """Refuse a null that ``clean_fields`` lets pass, since it skips the empty values of blank fields."""
    nulls = {
        f.name: ValidationError(f.error_messages["null"], code="null")
        for f in columns.never_null
        if f.name not in errors and getattr(pending.instance, f.attname) is None
    }
    if nulls:
        # A stored null of JSON stays where a key was sent for which there is nothing to do.
        whole = {part.attribute.own_name for part in pending.row.assignments if not part.keys}
        if refused := {name: error for name, error in nulls.items() if name in whole}:
            raise ValidationError(refused)


def _check_stored(
    instance: models.Model, columns: SentColumns, errors: Mapping[str, object]
) -> None:
    """Refuse values that a custom field cannot convert for the database."""
    unfit = {}
    for field in columns.custom:
        if field.name in errors:
            continue
        using = router.db_for_write(type(instance), instance=instance)
        try:
            check_stored(getattr(instance, field.attname), field, using)
        except UnfitValueError as error:
            unfit[field.name] = in_language(worded("This has to be {}.", error.expected))
    if unfit:
        raise ValidationError(unfit)


def _collect_unique(
    pending: PendingRow,
    errors: Mapping[str, object],
    taken: dict[str, list[ValidationError]],
    later: set[str],
) -> None:
    instance = pending.instance
    failed = {name for name in errors if name != NON_FIELD_ERRORS}
    checked = _checked_for_uniqueness(pending, later)
    if checked:
        exclude = {*(fields_with_columns(type(instance)) - checked), *failed}
        collect(taken, lambda: call_excluding(instance.validate_unique, exclude))
    if any(model._meta.constraints for model in with_parents(instance)):
        exclude = failed | later | filled_by_database(instance)
        collect(taken, lambda: call_excluding(instance.validate_constraints, exclude))


def _collect_periods(
    pending: PendingRow,
    errors: Mapping[str, object],
    taken: dict[str, list[ValidationError]],
    later: set[str],
) -> None:
    if not unique_periods(type(pending.instance)):
        return
    using = router.db_for_write(type(pending.instance), instance=pending.instance)
    failed = errors.keys() | taken.keys() | later
    for _, error in check_unique_periods([pending], using, failed):
        for name, found in by_field(error).items():
            taken.setdefault(name, found)  # the model's own full_clean() may have found it, too


def check_changed(
    pending: PendingRow, rules: WriteRules, changed: set[str], *, unique: bool
) -> None:
    """Validate what code has changed as it saved a row, after the database refused the row.

    Args:
        pending: the row.
        rules: those of its operation.
        changed: the names of the columns.
        unique: also what needs a query: unique sets and constraints.

    Raises:
        ValidationFailedError: these values, or some together with them, are taken or not allowed.
    """
    instance, errors = pending.instance, dict[str, list[ValidationError]]()
    collect(errors, lambda: clean_columns(instance, changed))
    taken = dict[str, list[ValidationError]]()
    if unique and not errors:
        touched = [names for names in unique_sets(type(instance)) if names & changed]
        checked = {name for names in touched for name in names} - filled_by_database(instance)
        exclude = {f.name for f in columns_of(instance)} - checked
        filled = filled_by_database(instance)
        collect(taken, lambda: instance.validate_unique(exclude=exclude))
        collect(taken, lambda: instance.validate_constraints(exclude=filled))
    add_taken(taken, errors, pending, rules)
    if errors:
        raise as_failure(ValidationError(errors), pending, rules)


def check_stored_rows(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Check rows that were stored together against what the database does not enforce by itself.

    Raises:
        ValidationFailedError: about the first row that is in the way of another one.
    """
    for pending, error in check_unique_periods(pending_rows, using):
        check_allowed(pending, rules)
        raise as_failure(error, pending, rules)
    model = model_of(rules.resource)
    unenforced = [
        (owner, constraint)
        for owner in with_parents(model)
        for constraint in owner._meta.constraints
        if not is_enforced(constraint, using)
    ]
    for pending in pending_rows:
        for owner, constraint in unenforced:
            try:
                constraint.validate(owner, pending.instance, using=using)
            except ValidationError as error:
                check_allowed(pending, rules)
                raise as_failure(error, pending, rules) from error


def _checked_for_uniqueness(pending: PendingRow, later: set[str]) -> set[str]:
    """Return the columns of unique sets that the write changes, and that are known by now."""
    sent = pending.sent()
    model: type[models.Model] = type(pending.instance)
    if pending.operation == "add":
        pk = primary_key(pending.instance).name
        touched = [names for names in unique_sets(model) if names != {pk} or pk in sent]
    else:
        touched = [names for names in unique_sets(model) if names & sent]
    found = {name for names in touched if names.isdisjoint(later) for name in names}
    return found - filled_by_database(pending.instance)


def _set_keys(instance: models.Model) -> set[str]:
    """Return the foreign keys with a value; one without has to be allowed by its field."""
    keys = foreign_keys(type(instance))
    return {f.name for f in keys if getattr(instance, f.attname) is not None}


def first_failure(pending_rows: Iterable[PendingRow], rules: WriteRules) -> None:
    """Validate rows one by one, after the database refused them together, to tell which it was.

    Raises:
        ValidationFailedError: about the first row that is not valid.
    """
    for pending in pending_rows:
        validate(pending, rules, complete=True)
