"""Which values a new row lacks, and until when code of the project may fill them.

``clean``, hooks, receivers of signals, ``save`` and the ``pre_save`` of a field may give a row what
was not sent. Such a value is validated as soon as nothing can fill it any more.
"""

from __future__ import annotations

import logging
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import IntegrityError, models

from django_flex.backends.orm.django_internals.models import columns_of, primary_key
from django_flex.backends.orm.on_error import OnError
from django_flex.backends.orm.writing.checks.failures import as_failure
from django_flex.backends.orm.writing.checks.odd_values import retyped_values
from django_flex.backends.orm.writing.descriptors import UNFIT
from django_flex.backends.orm.writing.pending_rows import needed_fields
from django_flex.schema.model_declarations import (
    has_no_empty_value,
    is_cleaned_by_project,
    may_be_filled_by_saving,
    needs_value,
)
from django_flex.signals import WRITE_SIGNALS

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable
    from contextlib import AbstractContextManager

    from django.db.models import Field, Model

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules

logger = logging.getLogger("django_flex")

#: What code raises that meets a value that is not there, and the database that refuses a null.
STUMBLES = (AttributeError, LookupError, ObjectDoesNotExist, TypeError, IntegrityError)

#: What code raises that meets a value of a type that it does not expect.
ODDITIES = (AttributeError, LookupError, TypeError)


class Stage(IntEnum):
    """When a value that was not sent has to be there: after what may fill it."""

    AT_ONCE = 0
    CLEANED = 1
    HOOKS_CALLED = 2
    SAVED = 3


def due(field: Field[Any, Any], model: type[Model], rules: WriteRules) -> Stage:
    """Return when a new row has to have a value for a field."""
    if may_be_filled_by_saving(field, model):
        return Stage.SAVED
    if rules.code.hooks.get("before_add") or WRITE_SIGNALS["before_add"].has_listeners(model):
        return Stage.HOOKS_CALLED
    return Stage.CLEANED if is_cleaned_by_project(model) else Stage.AT_ONCE


def still_open(pending: PendingRow, rules: WriteRules, stage: Stage) -> set[str]:
    """Return the names of those that are empty, and may be filled after a stage."""
    model = type(pending.instance)
    return {
        f.name
        for f in pending.columns().lacked
        if due(f, model, rules) > stage and _is_empty(f, pending.instance)
    }


def check_due(pending: PendingRow, rules: WriteRules, stage: Stage) -> None:
    """Validate what was not sent, and what nothing can fill after this stage.

    Raises:
        ValidationError: a value is still missing, or is not valid as it was filled.
    """
    model = type(pending.instance)
    names = {f.name for f in pending.columns().lacked if due(f, model, rules) is stage}
    clean_columns(pending.instance, names)


def check_filled_by_hooks(pending: PendingRow, rules: WriteRules) -> None:
    """Validate what hooks and receivers of ``before_add`` had to fill.

    Raises:
        ValidationFailedError: a value is still missing, or is not valid as it was filled.
    """
    try:
        check_due(pending, rules, Stage.HOOKS_CALLED)
    except ValidationError as error:
        raise as_failure(error, pending, rules) from error


def check_saved(pending: PendingRow, rules: WriteRules, using: str) -> None:
    """Validate what the model, its receivers and its fields filled while a new row was saved.

    Raises:
        ValidationFailedError: a value is still missing, or is not valid as it was filled.
    """
    wanted, instance = pending.columns().lacked, pending.instance
    fields = [f for f in wanted if due(f, type(instance), rules) is Stage.SAVED]
    # A field, an UPDATE or a trigger may have stored a value without putting it on the object.
    _read_again([f for f in fields if _is_empty(f, instance)], instance, using)
    try:
        clean_columns(instance, {f.name for f in fields})
        check_key(pending)
    except ValidationError as error:
        raise as_failure(error, pending, rules) from error


