"""Input that is described by the signature of the handler.

``msgspec`` converts the values strictly: a string is not a number. A parameter whose type is a
model takes a key, and the handler gets the row if the caller may see it.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import (
    TYPE_CHECKING,
    Any,
    TypeAlias,
    TypeGuard,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec
from django.db import models

from django_flex.actions.declare.inputs import failure, object_schema
from django_flex.exceptions.places import worded
from django_flex.schema.introspection import UnsupportedModelError
from django_flex.schema.model_relations import without_text
from django_flex.schema.values import UnfitValueError, at_zone

if TYPE_CHECKING:
    from django_flex.actions.declare.definitions import InputContext
    from django_flex.backends.base import VisibleRows

#: Primary keys in JSON Schema, by field class; any other is a string.
_KEYS: Mapping[type[models.Field[object, object]], Mapping[str, object]] = {
    models.IntegerField: {"type": "integer"},
    models.UUIDField: {"format": "uuid"},
}


#: An alias, because ``type`` is a field of the class below.
ModelClass: TypeAlias = type[models.Model]


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One parameter of a handler. ``model`` is set if it takes a row (``many``: rows)."""

    name: str
    type: object
    required: bool
    default: object
    model: ModelClass | None = None
    many: bool = False
    null: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SignatureInput:
    """Input that the handler's signature describes; it is passed by name."""

    parameters: Mapping[str, Parameter]

    @property
    def names(self) -> frozenset[str]:
        """The names of the parameters."""
        return frozenset(self.parameters)

    @property
    def sensitive(self) -> frozenset[str]:
        """Empty: types do not mark values as sensitive."""
        return frozenset()

    def clean(self, values: Mapping[str, object], info: InputContext) -> dict[str, object]:
        """Return the arguments by name, with defaults for those that were not sent."""
        found: dict[str, object] = {}
        faults: dict[str, str] = {}
        for name, one in self.parameters.items():
            if name in values:
                try:
                    found[name] = _convert(values[name], one)
                except (msgspec.ValidationError, UnfitValueError, OverflowError) as error:
                    faults[name] = (
                        error.expected if isinstance(error, UnfitValueError) else str(error)
                    )
            elif one.required:
                faults[name] = worded("This input is required.")
        if faults:
            raise failure(faults)
        return {
            name: _rows(value, self.parameters[name], info.rows) for name, value in found.items()
        }

    def schema(self) -> dict[str, object]:
        """Return JSON Schema of the arguments."""
        plain = [one for one in self.parameters.values() if one.model is None]
        schemas: tuple[dict[str, object], ...]
        shared: dict[str, object]
        schemas, shared = msgspec.json.schema_components(
            [one.type for one in plain], ref_template="#/$defs/{name}"
        )
        by_name = {one.name: schema for one, schema in zip(plain, schemas, strict=True)}
        properties = {
            name: by_name[name] if one.model is None else _key_schema(one)
            for name, one in self.parameters.items()
        }
        for name, one in self.parameters.items():
            if not one.required and isinstance(one.default, str | int | float | bool | None):
                properties[name] = {**properties[name], "default": one.default}
        return object_schema(
            properties, [p.name for p in self.parameters.values() if p.required], shared
        )

    def fields(self) -> list[dict[str, object]]:
        """Return the parameters in the same form as the fields of a form."""
        return [
            {"name": p.name, "required": p.required, "description": "", "type": _type_name(p)}
            for p in self.parameters.values()
        ]


def from_signature(call: Callable[..., Any], skip: int) -> SignatureInput:
    """Return the input that a handler's signature describes.

    Args:
        call: the handler.
        skip: the number of leading parameters that are not input: the context, the row.

    Raises:
        TypeError: a parameter has a type that cannot be read from JSON, or is a model with a
            composite primary key.
    """
    listed = list(inspect.signature(call).parameters.values())[skip:]
    named = [p for p in listed if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}]
    hints = _hints(call, [p.name for p in named])
    found = {p.name: _parameter(p, hints.get(p.name, Any)) for p in named}
    adapter = SignatureInput(found)
    adapter.schema()  # raises at start-up for a type that cannot be decoded
    return adapter


