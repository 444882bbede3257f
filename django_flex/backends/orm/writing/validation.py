"""Validation by the model itself: its fields, its ``clean``, its unique sets and constraints."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    SuspiciousOperation,
    ValidationError,
)
from django.db import Error, models, router
from django.http import Http404

from django_flex.backends.orm.django_internals.connections import is_enforced
from django_flex.backends.orm.django_internals.models import (
    columns_of,
    filled_by_database,
    primary_key,
    with_parents,
)
from django_flex.backends.orm.schema import field_of, model_of
from django_flex.backends.orm.writing.passwords import check_passwords, sent_passwords
from django_flex.backends.orm.writing.unique_periods import check_unique_periods
from django_flex.backends.orm.writing.uploads import check_files, sent_files
from django_flex.exceptions import FlexError, ValidationFailedError
from django_flex.exceptions.foreign import of_rest_framework
from django_flex.schema.introspection import unique_sets
from django_flex.schema.values import UnfitValueError, check_stored

if TYPE_CHECKING:
    from django.db.models import Field

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules

logger = logging.getLogger("django_flex")

#: What an exception of the project's means by itself, and what is no fault of a value.
_PASSED_ON = (FlexError, ValidationError, PermissionDenied, SuspiciousOperation, Http404, Error)

UNFIT = "This value has a form that the field does not accept."
HIDDEN = "A value that you may not write is missing or invalid."
TOGETHER = "These values are not allowed together, or are already taken."


def validate(pending: PendingRow, rules: WriteRules, *, unique: bool = True) -> None:
    """Validate one row as Django's ``full_clean`` does, fields that were not sent left out.

    Of a new row a field that was not sent is validated all the same if nothing fills it.

    Args:
        pending: the row, values in it.
        rules: those of its operation.
        unique: also what needs a query: unique sets and constraints.

    Raises:
        ValidationFailedError: with the messages by the name that each value was sent under.
    """
    instance, errors = pending.instance, dict[str, list[ValidationError]]()
    unsent = _unsent(pending) | {part.attribute.name for part in sent_passwords(pending)}
    if sent_files(pending):
        _collect(errors, lambda: check_files(pending))
    if type(instance).full_clean is not models.Model.full_clean:
        _collect(errors, lambda: _by_its_field(instance.full_clean, pending, unsent))
    else:
        # Keys of other rows are looked up once, with the rules that apply to those rows.
        keys = {f.name for f in columns_of(instance) if f.remote_field} - _empty(pending)
        _collect(errors, lambda: _by_its_field(instance.clean_fields, pending, unsent | keys))
        _collect(errors, lambda: _check_nulls(pending, errors))
        _collect(errors, lambda: _clean(pending, errors))
        _collect(errors, lambda: _check_stored(pending, errors))
        if unique:
            _collect_unique(pending, errors, unsent)
    _collect(errors, lambda: check_passwords(pending))
    if unique:
        _collect_periods(pending, errors)
    if errors:
        raise as_failure(ValidationError(errors), pending, rules)


def _by_its_field(clean: Callable[..., None], pending: PendingRow, exclude: set[str]) -> None:
    """Clean the fields of a row; what the code of a field raises is an error of its value."""
    try:
        clean(exclude=exclude)
    except _PASSED_ON:
        raise
    except Exception as error:
        unfit = _unfit_fields(pending, exclude) if of_rest_framework(error) is None else {}
        if not unfit:
            raise
        logger.warning("A field refused a value", exc_info=error)
        raise ValidationError(unfit) from error


def _unfit_fields(pending: PendingRow, exclude: set[str]) -> dict[str, list[ValidationError]]:
    """Return the errors of each field that was sent, if code of one stumbles over its value."""
    instance, unfit, stumbled = pending.instance, dict[str, list[ValidationError]](), False
    names = {f.name for f in columns_of(instance)}
    for name in (names & pending.sent()) - exclude:
        try:
            models.Model.clean_fields(instance, exclude=names - {name})
        except ValidationError as error:
            unfit.update(_by_field(error))
        except _PASSED_ON:
            raise
        except Exception:  # noqa: BLE001 - the caller logs it
            stumbled = True
            unfit[name] = [ValidationError(UNFIT, code="invalid")]
    return unfit if stumbled else {}


def _clean(pending: PendingRow, errors: Mapping[str, object]) -> None:
    """Call the model's ``clean``, which may stumble over a value that its field has refused."""
    try:
        pending.instance.clean()
    except ValidationError:
        raise
    except Exception:
        if not errors:
            raise
        logger.debug("clean() failed after its fields", exc_info=True)


