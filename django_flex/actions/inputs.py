"""The input of an action, typed: from the signature of its handler, with no other dependency.

``msgspec`` reads the values: strictly, a text is no number. A parameter whose type is a model takes
a key, and the handler gets the row, if it is one that the caller may see.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, Union, get_args, get_origin, get_type_hints

import msgspec
from django.db import models

from django_flex.exceptions import UnknownKeyError, ValidationFailedError
from django_flex.query.terms import excerpt, nearest
from django_flex.schema.inputs import check_json
from django_flex.schema.values import UnfitValueError, at_zone

if TYPE_CHECKING:
    from django_flex.actions.context import ActionContext

MAX_MESSAGE = 300
#: What the key of a model looks like in JSON Schema; anything else is a text.
_KEYS = {models.IntegerField: {"type": "integer"}, models.UUIDField: {"format": "uuid"}}


class Rows(Protocol):
    """The rows of other models, as far as the caller may see them."""

    def find(self, model: type[models.Model], keys: Iterable[Any]) -> Mapping[Any, Any]:
        """Return the visible rows among some keys, by the key as it was sent."""
        ...

    def narrow(self, queryset: Any) -> Any:
        """Return the part of a queryset that the caller may see."""
        ...

    def own(self, queryset: Any) -> Any:
        """Return the part of a queryset of the action's model that the action may be run on."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What an input is read in: the run, its row or rows, and the rows that keys may name."""

    context: ActionContext
    target: Any
    rows: Rows


class InputAdapter(Protocol):
    """Reads what is sent for an action, and says what that may be."""

    @property
    def names(self) -> frozenset[str]:
        """The inputs that there are."""
        ...

    @property
    def sensitive(self) -> frozenset[str]:
        """Those that nobody may read later."""
        ...

    def clean(self, values: Mapping[str, Any], around: Surroundings) -> Any:
        """Return what the handler gets.

        Raises:
            ValidationFailedError: some values do not fit; all of them are named.
        """
        ...

    def schema(self) -> dict[str, Any]:
        """Return JSON Schema (2020-12) of the object that is sent."""
        ...

    def fields(self) -> list[dict[str, Any]]:
        """Return ``name``, ``required``, ``description`` and ``type`` of each input."""
        ...


def check_names(
    values: Mapping[str, Any], names: frozenset[str], allowed: frozenset[str] | None
) -> None:
    """Refuse inputs that there are not, and those that the role may not send: they look alike.

    Raises:
        UnknownKeyError: with the nearest name that may be sent.
        ValidationFailedError: a value that no column could hold.
    """
    known = names if allowed is None else names & allowed
    for name in values:
        if name not in known:
            place = excerpt(name)
            hint = nearest(place, sorted(known)) or _all(known)
            raise UnknownKeyError(f"Unknown key '{place}'", path=place, hint=hint)
    faults = {name: fault for name, value in values.items() if (fault := _unfit(value))}
    if faults:
        raise failure(faults)


def _all(names: frozenset[str]) -> str:
    return f"one of {', '.join(sorted(names))}" if names else "the action has no input"


def _unfit(value: Any) -> str | None:
    try:
        check_json(value)
    except UnfitValueError as error:
        return f"This value does not fit; needed: {error}."
    return None


def failure(faults: Mapping[str, str], code: str = "invalid") -> ValidationFailedError:
    """Return the error about some inputs, one message each."""
    fields = {name: [text[:MAX_MESSAGE]] for name, text in faults.items()}
    return ValidationFailedError(fields, {name: [code] for name in fields})


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One parameter of a handler. ``model`` is set where it is a row (``many``: rows)."""

    name: str
    type: Any
    required: bool
    default: Any
    model: type[models.Model] | None = None
    many: bool = False
    null: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class SignatureInput:
    """The input that a handler's signature describes; the handler gets it by name."""

    parameters: Mapping[str, Parameter]

    @property
    def names(self) -> frozenset[str]:
        """The names of the parameters."""
        return frozenset(self.parameters)

    @property
    def sensitive(self) -> frozenset[str]:
        """None: a type does not say so."""
        return frozenset()

    def clean(self, values: Mapping[str, Any], around: Surroundings) -> dict[str, Any]:
        """Return the arguments by name; what is not sent has its default."""
        found: dict[str, Any] = {}
        faults: dict[str, str] = {}
        for name, one in self.parameters.items():
            if name in values:
                try:
                    found[name] = _convert(values[name], one)
                except (msgspec.ValidationError, UnfitValueError, OverflowError) as error:
                    faults[name] = str(error)
            elif one.required:
                faults[name] = "This input is needed."
        if faults:
            raise failure(faults)
        return {
            name: _rows(value, self.parameters[name], around.rows) for name, value in found.items()
        }

    def schema(self) -> dict[str, Any]:
        """Return JSON Schema of the arguments."""
        plain = [one for one in self.parameters.values() if one.model is None]
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

    def fields(self) -> list[dict[str, Any]]:
        """Return the parameters as dj-actions shows the fields of a form."""
        return [
            {"name": p.name, "required": p.required, "description": "", "type": _type_name(p)}
            for p in self.parameters.values()
        ]