def check_key(pending: PendingRow, known: Container[str] = ()) -> None:
    """Refuse a new row without a key, also where the column may be blank.

    Args:
        pending: the row.
        known: the names of columns that are not checked, or that something is wrong with already.

    Raises:
        ValidationError: about the key.
    """
    pk = pending.instance.pk
    if pending.operation != "add" or pk not in (None, ""):
        return
    key = primary_key(pending.instance)
    if key.name not in known and (pk is not None or key.name in needed_fields(key.model)):
        raise ValidationError({key.name: ValidationError(key.error_messages["blank"], "blank")})


def lack_named(pending: PendingRow, rules: WriteRules) -> AbstractContextManager[None]:
    """Run code of the project; if it fails on values that are missing, or of any type, name these.

    Raises:
        ValidationFailedError: the code stumbled, or the database refused a null.
    """
    return OnError(partial(name_lack, pending, rules))


def name_lack(pending: PendingRow, rules: WriteRules, error: Exception) -> None:
    """Name the values that code or the database failed on: a new row lacks them, or their type is odd.

    Raises:
        ValidationFailedError: there are such values.
    """
    found = lacking(pending, error)
    if not found and isinstance(error, ODDITIES):
        found = {name: [ValidationError(UNFIT, "invalid")] for name in retyped_values(pending)}
        if found:
            logger.warning("A row was not saved with the values that were sent", exc_info=error)
    if found:
        raise as_failure(ValidationError(found), pending, rules) from error


def lacking(pending: PendingRow, error: Exception) -> dict[str, list[ValidationError]]:
    """Return the errors of the values that a new row lacks, after code failed on it."""
    found = _lacks(pending) if isinstance(error, STUMBLES) else {}
    if found:
        logger.warning("A new row lacks values: %s", ", ".join(found), exc_info=error)
    return found


def may_lack(pending: PendingRow) -> bool:
    """Whether a failure of the database may be due to values that a new row lacks."""
    return bool(_lacks(pending))


def _lacks(pending: PendingRow) -> dict[str, list[ValidationError]]:
    if pending.operation != "add":
        return {}
    instance, sent = pending.instance, pending.sent()
    found: dict[str, list[ValidationError]] = {}
    for field in columns_of(instance):
        # A generated column cannot be read before the database has worked it out.
        if field.name in sent or field.generated or not _is_empty(field, instance):
            continue
        if needs_value(field):
            code = "null" if _value(field, instance) is None else "blank"
            found[field.name] = [ValidationError(field.error_messages[code], code)]
        elif has_no_empty_value(field) and _value(field, instance) is None:
            found[field.name] = [ValidationError(field.error_messages["null"], "null")]
    return found


def clean_columns(instance: Model, names: Collection[str]) -> None:
    """Validate some columns of a row; keys of other rows that are there are left to the database.

    Raises:
        ValidationError: with the messages by field.
    """
    if not names:
        return
    fields = columns_of(instance)
    checked = {f.name for f in fields if f.name in names and _can_be_cleaned(f, instance)}
    if checked:
        models.Model.clean_fields(instance, exclude={f.name for f in fields} - checked)


def _can_be_cleaned(field: Field[Any, Any], instance: Model) -> bool:
    value = _value(field, instance)
    return not _is_expression(value) and (field.remote_field is None or value is None)


def _read_again(fields: Iterable[Field[Any, Any]], instance: Model, using: str) -> None:
    names = [f.attname for f in fields]
    if not names or instance.pk is None:
        return
    stored = type(instance)._base_manager.using(using).filter(pk=instance.pk).values(*names)
    for name, value in next(iter(stored), {}).items():
        setattr(instance, name, value)


def _is_empty(field: Field[Any, Any], instance: Model) -> bool:
    value = _value(field, instance)
    return not _is_expression(value) and value in field.empty_values


def _value(field: Field[Any, Any], instance: Model) -> object:
    """Return a column as it is stored on the row; a descriptor may refuse to show it."""
    name, found = field.attname, instance.__dict__
    return found[name] if name in found else getattr(instance, name)


def _is_expression(value: object) -> bool:
    """Whether the database works a value out."""
    return hasattr(value, "resolve_expression")
