"""Parses the payload of a call of a model action: separates control keys from inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.dialects.flex.mutations import parse_boolean
from django_flex.dialects.flex.parser import as_mapping, check_keys, key_in
from django_flex.dialects.flex.serializer import condition_to_json
from django_flex.exceptions import InvalidValueError, QueryError
from django_flex.query.ast import ActionCall
from django_flex.query.filters import parse_filters
from django_flex.query.terms import excerpt, parse_fields
from django_flex.query.values import parse_integer

if TYPE_CHECKING:
    from django_flex.query.ast import Condition, FieldTerm
    from django_flex.query.limits import Limits

COMMON_KEYS = ("_model", "_action", "_fields", "_dry_run", "_input", "_background")
#: The control keys of each scope; every other key is an input.
KEYS = {
    "instance": (*COMMON_KEYS, "_id", "_if", "_if_match"),
    "bulk": (*COMMON_KEYS, "_ids", "_filters", "_expect"),
    "collection": COMMON_KEYS,
    "global": COMMON_KEYS,
}


def parse_call(  # noqa: PLR0913 - all but the first two by name
    payload: Mapping[str, object],
    limits: Limits,
    *,
    name: str,
    scope: str,
    key_name: str = "id",
    if_match: str | None = None,
    lenient: bool = False,
) -> ActionCall:
    """Read the keys of a call.

    Args:
        payload: the object as sent.
        limits: the caps that apply.
        name: the action's id, for messages.
        scope: of the action, a key of ``KEYS``.
        key_name: what the key of a row is called, besides ``_id``.
        if_match: the header of this name; ``_if_match`` takes precedence.
        lenient: leave unknown control keys out instead of refusing them.

    Raises:
        QueryError: an unknown key, a wrong type or an impossible combination, with its place.
    """
    control, values = _split(payload, key_name)
    check_keys(control, KEYS[scope], name, lenient=lenient)
    if scope == "bulk" and control.keys().isdisjoint({"_ids", "_filters"}):
        raise QueryError("Which rows?", path="_ids", hint='"_ids": [1, 2], or "_filters": {…}')
    background = control.get("_background")
    return ActionCall(
        pk=_key(control) if scope == "instance" else None,
        keys=_keys(control),
        filters=_condition(control.get("_filters"), "_filters", limits),
        expected=_expected(control),
        returning=_returning(control.get("_fields"), limits),
        dry_run=parse_boolean(control.get("_dry_run", False), "_dry_run"),
        background=None if background is None else parse_boolean(background, "_background"),
        if_match=_if_match(control.get("_if_match", if_match)),
        condition=_condition(control.get("_if"), "_if", limits),
        values=values,
    )


def call_to_json(call: ActionCall, scope: str) -> dict[str, object]:
    """Return a call of an action as the object that parses to it again, now or later.

    ``_dry_run`` and ``_background`` are left out: they are about the request, not the run.
    """
    texts = {
        "_id": call.pk,
        "_ids": None if call.keys is None else list(call.keys),
        "_filters": _condition_to_json(call.filters),
        "_expect": call.expected,
        "_fields": None if call.returning is None else ", ".join(map(str, call.returning)),
        "_if_match": call.if_match,
        "_if": _condition_to_json(call.condition),
    }
    if scope == "bulk" and call.keys is None and call.filters is None:
        texts["_filters"] = {}  # every row
    said = {key: value for key, value in texts.items() if value is not None}
    return {**said, "_input": dict(call.values)}


def _condition_to_json(condition: Condition | None) -> dict[str, object] | None:
    return None if condition is None else condition_to_json(condition, frozenset())


def _split(
    payload: Mapping[str, object], key_name: str
) -> tuple[dict[str, object], dict[str, object]]:
    control: dict[str, object] = {}
    values: dict[str, object] = {}
    for key, value in payload.items():
        if not isinstance(key, str):
            raise QueryError("The names of inputs have to be strings", path=excerpt(str(key)))
        if key == key_name:
            # As in gets and edits; an input cannot have this name.
            control["_id"] = key_in(payload, key_name)
        elif key.startswith("_"):
            control[key] = value
        else:
            values[key] = value
    inner = as_mapping(control.get("_input", {}), "_input")
    for key, value in inner.items():
        if key in values:
            raise QueryError("This input is sent twice", path=f"_input.{excerpt(str(key))}")
        values[key] = value
    return control, values


def _key(control: Mapping[str, object]) -> object:
    value = control.get("_id")
    if value is None:
        raise QueryError(
            "The key of a row is needed", path="_id", hint="send it in the URL, or as '_id'"
        )
    return value


def _keys(control: Mapping[str, object]) -> tuple[object, ...] | None:
    value = control.get("_ids")
    if value is None:
        return None
    if "_filters" in control:
        raise QueryError("Select the rows either by keys or by filters", path="_ids")
    if not isinstance(value, list | tuple) or not value:
        raise InvalidValueError("A list of keys is needed", path="_ids", hint="[1, 2]")
    return tuple(value)


def _condition(value: object, place: str, limits: Limits) -> Condition | None:
    return None if value is None else parse_filters(value, limits, place)


def _expected(control: Mapping[str, object]) -> int | None:
    value = control.get("_expect")
    return None if value is None else parse_integer(value, "_expect", minimum=0)


def _returning(value: object, limits: Limits) -> tuple[FieldTerm, ...] | None:
    return None if value is None else parse_fields(value, limits.max_fields, "_fields")


def _if_match(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidValueError("An ETag has to be a string", path="_if_match")
    return value
