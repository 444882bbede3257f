"""``_batch``: several operations in one request; later ones can use the replies to earlier ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.dialects.flex.mutations import parse_boolean
from django_flex.dialects.flex.parser import check_keys
from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.exceptions.places import worded
from django_flex.query.ast import Batch, Operation
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django_flex.query.limits import Limits

KEYS = ("_batch", "_atomic", "_dry_run", "_model", "_action")
REFERENCE = "$ref"
#: What the value of a key is: a condition, the columns of rows, or passed on as it is.
Position: TypeAlias = Literal["value", "condition", "row", "literal"]
_POSITIONS: Mapping[object, Position] = {
    **dict.fromkeys(("filters", "having", "_filters", "_if"), "condition"),
    **dict.fromkeys(("_items", "_set", "$add", "$edit", "$set"), "row"),
    **dict.fromkeys(("_input", "$value", "$append", "$remove"), "literal"),
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def parse_batch(payload: Mapping[str, object], limits: Limits, *, lenient: bool = False) -> Batch:
    """Read a batch.

    Raises:
        QueryError: it is not a list of objects.
        LimitExceededError: an operation is too large.
    """
    check_keys(payload, KEYS, "_batch", lenient=lenient)
    items = payload["_batch"]
    if not isinstance(items, list | tuple) or not items:
        raise InvalidValueError(
            "A non-empty list of operations is needed",
            path="_batch",
            hint='[{"_model": "tag", "_action": "add", "name": "x"}]',
        )
    operations = tuple(_operation(item, f"_batch[{n}]") for n, item in enumerate(items))
    for one in operations:
        check_size(one.payload, limits, one.place)
    return Batch(
        operations=operations,
        atomic=parse_boolean(payload.get("_atomic", True), "_atomic"),
        dry_run=parse_boolean(payload.get("_dry_run", False), "_dry_run"),
    )


def _operation(item: object, place: str) -> Operation:
    if not isinstance(item, Mapping):
        raise QueryError("A JSON object is needed", path=place)
    for key in ("_batch", "_dry_run"):
        if key in item:
            raise QueryError(worded("'{}' belongs to the whole batch", key), path=f"{place}.{key}")
    name = item.get("_name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise InvalidValueError("A name consists of letters, digits and _", path=f"{place}._name")
    payload = {k: v for k, v in item.items() if k != "_name"}
    if payload.keys() == {REFERENCE}:
        raise QueryError(
            "A reference is a value in an operation, not an operation",
            path=f"{place}.{REFERENCE}",
            hint='{"_id": {"$ref": "name.id"}}',
        )
    return Operation(name, payload, place)


def check_size(payload: Mapping[str, object], limits: Limits, place: str) -> None:
    """Check an operation against the limits of a body: each reference may make it larger.

    Raises:
        LimitExceededError: it is too large, or nested too deep.
    """
    left = limits.max_body_bytes
    rest: list[tuple[object, int]] = [(payload, 0)]
    while rest:
        value, depth = rest.pop()
        left -= len(value) if isinstance(value, str) else 1
        if left < 0 or depth > limits.max_json_depth:
            raise LimitExceededError("This operation is too large", path=place)
        if isinstance(value, Mapping):
            rest += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list | tuple):
            rest += [(part, depth + 1) for part in value]


def with_references(
    value: object, replies: Mapping[str, object], place: str, within: Position = "value"
) -> Any:
    """Replace each ``{"$ref": "name.path"}`` with the value from an earlier reply.

    The value is data that somebody has stored, whatever it looks like: an object in it is no
    condition, does not say how a value changes, and is not replaced by another value.

    Args:
        value: a payload, or a part of it.
        replies: the replies to earlier operations, by the names of the operations.
        place: the position of the value.
        within: what it is a part of.

    Raises:
        QueryError: no earlier operation has this name, or its reply does not contain the value.
    """
    if isinstance(value, Mapping):
        if set(value) == {REFERENCE}:
            return _as_data(_resolved(value[REFERENCE], replies, place), within)
        return {
            k: with_references(v, replies, f"{place}.{excerpt(str(k))}", _position(k, within))
            for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [
            with_references(part, replies, f"{place}[{n}]", within) for n, part in enumerate(value)
        ]
    return value


def _position(key: object, within: Position) -> Position:
    """Return what the value of a key is."""
    return within if within in {"condition", "literal"} else _POSITIONS.get(key, "value")


def _as_data(found: object, within: Position) -> object:
    """Return a value so that no object in it is read as more than an object."""
    if within == "row" and isinstance(found, list):
        return [_as_data(one, within) for one in found]
    if within == "row" and isinstance(found, Mapping):
        return {key: _as_data(one, "value") for key, one in found.items()}
    parts = found if isinstance(found, list) else [found]
    objects = [one for one in parts if isinstance(one, Mapping)]
    means = within == "condition" and bool(objects)
    means = means or any(str(key).startswith("$") for one in objects for key in one)
    return {"$value": found} if means and within != "literal" else found


def _resolved(reference: object, replies: Mapping[str, object], place: str) -> object:
    name, *path = reference.split(".") if isinstance(reference, str) else ("",)
    if name not in replies:
        raise QueryError(
            worded("No operation before this one is called '{}'", excerpt(name)),
            path=place,
            hint='"_name" gives an operation its name; {"$ref": "name.id"} uses its reply',
        )
    found = replies[name]
    for step in path or [""]:
        if isinstance(found, list) and step.isascii() and step.isdecimal() and len(step) <= 4:  # noqa: PLR2004 - as many items as a reply can have
            position = int(step)
            found = found[position] if position < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is None:
            raise QueryError(
                worded("The reply of '{}' has no such value", excerpt(name)), path=place
            )
    return found
