"""Rows that an entry's form or serializer validates in place of the model.

A form (``form_class``) validates, and the row is then saved like any other. A serializer of Django
REST framework (``serializer_class``) also saves, since projects keep logic in ``create`` and
``update``. Neither widens what may be written: the grant was asked before.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy

from django_flex.backends.orm.django_internals.models import columns_of
from django_flex.backends.orm.writing import hooks, passwords, persistence
from django_flex.backends.orm.writing.checks.failures import as_failure
from django_flex.backends.orm.writing.checks.new_values import check_key
from django_flex.backends.orm.writing.checks.taken_for_denied import (
    is_about_other_rows,
    is_allowed,
)
from django_flex.backends.orm.writing.model_code import require_stored
from django_flex.backends.orm.writing.uploads import saves_watched, sent_files, watch_stored
from django_flex.backends.orm.writing.validation import refuse_assigned, refuse_faults
from django_flex.exceptions import RowDeniedError, ValidationFailedError

if TYPE_CHECKING:
    from collections.abc import Container

    from django.db.models import Model

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import LinkChanges, WriteRules

    #: Messages and codes by the name of the field.
    Errors = dict[str, list[tuple[str, str | None]]]

UNSERVED = gettext_lazy("The form of this model does not accept this value.")


def save_through(pending: PendingRow, rules: WriteRules, using: str) -> None:
    """Validate and save one row as its entry says.

    Raises:
        ValidationFailedError: the form or serializer refuses a value, or does not take it.
        RowDeniedError: nothing but values that are taken, of a row that the rules do not allow.
    """
    if pending.refused:
        refuse_assigned(pending, rules)
    refuse_faults(pending, rules)
    if rules.code.serializer_class is not None:
        _save_by_serializer(pending, rules, using)
        return
    _validate_by_form(pending, rules)
    hooks.call("before", pending, rules)
    if pending.operation == "add":
        persistence.insert([pending], rules, using)
        _check_key(pending, rules)
    else:
        persistence.update([pending], rules, using)


def _validate_by_form(pending: PendingRow, rules: WriteRules) -> None:
    form = rules.code.form_class(
        data={**_values(pending), **_names_as_text(pending)},
        files=sent_files(pending),
        instance=pending.instance,
    )
    sent = _sent(pending, rules)
    _refuse_unserved(sent, form.fields, pending)
    for name in [name for name in form.fields if name not in sent]:
        if pending.operation == "edit" or _has_default(pending.instance, name):
            del form.fields[name]
    if not form.is_valid():
        errors = {
            name: [(str(m), e.code) for e in some.as_data() for m in e.messages]
            for name, some in form.errors.items()
        }
        raise _failure(_to_tell(errors, pending, rules), pending)
    _validate_passwords(pending, rules)
    passwords.set_passwords(pending)


def _validate_passwords(pending: PendingRow, rules: WriteRules) -> None:
    try:
        passwords.check_passwords(pending)
    except ValidationError as error:
        raise as_failure(error, pending, rules) from error


def _check_key(pending: PendingRow, rules: WriteRules) -> None:
    try:
        check_key(pending)
    except ValidationError as error:
        raise as_failure(error, pending, rules) from error


def _has_default(instance: Model, name: str) -> bool:
    """Whether the model fills a field of the form; a form wants it sent all the same."""
    attribute = {f.name: f for f in columns_of(instance)}.get(name)
    return attribute is not None and (attribute.has_default() or attribute.has_db_default())


def _save_by_serializer(pending: PendingRow, rules: WriteRules, using: str) -> None:
    editing = pending.operation == "edit"
    serializer = rules.code.serializer_class(
        pending.instance if editing else None,
        data=_values(pending),
        partial=editing,
        context={"request": rules.code.request},
    )
    fields = {name for name, field in serializer.fields.items() if not field.read_only}
    _refuse_unserved(_sent(pending, rules), fields, pending)
    if not serializer.is_valid():
        errors = {
            name: [(str(one), getattr(one, "code", None)) for one in _flat(some)]
            for name, some in serializer.errors.items()
        }
        raise _failure(_to_tell(errors, pending, rules), pending)
    _validate_passwords(pending, rules)
    hooks.call("before", pending, rules)
    presets = {preset.lookup: getattr(pending.instance, preset.lookup) for preset in rules.presets}
    for links in pending.row.links:
        # Written later, as links that the caller may see: here a list would be all of them.
        serializer.validated_data.pop(links.relation.lookup, None)
    sent = sent_files(pending)
    saving: AbstractContextManager[list[Any]] = saves_watched() if sent else nullcontext([])
    with saving as watched:
        pending.instance = serializer.save(**presets)
    watch_stored(pending.instance, sent, using, watched)
    _check_key(pending, rules)
    if not editing:
        require_stored(pending.instance, using)
    passwords.hash_plain_ones(pending, using)


def _flat(errors: object) -> list[object]:
    """Return the messages of a field, whose errors may be nested as its values are."""
    if isinstance(errors, dict):
        errors = list(errors.values())
    if isinstance(errors, list):
        return [one for part in errors for one in _flat(part)]
    return [errors]


def _values(pending: PendingRow) -> dict[str, object]:
    """Return what was sent by the model's own names: whole columns, and keys of linked rows."""
    columns = {
        part.attribute.own_name: part.value
        if part.attribute.hashed
        else getattr(pending.instance, part.attribute.lookup)
        for part in pending.row.assignments
    }
    linked = {links.relation.lookup: _linked(links) for links in pending.row.links}
    # A file that is removed is null, not an object without a name.
    removed = {
        name: None for name, one in columns.items() if isinstance(one, FieldFile) and not one
    }
    return {**columns, **linked, **removed, **sent_files(pending)}


