"""The clauses of an aggregate: ``aggregate``, ``group_by`` and ``having``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.filters import parse_filters
from django_flex.query.terms import parse_fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.query.ast import Condition, FieldTerm
    from django_flex.query.limits import Limits


def parse_aggregate(
    payload: Mapping[str, object], limits: Limits, place: str = "aggregate"
) -> tuple[FieldTerm, ...] | None:
    """Parse ``aggregate``: paths that end in a function, with or without an alias.

    Raises:
        QueryError: it is not a list of terms.
    """
    return _terms(payload, "aggregate", limits, place)


def parse_group_by(payload: Mapping[str, object], limits: Limits) -> tuple[FieldTerm, ...] | None:
    """Parse ``group_by``: paths, with or without a part of a date and an alias.

    Raises:
        QueryError: it is not a list of terms.
    """
    return _terms(payload, "group_by", limits, "group_by")


def parse_having(payload: Mapping[str, object], limits: Limits) -> Condition | None:
    """Parse ``having``, which is written like ``filters``."""
    if payload.get("having") is None:
        return None
    return parse_filters(payload["having"], limits, "having")


def _terms(
    payload: Mapping[str, object], key: str, limits: Limits, place: str
) -> tuple[FieldTerm, ...] | None:
    value = payload.get(key)
    return None if value is None else parse_fields(value, limits.max_fields, place)