def object_schema(
    properties: Mapping[str, Any], required: list[str], shared: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return JSON Schema of an object with these properties and no others."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": dict(properties),
        "additionalProperties": False,
    }
    if required:
        schema["required"] = required
    return {**schema, "$defs": dict(shared)} if shared else schema


def from_signature(call: Callable[..., Any], skip: int) -> SignatureInput:
    """Read the input off a handler.

    Args:
        call: the handler.
        skip: how many of its first parameters are no input: the context, the row.

    Raises:
        TypeError: a parameter has a type that JSON cannot be read as.
    """
    listed = list(inspect.signature(call).parameters.values())[skip:]
    named = [p for p in listed if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}]
    hints = _hints(call, [p.name for p in named])
    found = {p.name: _parameter(p, hints.get(p.name, Any)) for p in named}
    adapter = SignatureInput(found)
    adapter.schema()  # raises for a type that cannot be read, while the project starts
    return adapter


def _hints(call: Callable[..., Any], names: list[str]) -> dict[str, Any]:
    """Return the types of some parameters alone: those of the others may be for checkers only."""
    whole: Any = inspect.unwrap(call)
    whole = getattr(whole, "__func__", whole)

    def holder() -> None: ...

    written = getattr(whole, "__annotations__", {})
    holder.__annotations__ = {name: written[name] for name in names if name in written}
    return get_type_hints(holder, getattr(whole, "__globals__", {}), include_extras=True)


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    required = parameter.default is parameter.empty
    default = None if required else parameter.default
    inner, null = _without_none(hint)
    many = get_origin(inner) is list and _is_model(*get_args(inner)[:1])
    model = get_args(inner)[0] if many else inner
    if not _is_model(model):
        return Parameter(parameter.name, hint, required, default)
    return Parameter(parameter.name, hint, required, default, model, many=many, null=null)


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in {Union, types.UnionType}:
        return hint, False
    rest = [one for one in get_args(hint) if one is not type(None)]
    null = len(rest) < len(get_args(hint))
    return (rest[0], null) if len(rest) == 1 else (hint, null)


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, models.Model)


def _convert(value: Any, parameter: Parameter) -> Any:
    if parameter.model is None:
        return _settled(msgspec.convert(value, parameter.type))
    if value is None and parameter.null:
        return None
    if parameter.many and not isinstance(value, list | tuple):
        raise UnfitValueError("A list of keys is needed.")
    keys = value if parameter.many else [value]
    if any(isinstance(key, bool) or not isinstance(key, int | str) for key in keys):
        raise UnfitValueError("The key of a row is needed.")
    return value


def _settled(value: Any) -> Any:
    """Return a value that databases take: moments in the project's zone, finite numbers."""
    if isinstance(value, datetime):
        return at_zone(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise UnfitValueError("A finite number is needed.")
    if isinstance(value, list):
        return [_settled(one) for one in value]
    if isinstance(value, dict):
        return {key: _settled(one) for key, one in value.items()}
    return value


def _rows(keys: Any, parameter: Parameter, rows: Rows) -> Any:
    """Return the rows of keys, or the value of another parameter.

    Raises:
        ValidationFailedError: a key of no row, or of one that is hidden: both look the same.
    """
    if parameter.model is None or keys is None:
        return keys
    wanted = keys if parameter.many else [keys]
    found = rows.find(parameter.model, wanted)
    missing = [key for key in wanted if key not in found]
    if missing:
        text = f"{missing[0]!s:.100} does not exist."
        raise failure({parameter.name: text}, "does_not_exist")
    return [found[key] for key in wanted] if parameter.many else found[keys]


def _key_schema(parameter: Parameter) -> dict[str, Any]:
    meta = (parameter.model or models.Model)._meta
    kinds = (schema for kind, schema in _KEYS.items() if isinstance(meta.pk, kind))
    key = {"type": "string", **next(kinds, {}), "description": f"key of a {meta.verbose_name}"}
    one = {"type": "array", "items": key} if parameter.many else key
    return {"anyOf": [one, {"type": "null"}]} if parameter.null else one


def _type_name(parameter: Parameter) -> str:
    if parameter.model is not None:
        return f"{parameter.model._meta.object_name}{'[]' if parameter.many else ''}"
    return getattr(parameter.type, "__name__", None) or str(parameter.type)
