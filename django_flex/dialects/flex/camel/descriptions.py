"""Facts about models and actions in camelCase."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django_flex.describe import ModelDescription
from django_flex.dialects.facts import LinkedAction, ModelActions, Models, RowActions
from django_flex.dialects.flex import description
from django_flex.dialects.flex.camel.words import in_camel
from django_flex.plan.shape import FlexResult
from django_flex.query.naming import to_camel

#: Lists of paths and operators, and objects whose keys are paths.
_WORDS = ("filters", "order_by", "default_order_by", "group_by", "search")


def describe(facts: object) -> FlexResult:
    """Return the reply with facts, which are of the types in ``dialects.facts``."""
    data = description.describe(facts).data
    match facts:
        case ModelDescription():
            return FlexResult(data=_model(data))
        case ModelActions():
            found = {
                to_camel(key): [_action(one) for one in value] if isinstance(value, list) else value
                for key, value in data.items()
            }
            return FlexResult(data=found)
        case LinkedAction():
            return FlexResult(data=_action(data))
        case Models() | RowActions():
            return FlexResult(data=data)
        case _:
            raise TypeError(type(facts).__name__)


def _model(data: Mapping[str, Any]) -> dict[str, object]:
    found: dict[str, Any] = dict(data)
    for key in _WORDS:
        if key in found:
            found[key] = [in_camel(text) for text in found[key]]
    found["fields"] = {name: _field(one) for name, one in found["fields"].items()}
    if "inputs" in found:
        found["inputs"] = {
            operation: {name: _field(one) for name, one in inputs.items()}
            for operation, inputs in found["inputs"].items()
        }
    if "aggregates" in found:
        found["aggregates"] = {in_camel(name): kind for name, kind in found["aggregates"].items()}
    found["limits"] = _keys(found["limits"], to_camel)
    return _keys(found, to_camel)


def _field(one: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(one)
    for key in ("operators", "transforms"):
        if key in found:
            found[key] = [in_camel(text) for text in found[key]]
    if "file" in found:
        found["file"] = _keys(found["file"], to_camel)
    return _keys(found, to_camel)


def _action(one: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(one)
    found["fields"] = [
        _keys(part, to_camel) | {"name": to_camel(part["name"])}
        if isinstance(part, Mapping) and "name" in part
        else part
        for part in found["fields"]
    ]
    schema = dict(found["input"])
    if "properties" in schema:
        schema["properties"] = _keys(schema["properties"], to_camel)
    if "required" in schema:
        schema["required"] = [to_camel(name) for name in schema["required"]]
    found["input"] = schema
    return _keys(found, to_camel)


def _keys(one: Mapping[str, Any], called: Callable[[str], str]) -> dict[str, Any]:
    return {called(key): value for key, value in one.items()}