def _check_nulls(pending: PendingRow, errors: Mapping[str, object]) -> None:
    """Refuse a null that ``clean_fields`` lets pass, since it skips the empty values of blank fields."""
    fields = {part.attribute.name: part for part in pending.row.assignments if not part.keys}
    nulls = {
        f.name: ValidationError(f.error_messages["null"], code="null")
        for f in columns_of(pending.instance)
        if f.name in fields and not (f.null or f.name in errors or f.primary_key)
        if getattr(pending.instance, f.attname) is None
    }
    if nulls:
        raise ValidationError(nulls)


def _check_stored(pending: PendingRow, errors: Mapping[str, object]) -> None:
    """Refuse values that a custom field cannot convert for the database."""
    instance, unfit = pending.instance, {}
    using = router.db_for_write(type(instance), instance=instance)
    for part in pending.row.assignments:
        field = field_of(part.attribute)
        if field.name in errors or field.remote_field:
            continue
        try:
            check_stored(getattr(instance, field.attname), field, using)
        except UnfitValueError as error:
            unfit[field.name] = f"This has to be {error}."
    if unfit:
        raise ValidationError(unfit)


def _collect_unique(pending: PendingRow, errors: dict[str, Any], unsent: set[str]) -> None:
    instance = pending.instance
    failed = {name for name in errors if name != NON_FIELD_ERRORS}
    checked = _checked_for_uniqueness(pending, unsent)
    if checked:
        names = {f.name for f in columns_of(instance)}
        exclude = (names - checked) | failed
        _collect(errors, lambda: instance.validate_unique(exclude=exclude))
    if any(model._meta.constraints for model in with_parents(instance)):
        exclude = failed | filled_by_database(instance)
        _collect(errors, lambda: instance.validate_constraints(exclude=exclude))


def _collect_periods(pending: PendingRow, errors: dict[str, Any]) -> None:
    using = router.db_for_write(type(pending.instance), instance=pending.instance)
    for _, error in check_unique_periods([pending], using, errors.keys()):
        for name, found in _by_field(error).items():
            if name not in errors:  # the model's own full_clean() may have found it, too
                errors[name] = found


