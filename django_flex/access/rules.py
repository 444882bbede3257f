"""Row rules, evaluated for one caller. Anything that is not clearly a condition denies."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from django_flex.binding.comparands import NoValueError, UnknownUserValueError
from django_flex.binding.conditions import bind_rule
from django_flex.exceptions import FlexError
from django_flex.policy.model import NO_ROWS
from django_flex.policy.q_objects import repeatable
from django_flex.resolved import Rows
from django_flex.schema.introspection import model_of

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.policy.model import Entry, RowRule
    from django_flex.query.ast import Condition

logger = logging.getLogger("django_flex.security")


class RuleFailedError(Exception):
    """A row rule raised or did not return a condition. Internal: it denies, and was logged."""


def bind_rows(rule: RowRule, entry: Entry, actor: Actor, *, alone: bool = False) -> Rows:
    """Evaluate a row rule for one caller.

    Args:
        rule: the rule.
        entry: the model whose rows it is about.
        actor: the caller.
        alone: leave the entry's ``queryset`` out, since another rule brings it.

    Raises:
        RuleFailedError: the rule or the entry's ``queryset`` raised, or did not return a condition.
    """
    resource = entry.resource
    if rule is NO_ROWS or rule.kind == "none":
        return Rows(resource, nothing=True)
    queryset = None if alone else _entry_queryset(entry, actor)
    if rule.kind == "all":
        return Rows(resource, queryset, plain=queryset is None and resource.plain)
    if rule.kind == "data" and rule.condition is not None:
        return _bind_data(rule.condition, entry, actor, queryset)
    return Rows(resource, queryset, q=_call_rule(rule, entry, actor))


def _bind_data(
    condition: Condition, entry: Entry, actor: Actor, queryset: QuerySet[Any] | None
) -> Rows:
    """Bind a rule that is data; one that needs a value that the caller lacks matches no row."""
    try:
        where = bind_rule(condition, entry.resource, actor)
    except (FlexError, UnknownUserValueError) as error:
        logger.exception("The rows rule of '%s' failed; access denied", entry.name)
        raise RuleFailedError from error
    except NoValueError:
        level = logging.WARNING if actor.is_authenticated else logging.INFO
        logger.log(level, "The rows rule of '%s' needs a value that the caller lacks", entry.name)
        return Rows(entry.resource, nothing=True)
    return Rows(entry.resource, queryset, condition=where)


def _call_rule(rule: RowRule, entry: Entry, actor: Actor) -> Q:
    if rule.call is None:
        condition = rule.q
    else:
        try:
            condition = rule.call(actor.user, actor.request)
        except Exception as error:
            logger.exception("The rows rule of '%s' failed; access denied", entry.name)
            raise RuleFailedError from error
    found = repeatable(condition) if isinstance(condition, Q) else None
    if not found:
        logger.error("The rows rule of '%s' did not return a condition; access denied", entry.name)
        raise RuleFailedError
    return found


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
        and queryset.model is model_of(entry.resource)
        and not queryset.query.is_sliced
    ):
        return queryset
    logger.error("The queryset of '%s' did not return a queryset to filter; denied", entry.name)
    raise RuleFailedError
