"""What follows from which columns a row is sent, whatever their values: the same for many rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.django_internals.models import columns_of, fields_with_columns
from django_flex.backends.orm.schema import field_of
from django_flex.dataclass_init import fast_init
from django_flex.query.kinds import CUSTOM
from django_flex.schema.field_checks import is_plain
from django_flex.schema.model_declarations import needs_value

if TYPE_CHECKING:
    from django.db.models import Field, Model

    from django_flex.resolved import RowWrite
    from django_flex.schema.resources import Attribute

#: The kinds of columns that take files: of a custom one only its field knows.
_MAY_BE_FILES = CUSTOM | {"file"}


@fast_init
@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SentColumns:
    """The columns of a model that are sent for a row.

    Attributes:
        names: those that the write sets.
        unfit: those of them whose values do not fit.
        lacked: the fields that a new row needs a value for, and that are not among them.
        skipped: the names of the columns that are not validated as they are: what is not sent,
            unless it is lacked, what does not fit, and passwords, of which the row has a hash.
        never_null: the fields that a null is refused for.
        custom: the fields of a project's own classes, which may fail to convert a value.
        hashed: whether there is a password.
        files: whether there may be an uploaded file.
    """

    names: frozenset[str]
    unfit: frozenset[str]
    lacked: tuple[Field[Any, Any], ...]
    skipped: frozenset[str]
    never_null: tuple[Field[Any, Any], ...]
    custom: tuple[Field[Any, Any], ...]
    hashed: bool
    files: bool


def columns_sent(row: RowWrite, model: type[Model], operation: str) -> SentColumns:
    """Return what follows from the columns that a row is sent.

    Args:
        row: how it is written.
        model: its model.
        operation: ``add``, or another one.
    """
    sent = tuple([part.attribute for part in row.assignments])
    unfit = tuple([fault.column for fault in row.faults]) if row.faults else ()
    return _columns(model, sent, unfit, is_new=operation == "add")


@lru_cache(maxsize=1_024)  # clients choose which columns they send
def _columns(
    model: type[Model], sent: tuple[Attribute, ...], unfit: tuple[str, ...], *, is_new: bool
) -> SentColumns:
    fields = [field_of(attribute) for attribute in dict.fromkeys(sent)]
    names = frozenset([*(attribute.own_name for attribute in sent), *unfit])
    needed = needed_fields(model) if is_new else {}
    lacked = tuple(field for name, field in needed.items() if name not in names)
    hashed = {attribute.own_name for attribute in sent if attribute.hashed}
    return SentColumns(
        names=names,
        unfit=frozenset(unfit),
        lacked=lacked,
        skipped=(fields_with_columns(model) - names - {f.name for f in lacked}).union(
            unfit, hashed
        ),
        never_null=tuple(f for f in fields if not (f.null or f.primary_key)),
        custom=tuple(f for f in fields if not (is_plain(f) or f.remote_field)),
        hashed=bool(hashed),
        files=any(attribute.kind in _MAY_BE_FILES for attribute in sent),
    )


@cache
def needed_fields(model: type[Model]) -> dict[str, Field[Any, Any]]:
    """Return the fields that a new row of a model needs a value for, by name."""
    return {f.name: f for f in columns_of(model) if needs_value(f)}
