"""Row rules, evaluated for one caller. Whatever is not clearly a condition denies."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db.models import Manager, Q, QuerySet

from django_flex.exceptions import FlexError
from django_flex.permissions.authorized import Rows
from django_flex.permissions.conditions import bind_rule
from django_flex.permissions.policy import NO_ROWS

if TYPE_CHECKING:
    from django_flex.permissions.authorized import Where
    from django_flex.permissions.policy import Entry, RowRule
    from django_flex.permissions.roles import Actor
    from django_flex.query.ast import Condition
    from django_flex.schema.introspection import Resource

logger = logging.getLogger("django_flex.security")


class RuleFailedError(Exception):
    """A row rule raised or gave no condition. Internal: it denies, and was logged."""


def bind_rows(rule: RowRule, entry: Entry, actor: Actor) -> Rows:
    """Evaluate a row rule for one caller.

    Raises:
        RuleFailedError: the rule or the entry's ``queryset`` raised, or gave no condition.
    """
    resource = entry.resource
    if rule is NO_ROWS or rule.kind == "none":
        return Rows(resource, nothing=True)
    queryset = _entry_queryset(entry, actor)
    if rule.kind == "all":
        return Rows(resource, queryset, plain=queryset is None and _has_plain_manager(resource))
    if rule.kind == "data" and rule.condition is not None:
        return Rows(resource, queryset, condition=_bind_data(rule.condition, entry, actor))
    return Rows(resource, queryset, q=_call_rule(rule, entry, actor))


def _bind_data(condition: Condition, entry: Entry, actor: Actor) -> Where:
    try:
        return bind_rule(condition, entry.resource, actor)
    except FlexError as error:
        logger.exception("The rows rule of '%s' failed; access denied", entry.name)
        raise RuleFailedError from error


def _call_rule(rule: RowRule, entry: Entry, actor: Actor) -> Q:
    if rule.call is None:
        condition = rule.q
    else:
        try:
            condition = rule.call(actor.user, actor.request)
        except Exception as error:
            logger.exception("The rows rule of '%s' failed; access denied", entry.name)
            raise RuleFailedError from error
    if not isinstance(condition, Q) or not condition:
        logger.error("The rows rule of '%s' gave no condition; access denied", entry.name)
        raise RuleFailedError
    return condition


def _entry_queryset(entry: Entry, actor: Actor) -> QuerySet[Any] | None:
    if entry.queryset is None:
        return None
    try:
        queryset = entry.queryset(actor.user, actor.request)
    except Exception as error:
        logger.exception("The queryset of '%s' failed; access denied", entry.name)
        raise RuleFailedError from error
    if (
        isinstance(queryset, QuerySet)
        and queryset.model is entry.resource.model
        and not queryset.query.is_sliced
    ):
        return queryset
    logger.error("The queryset of '%s' gave no queryset to filter; denied", entry.name)
    raise RuleFailedError


def _has_plain_manager(resource: Resource) -> bool:
    return type(resource.model._default_manager).get_queryset is Manager.get_queryset
