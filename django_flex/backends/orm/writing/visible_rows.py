"""The rows that inputs of an action may name: querysets of the project, narrowed for its caller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from django_flex.backends.orm.django_internals.keys import has_one_of, is_among
from django_flex.backends.orm.expressions.conditions import visible_rows
from django_flex.backends.orm.writing.rows import allowed_rows
from django_flex.exceptions import LimitExceededError
from django_flex.exceptions.places import worded
from django_flex.schema.field_checks import coerce_key
from django_flex.schema.model_attributes import column_compared_as
from django_flex.schema.values import UnfitValueError

if TYPE_CHECKING:
    from django.db import models
    from django.db.models import QuerySet

    from django_flex.resolved import InputRows


class OrmVisibleRows:
    """The rows of other models that an input may name: those that the caller may see."""

    __slots__ = ("_inputs", "_using")

    def __init__(self, inputs: InputRows, using: str) -> None:
        self._inputs = inputs
        self._using = using

    @property
    def unrestricted(self) -> bool:
        """Whether code said that no permission narrows the run."""
        return self._inputs.unrestricted

    def find(
        self, model: type[models.Model], keys: Iterable[object]
    ) -> Mapping[object, models.Model]:
        """Return the visible rows among some keys, by the key as it was sent.

        Raises:
            LimitExceededError: too many keys.
        """
        allowed = self._inputs.nameable_rows(model)
        pk = allowed.resource.pk
        typed: dict[object, object] = {}
        for key in keys:
            with suppress(UnfitValueError):
                typed[key] = coerce_key(key, pk)
        most = self._inputs.max_keys
        if len(typed) > most:
            raise LimitExceededError("Too many keys in an input", hint=worded("at most {}", most))
        rows = self._inheriting(visible_rows(allowed, self._using).using(self._using))
        found: dict[object, models.Model] = {
            one.pk: one for one in rows.filter(has_one_of(rows.model, typed.values()))
        }
        return {key: found[value] for key, value in typed.items() if value in found}

    def _inheriting(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the part of a queryset whose rows are not hidden under another model's name."""
        for column, rows in self._inputs.inherited(queryset.model):
            keys = visible_rows(rows, self._using).using(self._using).order_by().values("pk")
            queryset = queryset.filter(
                **{f"{column_compared_as(queryset.model, column)}__in": keys}
            )
        return queryset

    def own(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the part of a queryset of the action's model that the action may be run on."""
        rules = self._inputs.rules
        if all(one.plain for one in rules.before):
            return queryset
        allowed = allowed_rows(rules, None, self._using).order_by()
        return queryset.using(self._using).filter(is_among(allowed))

    def narrow(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the part of a queryset that the caller may see."""
        queryset = self._inheriting(queryset)
        allowed = self._inputs.nameable_rows(queryset.model)
        if allowed.plain:
            return queryset
        visible = visible_rows(allowed, self._using).using(self._using).order_by()
        return queryset.using(self._using).filter(is_among(visible))
