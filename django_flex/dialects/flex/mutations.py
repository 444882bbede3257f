"""Parses the payload of a write into a ``Mutation``: only syntax, without schema or settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from django_flex.dialects.flex.parser import RESERVED, check_keys, key_in, keys_under
from django_flex.dialects.flex.unknown_keys import unknown_key_hint
from django_flex.exceptions import InvalidValueError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import Mutation, ParameterText, RowChange
from django_flex.query.filters import parse_filters
from django_flex.query.operations import BY_FILTER
from django_flex.query.terms import excerpt, parse_fields
from django_flex.query.values import parse_integer

if TYPE_CHECKING:
    from django_flex.exceptions.places import Text
    from django_flex.query.ast import Condition, FieldTerm
    from django_flex.query.limits import Limits

COMMON_KEYS = ("_model", "_action", "_fields", "_dry_run")
#: The control keys of each operation; every other key of an add, edit or upsert is a column, unless
#: another request has it.
KEYS = {
    "add": (*COMMON_KEYS, "_items"),
    "edit": (*COMMON_KEYS, "_items", "_id", "_if_match"),
    "delete": (*COMMON_KEYS, "_items", "_id", "id", "_if_match"),
    "upsert": (*COMMON_KEYS, "_items", "_match"),
    "bulk_edit": (*COMMON_KEYS, "filters", "_set", "_max_affected"),
    "bulk_delete": (*COMMON_KEYS, "filters", "_max_affected"),
}
_WITH_COLUMNS = frozenset({"add", "edit", "upsert"})


def parse_mutation(  # noqa: PLR0913 - all but the first two by name
    payload: Mapping[str, object],
    limits: Limits,
    *,
    resource: str,
    operation: str,
    key_name: str = "id",
    if_match: str | None = None,
    lenient: bool = False,
) -> Mutation:
    """Read the keys of a write (contract, section 9).

    Args:
        payload: the object as sent.
        limits: the caps that apply.
        resource: the name of the model's entry, already found.
        operation: one of ``WRITE_OPERATIONS``.
        key_name: what the key of a row is called, besides ``_id``.
        if_match: the header of this name; ``_if_match`` in the payload takes precedence.
        lenient: leave unknown control keys out instead of refusing them (RFC 7240).

    Raises:
        QueryError: an unknown key, a wrong type or an impossible combination, with its place.
    """
    control, columns = _split(payload, operation, key_name)
    known = keys_under(key_name, KEYS[operation], control)
    check_keys(control, known, operation, lenient=lenient)
    many = "_items" in control or operation in BY_FILTER
    by_filter = operation in BY_FILTER
    filters = _filters(control, limits) if by_filter else None
    return Mutation(
        resource=resource,
        operation=operation,
        changes=_changes(
            control, columns, operation, key_name, known=tuple(known), lenient=lenient
        ),
        many=many,
        filters=filters,
        max_affected=_max_affected(control) if by_filter else None,
        match=_match(control.get("_match")) if operation == "upsert" else (),
        returning=_returning(control.get("_fields"), limits),
        dry_run=parse_boolean(control.get("_dry_run", False), "_dry_run"),
        if_match=_if_match(control.get("_if_match", if_match)),
    )


def _split(
    payload: Mapping[str, object], operation: str, key_name: str
) -> tuple[dict[str, object], dict[str, object]]:
    """Tell control keys from columns; the key of a row is none of those of an edit."""
    for key in payload:
        if type(key) is not str and not isinstance(key, str):
            raise QueryError("The names of columns have to be strings", path=excerpt(str(key)))
    if operation not in _WITH_COLUMNS:
        return dict(payload), {}
    keys = payload.keys() & RESERVED
    if not keys and operation != "edit":
        return {}, dict(payload)
    control = {key: payload[key] for key in payload if key in keys}
    columns = {key: value for key, value in payload.items() if key not in keys}
    if operation == "edit" and key_name in columns:
        control["_id"] = key_in({**columns, **control}, key_name)
        del columns[key_name]
    return control, columns


def _doubtful(columns: Mapping[str, object], known: Sequence[str]) -> dict[str, Text]:
    """Return the names that look like keys of the language, with the hints for unknown ones."""
    return {
        name: unknown_key_hint(name, value, known)
        for name, value in columns.items()
        if name[:1] == "_"
    }


def _changes(
    control: Mapping[str, object],
    columns: Mapping[str, object],
    operation: str,
    key_name: str,
    *,
    known: Sequence[str],
    lenient: bool,
) -> tuple[RowChange, ...]:
    if operation in BY_FILTER:
        return (RowChange(None, _values(control, operation), "_set"),)
    if "_items" not in control:
        return (
            RowChange(
                _key(control, operation, key_name),
                columns,
                doubtful=_doubtful(columns, known),
                lenient=lenient,
            ),
        )
    doubtful = _doubtful(columns, known)
    if doubtful and not lenient:
        check_keys(dict.fromkeys(doubtful), known, operation)
    strays = [name for name in columns if name not in doubtful]
    if strays or "_id" in control or key_name in control:
        stray = next(iter(strays), "_id")
        raise QueryError("The values belong in the items", path=excerpt(stray))
    items = control["_items"]
    if not isinstance(items, list | tuple) or not items:
        raise InvalidValueError("A non-empty list is needed", path="_items")
    return tuple(_item(item, n, operation, key_name) for n, item in enumerate(items))


def _values(control: Mapping[str, object], operation: str) -> Mapping[str, object]:
    if operation == "bulk_delete":
        return {}
    values = control.get("_set")
    if isinstance(values, Mapping) and values and all(isinstance(key, str) for key in values):
        return values
    raise QueryError(
        "Values to set are needed", path="_set", hint='"_set": {"status": "confirmed"}'
    )


def _key(control: Mapping[str, object], operation: str, key_name: str) -> object:
    if operation not in {"edit", "delete"}:
        return None
    pk = key_in(control, key_name)
    if pk is None:
        raise QueryError(
            worded("'{}' needs the key of a row", operation),
            path="_id",
            hint='"_id": 1, or "_items"',
        )
    return pk


def _item(item: object, position: int, operation: str, key_name: str) -> RowChange:
    place = f"_items[{position}]"
    if operation == "delete" and not isinstance(item, Mapping):
        return RowChange(item, {}, place, key_place=place)
    if not isinstance(item, Mapping):
        raise QueryError("A JSON object is needed", path=place, hint='{"name": "x"}')
    control, columns = _split(item, operation, key_name)
    allowed = ("_id", key_name) if operation in {"edit", "delete"} else ()
    for key in control:
        if key not in allowed:
            raise QueryError(
                worded("'{}' is not allowed in an item", excerpt(key)),
                path=f"{place}.{excerpt(key)}",
            )
    pk = key_in(control, key_name, f"{place}.") if allowed else None
    if allowed and pk is None:
        raise QueryError("The item needs its key", path=f"{place}.{key_name}")
    sent = "_id" if "_id" in item else key_name
    return RowChange(
        pk,
        columns,
        place,
        key_place=f"{place}.{sent}" if allowed else "",
        doubtful=_doubtful(columns, (*allowed, "_items")),
    )


def _filters(control: Mapping[str, object], limits: Limits) -> Condition | None:
    if "filters" not in control:
        raise QueryError(
            "A write by filter needs filters",
            path="filters",
            hint='"filters": {"status": "pending"}; {} selects every row that you may write',
        )
    return parse_filters(control["filters"], limits, "filters")


def _max_affected(control: Mapping[str, object]) -> int | None:
    if "_max_affected" not in control:
        return None
    return parse_integer(control["_max_affected"], "_max_affected", minimum=1)


def _match(value: object) -> tuple[str, ...]:
    names = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if isinstance(names, list | tuple) and names and all(isinstance(n, str) and n for n in names):
        return tuple(dict.fromkeys(map(str, names)))
    raise InvalidValueError(
        "The unique fields that identify a row are needed", path="_match", hint='"_match": "sku"'
    )


def _returning(value: object, limits: Limits) -> tuple[FieldTerm, ...] | None:
    return None if value is None else parse_fields(value, limits.max_fields, "_fields")


def parse_boolean(value: object, place: str) -> bool:
    """Parse true or false, a JSON boolean or the string of a parameter."""
    if isinstance(value, ParameterText) and value in {"true", "false"}:
        return value == "true"
    if not isinstance(value, bool):
        raise InvalidValueError("true or false is needed", path=place)
    return value


def _if_match(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidValueError("An ETag is needed", path="_if_match")
    return value
