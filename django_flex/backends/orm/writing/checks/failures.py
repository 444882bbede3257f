"""Errors of Django's validation as ours, with no more names than the caller knows."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy

from django_flex.backends.orm.django_internals.models import with_parents
from django_flex.backends.orm.schema import model_of
from django_flex.exceptions import ValidationFailedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db import models

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import WriteRules

HIDDEN = gettext_lazy("A value that you may not write is missing or invalid.")
TOGETHER = gettext_lazy("These values are not allowed together, or are already taken.")


def collect(errors: dict[str, list[ValidationError]], step: Callable[[], object]) -> None:
    """Run a part of the validation, and add what it finds to the errors by field."""
    try:
        step()
    except ValidationError as error:
        for name, found in by_field(error).items():
            errors.setdefault(name, []).extend(found)


def by_field(error: ValidationError) -> dict[str, list[ValidationError]]:
    """Return the errors of each field; those of the row as a whole are under ``__all__``."""
    if hasattr(error, "error_dict"):
        found: dict[str, list[ValidationError]] = error.error_dict
        return found
    return {NON_FIELD_ERRORS: list(error.error_list)}


def as_failure(
    error: ValidationError, pending: PendingRow, rules: WriteRules
) -> ValidationFailedError:
    """Return Django's validation error with only the names that the client knows."""
    sent = {part.attribute.own_name: part.name for part in pending.row.assignments}
    fields: dict[str, list[str]] = {}
    codes: dict[str, list[str]] = {}
    for field, found in by_field(error).items():
        name = sent.get(field) or (
            _client_name(field, rules) if _is_known(field, rules) else NON_FIELD_ERRORS
        )
        hidden = name == NON_FIELD_ERRORS != field
        if hidden:
            # Once, however many they are and whatever is wrong: both would tell of what is hidden.
            if str(HIDDEN) not in fields.setdefault(name, []):
                fields[name].append(str(HIDDEN))
                codes.setdefault(name, []).append("invalid")
            continue
        messages = [text for one in found for text in _texts(one, rules)]
        fields.setdefault(name, []).extend(map(str, messages))
        codes.setdefault(name, []).extend(str(one.code or "invalid") for one in found)
    # Two columns may have been sent under one name.
    for fault in {(one.name, one.message): one for one in pending.faults}.values():
        fields.setdefault(fault.name, []).append(fault.message)
        codes.setdefault(fault.name, []).append(fault.code)
    return ValidationFailedError(fields, codes, path=pending.place)


def _texts(error: ValidationError, rules: WriteRules) -> list[str]:
    """Return the messages of an error; Django's own tell names of columns and constraints."""
    model = model_of(rules.resource)
    params = error.params or {}
    columns = [*params.get("unique_check", ()), *_named_dates(error)]
    if not all(_is_known(name, rules) for name in columns) or error.message in _names(model):
        return [str(TOGETHER)]
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


def _client_name(field: str, rules: WriteRules) -> str:
    attribute = rules.resource.attribute(field)
    return field if attribute is None or attribute.own_name != field else attribute.name


def _is_known(field: str, rules: WriteRules) -> bool:
    """Whether errors of a field, or of the row as a whole, may be shown to the caller."""
    return field == NON_FIELD_ERRORS or rules.permissions.knows(field)
