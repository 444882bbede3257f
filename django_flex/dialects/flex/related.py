"""Parses ``related``: queries for the rows of to-many relations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.dialects.flex.search import parse_search
from django_flex.dialects.flex.unknown_keys import unknown_key_hint
from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    QueryError,
    UnknownKeyError,
)
from django_flex.query.ast import Related
from django_flex.query.filters import parse_filters
from django_flex.query.terms import ALIAS, excerpt, parse_fields, parse_order, parse_path
from django_flex.query.values import check_condition_values, parse_integer

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.query.limits import Limits

KEYS = ("from", "fields", "filters", "order_by", "limit", "offset", "related", "search", "shape")
MAX_ENTRIES = 20


def parse_related(value: object, limits: Limits, place: str = "related") -> tuple[Related, ...]:
    """Parse an object of nested queries, each under its name in the reply.

    Raises:
        QueryError: an unknown key, a wrong type or an impossible value, with its place.
        LimitExceededError: there are too many entries, at all levels together.
    """
    found = _entries(value, limits, place)
    if _count(found) > MAX_ENTRIES:
        raise LimitExceededError(
            "Too many related queries", path=place, hint=f"at most {MAX_ENTRIES}"
        )
    return found


def _entries(value: object, limits: Limits, place: str) -> tuple[Related, ...]:
    if not isinstance(value, Mapping):
        raise InvalidValueError(
            "An object of queries is needed", path=place, hint='{"lines": {"limit": 3}}'
        )
    if len(value) > MAX_ENTRIES:
        raise LimitExceededError(
            "Too many related queries", path=place, hint=f"at most {MAX_ENTRIES}"
        )
    return tuple(_entry(name, part, limits, place) for name, part in value.items())


def _count(entries: tuple[Related, ...]) -> int:
    return sum(1 + _count(entry.related) for entry in entries)


def _entry(name: object, value: object, limits: Limits, place: str) -> Related:
    here = f"{place}.{excerpt(str(name))}"
    path = parse_path(str(name), here)
    if not isinstance(value, Mapping):
        raise InvalidValueError("A query object is needed", path=here, hint='{"limit": 3}')
    _check_keys(value, here)
    source = _source(value.get("from"), path, here)
    order_by, fields = value.get("order_by"), value.get("fields")
    filters = parse_filters(value.get("filters", {}), limits, f"{here}.filters")
    check_condition_values(filters, limits)
    limit = parse_integer(value.get("limit", limits.default_limit), f"{here}.limit", minimum=1)
    return Related(
        name=path,
        source=source,
        place=here,
        fields=None
        if fields is None
        else parse_fields(fields, limits.max_fields, f"{here}.fields"),
        filters=filters,
        order_by=()
        if order_by is None
        else parse_order(order_by, limits.max_orders, f"{here}.order_by"),
        limit=min(limit, limits.max_limit),
        offset=_offset(value.get("offset", 0), limits, f"{here}.offset"),
        related=_entries(value["related"], limits, f"{here}.related") if "related" in value else (),
        paged=_is_paged(value.get("shape"), here),
        search=parse_search(value, limits, f"{here}.search"),
    )


def _check_keys(value: Mapping[str, object], place: str) -> None:
    for key in value:
        if key not in KEYS:
            named = excerpt(str(key))
            raise UnknownKeyError(
                f"Unknown key '{named}'",
                path=f"{place}.{named}",
                hint=unknown_key_hint(str(key), value[key], KEYS, at=f"{place}."),
            )


def _source(value: object, name: Path, place: str) -> Path:
    if value is None:
        return name
    if not isinstance(value, str):
        raise InvalidValueError("The name of a relation is needed", path=f"{place}.from")
    if len(name) > 1 or not ALIAS.fullmatch(name[0]):
        raise QueryError("A new name consists of letters, digits and _", path=place)
    return parse_path(value, f"{place}.from")


def _offset(value: object, limits: Limits, place: str) -> int:
    offset = parse_integer(value, place, minimum=0)
    if offset > limits.max_offset:
        raise LimitExceededError(
            "The offset is too large", path=place, hint=f"at most {limits.max_offset}"
        )
    return offset


def _is_paged(value: object, place: str) -> bool:
    if value not in (None, "list"):
        raise InvalidValueError(
            "Unknown shape",
            path=f"{place}.shape",
            hint="'list' returns the list with its pagination",
        )
    return value is not None
