"""How many rows a stream may have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.exceptions import OperationDeniedError
from django_flex.query.ast import NO_LIMIT

if TYPE_CHECKING:
    from django_flex.policy.model import Entry, Grant
    from django_flex.query.ast import Query
    from django_flex.query.limits import Limits


def streamed(query: Query, entry: Entry, grant: Grant | None, limits: Limits) -> Query:
    """Return a query with the rows that may be streamed: a page, or with ``export`` any number.

    Raises:
        OperationDeniedError: more rows than ``MAX_LIMIT``, without the operation ``export``.
    """
    if grant is None or "export" in grant.operations or "list" not in grant.operations:
        return query
    if query.page.limit == NO_LIMIT:
        return replace(query, page=replace(query.page, limit=limits.max_limit))
    if query.page.limit > limits.max_limit:
        raise OperationDeniedError("export", entry.name)
    return query
