"""Passwords of users: validated as Django validates them, and stored as a hash only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.hashers import identify_hasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from django_flex.backends.orm.writing.pending_rows import PendingRow
    from django_flex.resolved import Assignment


def check_passwords(pending: PendingRow) -> None:
    """Run the project's password validators, which see the other values of the row.

    Raises:
        ValidationError: a password is missing, or a validator refuses it.
    """
    instance: Any = pending.instance
    for part in sent_passwords(pending):
        field = instance._meta.get_field(part.attribute.own_name)
        if part.value is None or part.value == "":
            code = "null" if part.value is None else "blank"
            raise ValidationError({field.name: ValidationError(field.error_messages[code], code)})
        try:
            validate_password(str(part.value), user=instance)
        except ValidationError as error:
            raise ValidationError({field.name: error.error_list}) from error


def set_passwords(pending: PendingRow) -> None:
    """Put the hash of what was sent on the row, by the model's own ``set_password``.

    A form may have hashed it before.
    """
    instance: Any = pending.instance
    for part in sent_passwords(pending):
        if not _is_set(pending, part):
            instance.set_password(part.value)


def hash_plain_ones(pending: PendingRow, using: str) -> None:
    """Replace what a serializer has stored as it was sent, since it does not know better."""
    instance: Any = pending.instance
    for part in sent_passwords(pending):
        if not _is_set(pending, part):
            instance.set_password(part.value)
            instance.save(using=using, update_fields=[part.attribute.own_name])


def _is_set(pending: PendingRow, part: Assignment) -> bool:
    """Whether code of the project has put a hash on the row, and not the text that was sent."""
    stored = getattr(pending.instance, part.attribute.lookup)
    if stored in {pending.before.get(part.attribute.lookup), str(part.value).strip(), part.value}:
        return False
    try:
        identify_hasher(stored)
    except ValueError:
        return False
    return True


def sent_passwords(pending: PendingRow) -> list[Assignment]:
    """Return the values that a hash of is to be stored."""
    return [part for part in pending.row.assignments if part.attribute.hashed]
