"""Filters of Directus as conditions of our language, for ``rows`` and ``check`` of a grant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.dialects.directus.clauses.operators import COMPLEMENTS, OPERATORS, QUANTIFIERS

if TYPE_CHECKING:
    from django_flex.contrib.directus.importing.names import Names
    from django_flex.dialects.directus.clauses.operators import WireOperator

_NOW = re.compile(
    r"\$NOW(?:\(\s*([+-]?)\s*(\d+)\s*(second|minute|hour|day|week|month|year)s?\s*\))?"
)
_USER = "$CURRENT_USER"
_JOINED = {"_and": "and", "_or": "or"}
_PAIR = 2
_TRUE, _FALSE = (True, "true", "1"), (False, "false", "0")


class UntranslatableError(Exception):
    """A rule that has no translation; the text says what of it."""


def translate(rule: Mapping[str, Any], collection: str, names: Names) -> dict[str, Any]:
    """Return a rule as a condition, empty for one that all items satisfy.

    Args:
        rule: a filter of Directus.
        collection: of the items that it is about.
        names: of fields and relations.

    Raises:
        UntranslatableError: a part has no translation; then none of it is used.
    """
    return _all(_parts(rule, collection, "", names))


def _all(parts: list[dict[str, Any]]) -> dict[str, Any]:
    parts = [part for part in parts if part]
    joined: dict[str, Any] = {}
    for part in parts:
        if not joined.keys().isdisjoint(part):
            return {"and": parts}
        joined |= part
    return joined


def _parts(
    rule: Mapping[str, Any], collection: str, prefix: str, names: Names
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for key, value in rule.items():
        if key in _JOINED:
            found.append(_joined(key, value, collection, prefix, names))
        elif key.startswith("_") or "(" in key:
            raise UntranslatableError(key)
        else:
            found += _of_field(key, value, collection, prefix, names)
    return found


def _joined(key: str, value: object, collection: str, prefix: str, names: Names) -> dict[str, Any]:
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise UntranslatableError(key)
    parts = [_all(_parts(one, collection, prefix, names)) for one in value]
    if key == "_and":
        return _all(parts)
    if any(one and not part for one, part in zip(value, parts, strict=True)):
        # Such as an empty `_and`, which Directus leaves out of the alternatives.
        raise UntranslatableError(f"{key}: an alternative without a condition")
    if not parts or {} in parts:
        return {}  # `{}` is an alternative that all items satisfy
    return parts[0] if len(parts) == 1 else {"or": parts}


def _of_field(
    name: str, value: object, collection: str, prefix: str, names: Names
) -> list[dict[str, Any]]:
    if not names.has(collection, name):
        raise UntranslatableError(name)
    path = prefix + names.field(collection, name)
    if not isinstance(value, Mapping):
        value = {"_eq": value}
    if not value:
        raise UntranslatableError(f"{name} without a condition")
    listed = names.snapshot.list_of(collection, name)
    if listed is not None:
        return _of_list(path, value, listed.collection, names)
    related = names.snapshot.relation_of(collection, name)
    found: list[dict[str, Any]] = []
    inner: dict[str, Any] = {}
    for key, operand in value.items():
        if key in OPERATORS:
            found.append(_compared(path, key, operand))
        elif related is not None and related.related is not None and key not in _JOINED:
            inner[key] = operand
        else:
            raise UntranslatableError(f"{name}: {key}")
    if inner and related is not None and related.related is not None:
        found += _parts(inner, related.related, f"{path}.", names)
    return found


def _of_list(
    path: str, value: Mapping[str, Any], collection: str, names: Names
) -> list[dict[str, Any]]:
    """Return conditions on a list: without a word, at least one item meets all of them."""
    found: list[dict[str, Any]] = []
    plain = {key: one for key, one in value.items() if key not in QUANTIFIERS}
    asked = [(QUANTIFIERS[key], one) for key, one in value.items() if key in QUANTIFIERS]
    if plain:
        asked.append(("some", plain))
    for word, one in asked:
        if not isinstance(one, Mapping):
            raise UntranslatableError(f"{path}: {word}")
        inner = translate(one, collection, names)
        if not inner:
            raise UntranslatableError(f"{path}: {word} of nothing")
        found.append({f"{path}.{word}": inner})
    return found


def _compared(path: str, word: str, operand: object) -> dict[str, Any]:
    operator = OPERATORS[word]
    if operator.form in {"geometry", "box"}:
        raise UntranslatableError(f"{path}: {word}")  # columns of geometries are not carried over
    if operator.form in {"null", "empty"}:
        return _absent(path, operator, operand)
    value = _value(operand, operator.form)
    if operator.name in {"exact", "ne"} and value is None:
        return {f"{path}.isnull": not operator.negates}
    if value is None or (isinstance(value, list) and None in value):
        raise UntranslatableError(f"{path}: {word} with null")
    if not operator.negates:
        return {path if operator.name == "exact" else f"{path}.{operator.name}": value}
    # In Directus rows without a value pass no complement.
    present = {f"{path}.isnull": False}
    if operator.name in COMPLEMENTS:
        return {f"{path}.{operator.name}": value, **present}
    return {"not": {f"{path}.{operator.name}": value}, **present}


def _absent(path: str, operator: WireOperator, operand: object) -> dict[str, Any]:
    if operand not in (*_TRUE, *_FALSE):
        raise UntranslatableError(f"{path}: {operand!r}")
    # `false` inverts both.
    absent = (operand in _TRUE) != operator.negates
    if operator.form == "null":
        return {f"{path}.isnull": absent}
    if absent:
        return {"or": [{f"{path}.isnull": True}, {path: ""}]}
    return {f"{path}.isnull": False, f"{path}.ne": ""}


def _value(operand: object, form: str) -> Any:
    if form not in {"list", "pair"}:
        return _single(operand)
    if isinstance(operand, str):
        operand = operand.split(",")
    if not isinstance(operand, list) or (form == "pair" and len(operand) != _PAIR):
        raise UntranslatableError(f"{operand!r}")
    return [_single(one) for one in operand]


def _single(operand: object) -> Any:
    if isinstance(operand, list | Mapping):
        raise UntranslatableError(f"{operand!r}")
    if not isinstance(operand, str) or not operand.startswith("$"):
        return operand
    if operand == _USER:
        return {"$user": "id"}
    if operand.startswith(f"{_USER}."):
        return {"$user": operand.removeprefix(f"{_USER}.")}
    now = _NOW.fullmatch(operand)
    if now is None:
        raise UntranslatableError(operand)
    sign, number, unit = now.groups()
    if number is None:
        return {"$now": ""}
    return {"$now": f"{'-' if sign == '-' else ''}{number} {unit}s"}
