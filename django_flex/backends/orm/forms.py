"""Rows that an entry's form or serializer validates in place of the model.

A form (``form_class``) validates, and the row is then saved like any other. A serializer of Django
REST framework (``serializer_class``) also saves, since projects keep logic in ``create`` and
``update``. Neither widens what may be written: the grant was asked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.backends.orm import hooks, persistence
from django_flex.exceptions import ValidationFailedError

if TYPE_CHECKING:
    from django_flex.backends.orm.work import Work
    from django_flex.permissions.authorized_writes import Rules

UNSERVED = "The form of this model does not take this value."


def save_through(work: Work, rules: Rules, using: str) -> None:
    """Validate and save one row as its entry says.

    Raises:
        ValidationFailedError: the form or serializer refuses a value, or does not take it.
    """
    if rules.entry.serializer_class is not None:
        _save_by_serializer(work, rules)
        return
    _validate_by_form(work, rules)
    hooks.call("before", work, rules)
    if work.operation == "add":
        persistence.insert([work], rules, using)
    else:
        persistence.update([work], rules, using)


def _validate_by_form(work: Work, rules: Rules) -> None:
    form = rules.entry.form_class(data=_values(work), instance=work.instance)
    sent = _sent(work, rules)
    _refuse_unserved(sent, form.fields, work)
    for name in [name for name in form.fields if name not in sent]:
        if work.operation == "edit" or _has_default(work.instance, name):
            del form.fields[name]
    if not form.is_valid():
        raise _failure(
            {
                name: [(str(m), e.code) for e in errors.as_data() for m in e.messages]
                for name, errors in form.errors.items()
            },
            work,
        )


def _has_default(instance: Any, name: str) -> bool:
    """Whether the model fills a field of the form; a form wants it sent all the same."""
    attribute = {f.name: f for f in instance._meta.concrete_fields}.get(name)
    return attribute is not None and (attribute.has_default() or attribute.has_db_default())


def _save_by_serializer(work: Work, rules: Rules) -> None:
    editing = work.operation == "edit"
    serializer = rules.entry.serializer_class(
        work.instance if editing else None,
        data=_values(work),
        partial=editing,
        context={"request": rules.access.actor.request},
    )
    fields = {name for name, field in serializer.fields.items() if not field.read_only}
    _refuse_unserved(_sent(work, rules), fields, work)
    if not serializer.is_valid():
        raise _failure(
            {
                name: [(str(one), getattr(one, "code", None)) for one in _flat(errors)]
                for name, errors in serializer.errors.items()
            },
            work,
        )
    hooks.call("before", work, rules)
    presets = {
        preset.attribute.lookup: getattr(work.instance, preset.attribute.lookup)
        for preset in rules.presets
    }
    work.instance = serializer.save(**presets)


def _flat(errors: Any) -> list[Any]:
    """Return the messages of a field, whose errors may be nested as its values are."""
    if isinstance(errors, dict):
        errors = list(errors.values())
    if isinstance(errors, list):
        return [one for part in errors for one in _flat(part)]
    return [errors]


def _values(work: Work) -> dict[str, Any]:
    """Return what was sent by the model's own names: whole columns, and keys of linked rows."""
    columns = {
        part.attribute.name: getattr(work.instance, part.attribute.lookup)
        for part in work.row.assignments
    }
    linked = {
        links.relation.lookup: list(links.add if links.replace is None else links.replace)
        for links in work.row.links
    }
    return {**columns, **linked}


def _sent(work: Work, rules: Rules) -> dict[str, str]:
    """Return the columns that the client named: the model's name, and the client's."""
    presets = {preset.attribute.name for preset in rules.presets}
    return {
        part.attribute.name: part.name
        for part in work.row.assignments
        if part.attribute.name not in presets
    }


def _refuse_unserved(sent: dict[str, str], fields: Any, work: Work) -> None:
    unserved = [name for name in sent if name not in fields]
    if unserved:
        raise _failure({name: [(UNSERVED, "unserved")] for name in unserved}, work)


def _failure(found: dict[str, list[tuple[str, str | None]]], work: Work) -> ValidationFailedError:
    names = {part.attribute.name: part.name for part in work.row.assignments}
    fields = {names.get(name, name): [text for text, _ in errors] for name, errors in found.items()}
    codes = {
        names.get(name, name): [code or "invalid" for _, code in errors]
        for name, errors in found.items()
    }
    return ValidationFailedError(fields, codes, path=work.place)