def check_stored_rows(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Check rows that were stored together against what the database does not enforce by itself.

    Raises:
        ValidationFailedError: about the first row that is in the way of another one.
    """
    for pending, error in check_unique_periods(pending_rows, using):
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
                raise as_failure(error, pending, rules) from error


def _checked_for_uniqueness(pending: PendingRow, unsent: set[str]) -> set[str]:
    """Return the columns of unique sets that the write changes; others are not checked."""
    sent = pending.sent()
    model: type[models.Model] = type(pending.instance)
    if pending.operation == "add":
        pk = primary_key(pending.instance).name
        touched = [names for names in unique_sets(model) if names != {pk} or pk in sent]
    else:
        touched = [names for names in unique_sets(model) if names & sent]
    found = {name for names in touched for name in names}
    return found - filled_by_database(pending.instance)


def _unsent(pending: PendingRow) -> set[str]:
    """Return the fields whose values are not validated, since they were not sent."""
    sent = pending.sent()
    if pending.operation != "add":
        return {f.name for f in columns_of(pending.instance) if f.name not in sent}
    return {f.name for f in columns_of(pending.instance) if f.name not in sent and _is_filled(f)}


def _is_filled(field: Field[Any, Any]) -> bool:
    """Whether a new row is complete without a value for this field."""
    filled = field.null or field.blank or field.has_default() or field.has_db_default()
    return (
        filled or field.primary_key or field.generated or not field.editable or _fills_itself(field)
    )


def _fills_itself(field: object) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def _empty(pending: PendingRow) -> set[str]:
    """Return the foreign keys without a value, which their field has to allow."""
    fields = columns_of(pending.instance)
    return {
        f.name for f in fields if f.remote_field and getattr(pending.instance, f.attname) is None
    }


def _collect(errors: dict[str, list[ValidationError]], step: Callable[[], object]) -> None:
    try:
        step()
    except ValidationError as error:
        for name, found in _by_field(error).items():
            errors.setdefault(name, []).extend(found)


def _by_field(error: ValidationError) -> dict[str, list[ValidationError]]:
    if hasattr(error, "error_dict"):
        found: dict[str, list[ValidationError]] = error.error_dict
        return found
    return {NON_FIELD_ERRORS: list(error.error_list)}


def as_failure(
    error: ValidationError, pending: PendingRow, rules: WriteRules
) -> ValidationFailedError:
    """Return Django's validation error with only the names that the client knows."""
    sent = {part.attribute.name: part.name for part in pending.row.assignments}
    fields: dict[str, list[str]] = {}
    codes: dict[str, list[str]] = {}
    for field, found in _by_field(error).items():
        name = sent.get(field) or (field if _is_known(field, rules) else NON_FIELD_ERRORS)
        hidden = name == NON_FIELD_ERRORS != field
        messages = [HIDDEN] if hidden else [text for one in found for text in _texts(one, rules)]
        fields.setdefault(name, []).extend(map(str, messages))
        codes.setdefault(name, []).extend(str(one.code or "invalid") for one in found)
    return ValidationFailedError(fields, codes, path=pending.place)


def _texts(error: ValidationError, rules: WriteRules) -> list[str]:
    """Return the messages of an error; Django's own tell names of columns and constraints."""
    model = model_of(rules.resource)
    params = error.params or {}
    columns = [*params.get("unique_check", ()), *_named_dates(error)]
    if not all(_is_known(name, rules) for name in columns) or error.message in _names(model):
        return [TOGETHER]
    return error.messages


def _named_dates(error: ValidationError) -> list[str]:
    """Return the column of the date in Django's message that a value is taken on this date."""
    found = (error.params or {}).get("date_field") if error.code == "unique_for_date" else None
    return [found] if isinstance(found, str) else []


@cache
def _names(model: type[models.Model]) -> frozenset[str]:
    """Return Django's default messages, of constraints without one from the project."""
    constraints = [c for one in with_parents(model) for c in one._meta.constraints]
    return frozenset(
        str(one.get_violation_error_message())
        for one in constraints
        if one.violation_error_message == one.default_violation_error_message
    )


def _is_known(field: str, rules: WriteRules) -> bool:
    """Whether errors of a field, or of the row as a whole, may be shown to the caller."""
    return field == NON_FIELD_ERRORS or rules.permissions.knows(field)


def taken_values(pending_rows: Sequence[PendingRow], rules: WriteRules, using: str) -> None:
    """Check single unique columns of many rows by one query for each column.

    Sets of columns and constraints are left to the database, which refuses the whole list then.

    Raises:
        ValidationFailedError: about the first row whose value is taken.
    """
    model = model_of(rules.resource)
    for (name,) in (names for names in unique_sets(model) if len(names) == 1):
        field = model._meta.get_field(name)
        touched = [pending for pending in pending_rows if name in pending.sent()]
        if touched and field.concrete:
            _check_column(touched, field, rules, using)


def _check_column(
    pending_rows: Sequence[PendingRow], field: Field[Any, Any], rules: WriteRules, using: str
) -> None:
    values = [getattr(pending.instance, field.attname) for pending in pending_rows]
    stored = (
        field.model._base_manager.using(using)
        .filter(**{f"{field.attname}__in": [value for value in values if value is not None]})
        .values_list(field.attname, "pk")
    )
    owners: dict[Any, object] = dict(stored)
    keys = {pending.pk for pending in pending_rows if pending.operation == "edit"}
    seen: set[object] = set()
    for pending, value in zip(pending_rows, values, strict=True):
        if value is None:
            continue
        taken = value in owners and owners[value] not in keys
        if taken or value in seen:
            error = pending.instance.unique_error_message(type(pending.instance), (field.name,))
            raise as_failure(ValidationError({field.name: [error]}), pending, rules)
        seen.add(value)


def first_failure(pending_rows: Iterable[PendingRow], rules: WriteRules) -> None:
    """Validate rows one by one, after the database refused them together, to tell which it was.

    Raises:
        ValidationFailedError: about the first row that is not valid.
    """
    for pending in pending_rows:
        validate(pending, rules)
