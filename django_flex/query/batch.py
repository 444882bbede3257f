"""``_batch``: several operations in one request, later ones using what earlier ones answered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.query.mutations import parse_boolean
from django_flex.query.parser import check_keys
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from django_flex.query.limits import Limits

KEYS = ("_batch", "_atomic", "_dry_run", "_model", "_action")
REFERENCE = "$ref"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a batch. ``name`` is what references call it."""

    name: str | None
    payload: Mapping[str, Any]
    place: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations in order. ``atomic``: all of them or none."""

    operations: tuple[Operation, ...]
    atomic: bool
    dry_run: bool


def parse_batch(payload: Mapping[str, Any], limits: Limits, *, lenient: bool = False) -> Batch:
    """Read a batch.

    Raises:
        QueryError: it is no list of objects, is too long, or names two operations alike.
    """
    check_keys(payload, KEYS, "_batch", lenient=lenient)
    items = payload["_batch"]
    if not isinstance(items, list | tuple) or not items:
        raise InvalidValueError(
            "A list of operations is needed, and not an empty one",
            path="_batch",
            hint='[{"_model": "tag", "_action": "add", "name": "x"}]',
        )
    if len(items) > limits.max_batch:
        raise LimitExceededError(
            f"Too many operations: {len(items)}", path="_batch", hint=f"at most {limits.max_batch}"
        )
    operations = tuple(_operation(item, f"_batch[{n}]") for n, item in enumerate(items))
    names = [one.name for one in operations if one.name is not None]
    if len(set(names)) < len(names):
        raise QueryError("Two operations have one name", path="_batch")
    for one in operations:
        check_size(one.payload, limits, one.place)
    return Batch(
        operations=operations,
        atomic=parse_boolean(payload.get("_atomic", True), "_atomic"),
        dry_run=parse_boolean(payload.get("_dry_run", False), "_dry_run"),
    )


def _operation(item: Any, place: str) -> Operation:
    if not isinstance(item, Mapping):
        raise QueryError("A JSON object is needed", path=place)
    for key in ("_batch", "_dry_run"):
        if key in item:
            raise QueryError(f"'{key}' belongs to the whole batch", path=f"{place}.{key}")
    name = item.get("_name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise InvalidValueError("A name is letters, digits and _", path=f"{place}._name")
    return Operation(name, {k: v for k, v in item.items() if k != "_name"}, place)


def check_size(payload: Mapping[str, Any], limits: Limits, place: str) -> None:
    """Hold an operation against what a body may hold: each reference may make it larger.

    Raises:
        LimitExceededError: it is too large, or nested too deep.
    """
    left = limits.max_body_bytes
    rest: list[tuple[Any, int]] = [(payload, 0)]
    while rest:
        value, depth = rest.pop()
        left -= len(value) if isinstance(value, str) else 1
        if left < 0 or depth > limits.max_json_depth:
            raise LimitExceededError("This operation is too large", path=place)
        if isinstance(value, Mapping):
            rest += [(part, depth + 1) for pair in value.items() for part in pair]
        elif isinstance(value, list | tuple):
            rest += [(part, depth + 1) for part in value]


def with_references(value: Any, replies: Mapping[str, Any], place: str) -> Any:
    """Put values of earlier replies in where ``{"$ref": "name.path"}`` stands.

    Args:
        value: a payload, or a part of it.
        replies: the objects that earlier operations answered, by the names of the operations.
        place: where the value stands.

    Raises:
        QueryError: there is no such operation before this one, or no such value in its reply.
    """
    if isinstance(value, Mapping):
        if set(value) == {REFERENCE}:
            return _resolved(value[REFERENCE], replies, place)
        return {
            k: with_references(v, replies, f"{place}.{excerpt(str(k))}") for k, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [with_references(part, replies, f"{place}[{n}]") for n, part in enumerate(value)]
    return value


def _resolved(reference: Any, replies: Mapping[str, Any], place: str) -> Any:
    name, *path = reference.split(".") if isinstance(reference, str) else ("",)
    if name not in replies:
        raise QueryError(
            f"No operation before this one is called '{excerpt(name)}'",
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
            raise QueryError(f"The reply of '{excerpt(name)}' has no such value", path=place)
    return found
