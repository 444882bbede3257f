"""The tree back into the JSON object that a client would write: for ``next`` and for clients."""

from __future__ import annotations

import re
from typing import Any, assert_never

from django_flex.query.ast import (
    And,
    Comparison,
    Condition,
    Constant,
    FieldValue,
    Not,
    Now,
    Or,
    ParameterText,
    Quantified,
    UserValue,
)

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,17})?([eE][+-]?[0-9]{1,2})?")
_WORDS = {"true": True, "false": False, "null": None}


def condition_to_json(condition: Condition, json_places: frozenset[str]) -> dict[str, Any]:
    """Return an object of conditions that parses to an equal tree."""
    match condition:
        case Comparison(path=path, value=value, place=place):
            return {".".join(path): value_to_json(value, read_json=place in json_places)}
        case Quantified(path=path, quantifier=quantifier, condition=inner):
            return {".".join((*path, quantifier)): condition_to_json(inner, json_places)}
        case Not(child=child):
            return {"not": _negated(child, json_places)}
        case Or(children=children):
            as_list = _is_list(children)
            return {
                "or": _each(children, json_places) if as_list else _merge(children, json_places)
            }
        case And(children=children):
            return _merge(children, json_places)
    assert_never(condition)


def _negated(child: Condition, json_places: frozenset[str]) -> Any:
    """An object, or a list of objects where the negated ``And`` came from one."""
    if isinstance(child, And) and len(child.children) > 1 and _is_list(child.children):
        return _each(child.children, json_places)
    return condition_to_json(child, json_places)


def _each(children: tuple[Condition, ...], json_places: frozenset[str]) -> list[dict[str, Any]]:
    return [condition_to_json(child, json_places) for child in children]


def _is_list(children: tuple[Condition, ...]) -> bool:
    return bool(children) and all(isinstance(child, And) for child in children)


def _merge(children: tuple[Condition, ...], json_places: frozenset[str]) -> dict[str, Any]:
    """Join children as keys of one object, in their order; those that are ``And`` under ``and``."""
    merged: dict[str, Any] = {}
    for child in children:
        if not isinstance(child, And):
            merged.update(condition_to_json(child, json_places))
        elif "and" not in merged:
            merged["and"] = _group([c for c in children if isinstance(c, And)], json_places)
    return merged


def _group(groups: list[And], json_places: frozenset[str]) -> Any:
    """One object, or a list of objects where an ``And`` came from one."""
    parts = groups[0].children if len(groups) == 1 else tuple(groups)
    if len(parts) > 1 and _is_list(parts):
        return _each(parts, json_places)
    return condition_to_json(groups[0], json_places)


def value_to_json(value: Any, *, read_json: bool = False) -> Any:
    """Return a value of a comparison as JSON, dynamic values as their one-key objects."""
    if isinstance(value, tuple):
        return [value_to_json(part, read_json=read_json) for part in value]
    if isinstance(value, ParameterText):
        return json_scalar(value) if read_json else str(value)
    return _dynamic_to_json(value)


def _dynamic_to_json(value: Any) -> Any:
    match value:
        case Constant(value=inner):
            return {"$value": list(inner) if isinstance(inner, tuple) else inner}
        case Now(text=text):
            return {"$now": text}
        case UserValue(path=path):
            return {"$user": ".".join(path)}
        case FieldValue(path=path):
            return {"$field": ".".join(path)}
        case _:
            return value


def json_scalar(text: str) -> Any:
    """Read a parameter's text as JSON where it is a number or a word of JSON, else as text."""
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return str(text)
    return int(text) if text.lstrip("-").isdecimal() else float(text)