def _linked(links: LinkChanges) -> list[object]:
    """Return the keys of linked rows, or the names that these are called by."""
    if links.relation.called is not None:
        return list(links.names)
    return list(links.add if links.replace is None else links.replace)


def _names_as_text(pending: PendingRow) -> dict[str, str]:
    """Return names of linked rows as the form field of django-taggit takes them."""
    return {
        links.relation.lookup: ", ".join(f'"{name}"' for name in links.names)
        for links in pending.row.links
        if links.relation.called is not None
    }


def _sent(pending: PendingRow, rules: WriteRules) -> dict[str, str]:
    """Return the columns that the client named: the model's name, and the client's."""
    presets = {preset.own_name for preset in rules.presets}
    return {
        part.attribute.own_name: part.name
        for part in pending.row.assignments
        if part.attribute.own_name not in presets
    }


def _refuse_unserved(sent: dict[str, str], fields: Container[str], pending: PendingRow) -> None:
    unserved = [name for name in sent if name not in fields]
    if unserved:
        raise _failure({name: [(str(UNSERVED), "unserved")] for name in unserved}, pending)


def _to_tell(found: Errors, pending: PendingRow, rules: WriteRules) -> Errors:
    """Return errors without those about other rows, if the caller may not write this one.

    Raises:
        RowDeniedError: there are no others.
    """
    left = {
        name: [(text, code) for text, code in some if not is_about_other_rows(name, code)]
        for name, some in found.items()
    }
    if left == found or is_allowed(pending, rules):
        return found
    if not any(left.values()):
        raise RowDeniedError(path=pending.place)
    return {name: some for name, some in left.items() if some}


def _failure(found: Errors, pending: PendingRow) -> ValidationFailedError:
    names = {part.attribute.own_name: part.name for part in pending.row.assignments}
    fields = {names.get(name, name): [text for text, _ in errors] for name, errors in found.items()}
    codes = {
        names.get(name, name): [code or "invalid" for _, code in errors]
        for name, errors in found.items()
    }
    return ValidationFailedError(fields, codes, path=pending.place)