def _hints(call: Callable[..., Any], names: list[str]) -> dict[str, object]:
    """Return the types of some parameters; other types may not be importable at run time."""
    whole: object = inspect.unwrap(call)
    whole = getattr(whole, "__func__", whole)

    def holder() -> None: ...

    written: dict[str, object] = getattr(whole, "__annotations__", {})
    holder.__annotations__ = {name: written[name] for name in names if name in written}
    return get_type_hints(holder, getattr(whole, "__globals__", {}), include_extras=True)


def _parameter(parameter: inspect.Parameter, hint: object) -> Parameter:
    required = parameter.default is parameter.empty
    default: object = None if required else parameter.default
    inner, null = _without_none(hint)
    many = get_origin(inner) is list and _is_model(*get_args(inner)[:1])
    model: object = get_args(inner)[0] if many else inner
    if not _is_model(model):
        return Parameter(parameter.name, hint, required, default)
    if without_text(model):
        raise UnsupportedModelError(model)
    return Parameter(parameter.name, hint, required, default, model, many=many, null=null)


def _without_none(hint: object) -> tuple[object, bool]:
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint, False
    rest = [one for one in get_args(hint) if one is not type(None)]
    null = len(rest) < len(get_args(hint))
    return (rest[0], null) if len(rest) == 1 else (hint, null)


def _is_model(hint: object) -> TypeGuard[type[models.Model]]:
    return isinstance(hint, type) and issubclass(hint, models.Model)


def _convert(value: Any, parameter: Parameter) -> object:
    if parameter.model is None:
        return _storable(msgspec.convert(value, parameter.type))
    if value is None and parameter.null:
        return None
    if parameter.many and not isinstance(value, list | tuple):
        raise UnfitValueError("A list of keys is needed.")
    keys: Sequence[object] = value if parameter.many else [value]
    if any(isinstance(key, bool) or not isinstance(key, int | str) for key in keys):
        raise UnfitValueError("The key of a row is needed.")
    return value


def _storable(value: object) -> object:
    """Return a value that databases accept: datetimes in the project's time zone, finite numbers."""
    if isinstance(value, datetime):
        return at_zone(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise UnfitValueError("A finite number is needed.")
    if isinstance(value, list):
        items: list[object] = value
        return [_storable(one) for one in items]
    if isinstance(value, dict):
        named: dict[object, object] = value
        return {key: _storable(one) for key, one in named.items()}
    return value


def _rows(keys: Any, parameter: Parameter, rows: VisibleRows) -> object:
    """Return the rows of the keys; the value itself if the parameter takes no rows.

    Raises:
        ValidationFailedError: a row does not exist or is hidden; both look the same.
    """
    if parameter.model is None or keys is None:
        return keys
    wanted: Sequence[object] = keys if parameter.many else [keys]
    found: Mapping[object, object] = rows.find(parameter.model, wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        text = worded("{} does not exist.", f"{missing[0]!s:.100}")
        raise failure({parameter.name: text}, "does_not_exist")
    return [found[key] for key in wanted] if parameter.many else found[keys]


def _key_schema(parameter: Parameter) -> dict[str, object]:
    model: type[models.Model] = parameter.model or models.Model
    meta = model._meta
    kinds = (schema for kind, schema in _KEYS.items() if isinstance(meta.pk, kind))
    key: dict[str, object] = {
        "type": "string",
        **next(kinds, {}),
        "description": f"key of a {meta.verbose_name}",
    }
    one: dict[str, object] = {"type": "array", "items": key} if parameter.many else key
    return {"anyOf": [one, {"type": "null"}]} if parameter.null else one


def _type_name(parameter: Parameter) -> str:
    if parameter.model is not None:
        return f"{parameter.model._meta.object_name}{'[]' if parameter.many else ''}"
    name: str | None = getattr(parameter.type, "__name__", None)
    return name or str(parameter.type)
