"""Validation by the model itself: its fields, its ``clean``, its unique sets and constraints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models

from django_flex.exceptions import ValidationFailedError
from django_flex.schema.inputs import is_computed
from django_flex.schema.introspection import unique_sets
from django_flex.schema.paths import Target

if TYPE_CHECKING:
    from django_flex.backends.orm.work import Work
    from django_flex.permissions.authorized_writes import Rules

HIDDEN = "A value that is not yours to send is missing or not valid."
TOGETHER = "These values cannot stand together, or are taken."


def validate(work: Work, rules: Rules, *, unique: bool = True) -> None:
    """Validate one row as Django's ``full_clean`` does, fields that were not sent left out.

    Of a new row a field that was not sent is validated all the same if nothing fills it.

    Args:
        work: the row, values in it.
        rules: those of its operation.
        unique: also what needs a query: unique sets and constraints.

    Raises:
        ValidationFailedError: with the messages by the name that each value was sent under.
    """
    instance, errors = work.instance, dict[str, list[ValidationError]]()
    unsent = _unsent(work)
    if type(instance).full_clean is not models.Model.full_clean:
        _collect(errors, lambda: instance.full_clean(exclude=unsent))
    else:
        # Keys of other rows are looked up once, with the rules that apply to those rows.
        keys = {f.name for f in instance._meta.concrete_fields if f.remote_field} - _empty(work)
        _collect(errors, lambda: instance.clean_fields(exclude=unsent | keys))
        _collect(errors, instance.clean)
        if unique:
            _collect_unique(work, errors, unsent)
    if errors:
        raise as_failure(ValidationError(errors), work, rules)


def _collect_unique(work: Work, errors: dict[str, Any], unsent: set[str]) -> None:
    instance = work.instance
    failed = {name for name in errors if name != NON_FIELD_ERRORS}
    checked = _checked_for_uniqueness(work, unsent)
    if checked:
        names = {f.name for f in instance._meta.concrete_fields}
        exclude = (names - checked) | failed
        _collect(errors, lambda: instance.validate_unique(exclude=exclude))
    if any(model._meta.constraints for model in (type(instance), *instance._meta.all_parents)):
        exclude = failed | _from_database(instance)
        _collect(errors, lambda: instance.validate_constraints(exclude=exclude))


def _checked_for_uniqueness(work: Work, unsent: set[str]) -> set[str]:
    """Return the columns of unique sets that the write touches, so that no query is for nothing."""
    sent = work.sent()
    model: type[models.Model] = type(work.instance)
    if work.operation == "add":
        pk = work.instance._meta.pk.name
        touched = [names for names in unique_sets(model) if names != {pk} or pk in sent]
    else:
        touched = [names for names in unique_sets(model) if names & sent]
    found = {name for names in touched for name in names}
    return found - _from_database(work.instance)


def _from_database(instance: models.Model) -> set[str]:
    """Return the columns whose value only the database will know."""
    return {
        f.name
        for f in instance._meta.concrete_fields
        if isinstance(getattr(instance, f.attname, None), models.expressions.DatabaseDefault)
        or f.generated
    }


def _unsent(work: Work) -> set[str]:
    """Return the fields whose values are not validated, since nobody sent them."""
    sent = work.sent()
    if work.operation != "add":
        return {f.name for f in work.instance._meta.concrete_fields if f.name not in sent}
    return {
        f.name for f in work.instance._meta.concrete_fields if f.name not in sent and _is_filled(f)
    }


def _is_filled(field: Any) -> bool:
    """Whether a new row is complete without a value for this field."""
    filled = field.null or field.blank or field.has_default() or field.has_db_default()
    return (
        filled or field.primary_key or field.generated or not field.editable or _fills_itself(field)
    )


def _fills_itself(field: Any) -> bool:
    return bool(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False))


def _empty(work: Work) -> set[str]:
    """Return the foreign keys without a value, which their field has to allow."""
    fields = work.instance._meta.concrete_fields
    return {f.name for f in fields if f.remote_field and getattr(work.instance, f.attname) is None}


def _collect(errors: dict[str, list[ValidationError]], step: Any) -> None:
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


def as_failure(error: ValidationError, work: Work, rules: Rules) -> ValidationFailedError:
    """Return Django's validation error with the names that the client knows, and no others."""
    sent = {part.attribute.name: part.name for part in work.row.assignments}
    fields: dict[str, list[str]] = {}
    codes: dict[str, list[str]] = {}
    for field, found in _by_field(error).items():
        name = sent.get(field) or (field if _is_known(field, rules) else NON_FIELD_ERRORS)
        hidden = name == NON_FIELD_ERRORS != field
        messages = [HIDDEN] if hidden else [text for one in found for text in _texts(one, rules)]
        fields.setdefault(name, []).extend(map(str, messages))
        codes.setdefault(name, []).extend(str(one.code or "invalid") for one in found)
    return ValidationFailedError(fields, codes, path=work.place)


def _texts(error: ValidationError, rules: Rules) -> list[str]:
    """Return the messages of an error; Django's own tell names of columns and constraints."""
    model = rules.entry.resource.model
    columns = (error.params or {}).get("unique_check", ())
    if not all(_is_known(name, rules) for name in columns) or error.message in _names(model):
        return [TOGETHER]
    return error.messages


@cache
def _names(model: type[models.Model]) -> frozenset[str]:
    """Return the messages of constraints for which the project has none of its own."""
    constraints = [c for one in (model, *model._meta.all_parents) for c in one._meta.constraints]
    return frozenset(
        str(one.get_violation_error_message())
        for one in constraints
        if one.violation_error_message == one.default_violation_error_message
    )


def _is_known(field: str, rules: Rules) -> bool:
    """Whether a caller may hear of a field: it may be written, or it is no column at all."""
    attribute = rules.access.resource.attributes.get(field)
    if attribute is None:
        return field == NON_FIELD_ERRORS or rules.access.resource.relation(field) is None
    return rules.access.readable(Target((), attribute)) and not is_computed(attribute)


def taken_values(works: Sequence[Work], rules: Rules, using: str) -> None:
    """Check single unique columns of many rows by one query for each column.

    Sets of columns and constraints are left to the database, which refuses the whole list then.

    Raises:
        ValidationFailedError: about the first row whose value is taken.
    """
    model = rules.entry.resource.model
    for (name,) in (names for names in unique_sets(model) if len(names) == 1):
        field = model._meta.get_field(name)
        touched = [work for work in works if name in work.sent()]
        if touched and field.concrete:
            _check_column(touched, field, rules, using)


def _check_column(works: Sequence[Work], field: Any, rules: Rules, using: str) -> None:
    values = [getattr(work.instance, field.attname) for work in works]
    stored = (
        field.model._base_manager.using(using)
        .filter(**{f"{field.attname}__in": [value for value in values if value is not None]})
        .values_list(field.attname, "pk")
    )
    owners: dict[Any, Any] = dict(stored)
    keys = {work.pk for work in works if work.operation == "edit"}
    seen: set[Any] = set()
    for work, value in zip(works, values, strict=True):
        if value is None:
            continue
        taken = value in owners and owners[value] not in keys
        if taken or value in seen:
            error = work.instance.unique_error_message(type(work.instance), (field.name,))
            raise as_failure(ValidationError({field.name: [error]}), work, rules)
        seen.add(value)


def first_failure(works: Iterable[Work], rules: Rules) -> None:
    """Validate rows one by one, after the database refused them together, to tell which it was.

    Raises:
        ValidationFailedError: about the first row that is not valid.
    """
    for work in works:
        validate(work, rules)
