"""Values that a field lets pass in any form, and that ``clean`` of a model stumbles over."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from django_flex.backends.orm.django_internals.models import columns_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import Assignment


def odd_values(pending: PendingRow) -> list[str]:
    """Return the columns without whose new values ``clean`` would not have failed.

    Only those that no type restricts are asked about: for a fault of the model's code with other
    values no client is to blame.
    """
    names = [part.attribute.own_name for part in pending.row.assignments if _has_any_form(part)]
    names = list(dict.fromkeys(names))
    found = [name for name in names if _passes_without(pending, [name])]
    return found or (names if len(names) > 1 and _passes_without(pending, names) else [])


def _has_any_form(part: Assignment) -> bool:
    """Whether a value is JSON, or one of a project's own field that is no text."""
    if part.value is None:
        return False
    # An empty text is not given to a field that may be blank, so it stays one.
    custom = part.attribute.custom and not (isinstance(part.value, str) and part.value)
    return custom or part.attribute.kind == "json"


def retyped_values(pending: PendingRow) -> list[str]:
    """Return the columns that no type restricts and whose values are of another one than before.

    Code that saves a row cannot be tried again without them: it may do more than to save it.
    """
    fields, found = {f.name: f for f in columns_of(pending.instance)}, list[str]()
    for part in pending.row.assignments:
        if part.keys or not _has_any_form(part):
            continue
        field = fields[part.attribute.own_name]
        before = pending.before
        reference = before[field.attname] if before else field.get_default()
        if type(pending.instance.__dict__.get(field.attname)) is not type(reference):
            found.append(field.name)
    return found


def _passes_without(pending: PendingRow, names: Collection[str]) -> bool:
    """Whether ``clean`` takes the row with some columns as they were, or as they are by default."""
    trial = copy.copy(pending.instance)
    trial.__dict__ = dict(pending.instance.__dict__)
    for field in columns_of(trial):
        if field.name in names:
            before = pending.before
            value = before[field.attname] if before else field.get_default()
            trial.__dict__[field.attname] = value
    try:
        trial.clean()
    except ValidationError:
        return True
    except Exception:  # noqa: BLE001 - the first one is reported
        return False
    return True
