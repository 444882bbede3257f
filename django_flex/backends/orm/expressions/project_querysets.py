"""Querysets and managers of a project, read as Django's own are, with each row once."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error
from django.db.models import Manager, QuerySet

from django_flex.backends.orm.django_internals.keys import is_among
from django_flex.backends.orm.django_internals.marking import bindable
from django_flex.backends.orm.django_internals.queries import (
    is_final,
    is_reducible,
    may_repeat_rows,
)
from django_flex.backends.orm.django_internals.raw_sql import (
    are_in_a_table_of_their_own,
    has_raw_sql,
)
from django_flex.exceptions import FlexError, RowRuleError

logger = logging.getLogger("django_flex.security")


def managed_rows(manager: Manager[Any], using: str) -> QuerySet[Any]:
    """Return the rows of a model's manager, which a project may have written.

    Raises:
        RowRuleError: it raised, or returned no queryset of its model; this denies, and is logged.
    """
    try:
        # The database is chosen here, where it costs nothing: later it would copy a whole query.
        rows: Any = manager.db_manager(using).all()
        if isinstance(rows, QuerySet) and rows.model is manager.model:
            return plain_rows(rows)
    except (Error, FlexError):
        raise
    except Exception as error:
        logger.exception("The manager of '%s' failed; access denied", manager.model._meta.label)
        raise RowRuleError from error
    logger.error("The manager of '%s' returned no queryset; denied", manager.model._meta.label)
    raise RowRuleError


def plain_rows(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows of a project's queryset or manager as a queryset of Django's own class.

    A project's class may return other values, or in another order, than requested; what it has
    added to its query stays. A join to many rows, or DISTINCT, must not repeat or merge rows, so
    these are reduced by key; a grouped query already has each row once. Neither does SQL of a
    project's own bear to be joined to anything. What cannot be filtered further (a slice, a union,
    DISTINCT ON) is left as it is, and refused by the first filter.
    """
    if type(queryset) is not QuerySet:
        queryset = QuerySet(queryset.model, query=queryset.query, using=queryset.db)
    if not is_final(queryset) and has_raw_sql(queryset):
        everything = bindable(queryset.model._base_manager.using(queryset.db))
        return everything.filter(are_in_a_table_of_their_own(queryset))
    return each_once(queryset) if is_reducible(queryset) else queryset


def each_once(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the same rows, none of them twice and none of them grouped."""
    if not may_repeat_rows(queryset):
        return queryset
    everything = bindable(queryset.model._base_manager.all())
    return everything.filter(is_among(queryset.order_by()))
