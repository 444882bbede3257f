"""Limits fields of forms and serializers that choose rows to those that the caller may see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models

from django_flex.actions.declare.inputs import failure
from django_flex.exceptions.places import worded
from django_flex.schema.conversions.keys import is_complete
from django_flex.schema.model_attributes import column_compared_as

if TYPE_CHECKING:
    from django_flex.actions.declare.definitions import InputContext


def narrow(fields: Iterable[Any], info: InputContext) -> None:
    """Limit all fields that choose rows to those that the caller may see, at any depth.

    A field of REST framework may be a list (``child``), a serializer (``fields``) or choose many
    rows (``child_relation``); a form field may consist of several (``fields``).
    """
    for one in fields:
        parts = getattr(one, "fields", ())
        narrow(parts.values() if isinstance(parts, Mapping) else parts, info)
        inner = getattr(one, "child_relation", None) or getattr(one, "child", None)
        if inner is not None:
            narrow([inner], info)
        elif hasattr(one, "get_queryset"):
            # A custom field may define its own queryset, on the class or the instance.
            one.get_queryset = partial(_narrowed, one.get_queryset, info)
        elif getattr(one, "queryset", None) is not None:
            one.queryset = info.rows.narrow(one.queryset.all())


def _narrowed(get_queryset: Callable[[], Any], info: InputContext) -> object:
    found = get_queryset()
    return None if found is None else info.rows.narrow(found.all())


def _is_narrowed(field: object) -> bool:
    kinds = ("queryset", "get_queryset", "child_relation")
    return any(getattr(field, name, None) is not None for name in kinds)


def check_rows(
    found: object, fields: Mapping[str, object], sent: Mapping[str, object], info: InputContext
) -> None:
    """Refuse rows that a custom field found, but that the caller may not see.

    Raises:
        ValidationFailedError: it names the input.
    """
    values = found.items() if isinstance(found, Mapping) else ()
    for name, value in values:
        if name not in sent or _is_narrowed(fields.get(name)):
            continue
        rows = [row for row in _rows_in(value) if is_complete(row.pk)]
        for model in {type(row) for row in rows}:
            keys = {row.pk for row in rows if type(row) is model}
            named = {f"{column_compared_as(model, 'pk')}__in": keys}
            visible = info.rows.narrow(model._base_manager.filter(**named))
            if visible.count() < len(keys):
                raise failure(
                    {name: worded("{} does not exist.", f"{sent[name]!s:.100}")}, "does_not_exist"
                )


def _rows_in(value: object) -> Iterator[models.Model]:
    if isinstance(value, models.Model):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _rows_in(part)
    elif isinstance(value, list | tuple | set):
        for part in value:
            yield from _rows_in(part)
