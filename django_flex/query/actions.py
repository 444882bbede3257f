"""A client's mapping into a ``Call`` of a model action: control keys apart from inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import InvalidValueError, LimitExceededError, QueryError
from django_flex.query.filters import parse_filters
from django_flex.query.mutations import parse_boolean
from django_flex.query.parser import as_mapping, check_keys
from django_flex.query.terms import excerpt, parse_fields
from django_flex.query.values import check_condition_values, parse_integer

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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """One run of an action that is asked for.

    ``keys`` or ``filters`` choose the rows of a bulk action, both ``None`` for every row;
    ``expected`` says how many they are to be. ``condition`` is what the row has to be like. ``returning`` is what the reply shows of a
    row, ``None`` for all that the caller may read; ``background`` whether to run it later, ``None``
    where nothing was said.
    """

    pk: Any = None
    keys: tuple[Any, ...] | None = None
    filters: Condition | None = None
    expected: int | None = None
    returning: tuple[FieldTerm, ...] | None = None
    dry_run: bool = False
    background: bool | None = None
    if_match: str | None = None
    condition: Condition | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def parse_call(  # noqa: PLR0913 - all but the first two by name
    payload: Mapping[str, Any],
    limits: Limits,
    *,
    name: str,
    scope: str,
    most: int,
    if_match: str | None = None,
    lenient: bool = False,
) -> Call:
    """Read the keys of a call.

    Args:
        payload: the object as sent.
        limits: the caps that apply.
        name: the action's id, for messages.
        scope: what the action is about, a key of ``KEYS``.
        most: keys of rows in ``_ids``, at most.
        if_match: the header of this name; ``_if_match`` goes before it.
        lenient: leave unknown control keys out instead of refusing them.

    Raises:
        QueryError: an unknown key, a wrong type or an impossible combination, with its place.
    """
    control, values = _split(payload)
    check_keys(control, KEYS[scope], name, lenient=lenient)
    if scope == "bulk" and control.keys().isdisjoint({"_ids", "_filters"}):
        raise QueryError("Which rows?", path="_ids", hint='"_ids": [1, 2], or "_filters": {…}')
    background = control.get("_background")
    return Call(
        pk=_key(control) if scope == "instance" else None,
        keys=_keys(control, most),
        filters=_condition(control.get("_filters"), "_filters", limits),
        expected=_expected(control),
        returning=_returning(control.get("_fields"), limits),
        dry_run=parse_boolean(control.get("_dry_run", False), "_dry_run"),
        background=None if background is None else parse_boolean(background, "_background"),
        if_match=_if_match(control.get("_if_match", if_match)),
        condition=_condition(control.get("_if"), "_if", limits),
        values=values,
    )


def _split(payload: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    control: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for key, value in payload.items():
        if not isinstance(key, str):
            raise QueryError("Names are texts", path=excerpt(str(key)))
        if key == "id":
            # As in gets and edits; so no input has this name.
            control.setdefault("_id", value)
        elif key.startswith("_"):
            control[key] = value
        else:
            values[key] = value
    if "id" in payload and control["_id"] != payload["id"]:
        raise QueryError("'_id' and 'id' are the same key", path="id", hint="send one of them")
    inner = as_mapping(control.get("_input", {}), "_input")
    for key, value in inner.items():
        if key in values:
            raise QueryError("An input that is sent twice", path=f"_input.{excerpt(str(key))}")
        values[key] = value
    return control, values


def _key(control: Mapping[str, Any]) -> Any:
    value = control.get("_id")
    if value is None:
        raise QueryError("Which row?", path="_id", hint="its key in the URL, or under '_id'")
    return value


def _keys(control: Mapping[str, Any], most: int) -> tuple[Any, ...] | None:
    value = control.get("_ids")
    if value is None:
        return None
    if "_filters" in control:
        raise QueryError("Either keys or filters choose the rows", path="_ids")
    if not isinstance(value, list | tuple) or not value:
        raise InvalidValueError("A list of keys is needed", path="_ids", hint="[1, 2]")
    if len(value) > most:
        raise LimitExceededError("Too many keys", path="_ids", hint=f"at most {most}")
    if not all(isinstance(key, str | int) and not isinstance(key, bool) for key in value):
        raise InvalidValueError("A key is a number or a text", path="_ids", hint="[1, 2]")
    return tuple(value)


def _condition(value: Any, place: str, limits: Limits) -> Condition | None:
    if value is None:
        return None
    condition = parse_filters(value, limits, place)
    if condition is not None:
        check_condition_values(condition, limits)
    return condition


def _expected(control: Mapping[str, Any]) -> int | None:
    value = control.get("_expect")
    return None if value is None else parse_integer(value, "_expect", minimum=0)


def _returning(value: Any, limits: Limits) -> tuple[FieldTerm, ...] | None:
    return None if value is None else parse_fields(value, limits.max_fields, "_fields")


def _if_match(value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidValueError("An entity tag is a text", path="_if_match")
    return value
