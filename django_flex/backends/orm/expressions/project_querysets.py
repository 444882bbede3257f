"""Querysets and managers of a project, read as Django's own are, with each row once."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.queries import is_reducible, may_repeat_rows


def plain_rows(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows of a project's queryset or manager as a queryset of Django's own class.

    A project's class may return other values, or in another order, than requested; what it has
    added to its query stays. A join to many rows, or DISTINCT, must not repeat or merge rows, so
    these are reduced by key; a grouped query already has each row once. What cannot be filtered
    further (a slice, a union, DISTINCT ON) is left as it is, and refused by the first filter.
    """
    if type(queryset) is not QuerySet:
        queryset = QuerySet(queryset.model, query=queryset.query, using=queryset.db)
    return each_once(queryset) if is_reducible(queryset) else queryset


def each_once(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the same rows, none of them twice and none of them grouped."""
    if not may_repeat_rows(queryset):
        return queryset
    keys = queryset.order_by().values("pk")
    return bindable(queryset.model._base_manager.all()).filter(pk__in=keys)
