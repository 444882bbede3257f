"""Inputs that are described by forms, serializers, pydantic models or dataclasses.

The libraries are not imported here: a project that passes one of their classes has imported them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec
from django import forms

from django_flex.actions.declare.inputs import failure, object_schema
from django_flex.actions.declare.narrowing import check_rows, narrow
from django_flex.exceptions import ValidationFailedError

if TYPE_CHECKING:
    from django_flex.actions.declare.definitions import InputAdapter, InputContext
    from django_flex.actions.declare.foreign import (
        PydanticClass,
        PydanticError,
        SerializerClass,
        SerializerField,
    )

_TEXT: Mapping[str, object] = {"type": "string"}
_KINDS: tuple[tuple[type[forms.Field], dict[str, object]], ...] = (
    (forms.BooleanField, {"type": "boolean"}),
    (forms.FloatField, {"type": "number"}),
    (forms.DecimalField, {"type": ["string", "number"]}),
    (forms.IntegerField, {"type": "integer"}),
    (forms.DateTimeField, {"type": "string", "format": "date-time"}),
    (forms.DateField, {"type": "string", "format": "date"}),
    (forms.EmailField, {"type": "string", "format": "email"}),
    (forms.UUIDField, {"type": "string", "format": "uuid"}),
    (forms.JSONField, {}),
    (forms.MultipleChoiceField, {"type": "array"}),
    (forms.ModelMultipleChoiceField, {"type": "array"}),
)


def adapt(written: object) -> InputAdapter:
    """Return the adapter of a class that validates input.

    Raises:
        TypeError: it is not a supported class.
    """
    if isinstance(written, type) and issubclass(written, forms.BaseForm):
        return FormInput(written)
    serializers = sys.modules.get("rest_framework.serializers")
    if serializers and isinstance(written, type) and issubclass(written, serializers.Serializer):
        return SerializerInput(cast("SerializerClass", written))
    if hasattr(written, "model_validate") and hasattr(written, "model_fields"):
        return PydanticInput(cast("PydanticClass", written))
    if hasattr(written, "clean") and hasattr(written, "schema"):
        return cast("InputAdapter", written)
    return StructInput(written, frozenset(_struct_fields(written)))


@dataclass(frozen=True, slots=True, eq=False)
class FormInput:
    """A form of Django; the handler gets its ``cleaned_data``."""

    form: type[forms.BaseForm]

    @property
    def names(self) -> frozenset[str]:
        """The fields of the form, except those for files, because the input is JSON."""
        found = self._fields().items()
        return frozenset(name for name, one in found if not isinstance(one, forms.FileField))

    @property
    def sensitive(self) -> frozenset[str]:
        """The password fields."""
        found = self._fields().items()
        return frozenset(name for name, one in found if _is_password(one.widget))

    def _fields(self) -> dict[str, forms.Field]:
        return cast("dict[str, forms.Field]", getattr(self.form, "base_fields", {}))

    def clean(self, values: Mapping[str, object], info: InputContext) -> object:
        """Validate with the form; fields that choose rows only accept visible ones."""
        form = self.make(values, info)
        narrow(form.fields.values(), info)
        form.full_clean()  # also if it was validated before, against all rows
        if form.is_valid():
            check_rows(form.cleaned_data, form.fields, values, info)
            return self.result(form)
        raise _failed(
            (name, [(str(text), e.code) for e in errors.as_data() for text in e.messages])
            for name, errors in form.errors.items()
        )

    def make(self, values: Mapping[str, object], info: InputContext) -> forms.BaseForm:
        """Return the form with the input; a model form gets the row as its instance."""
        if issubclass(self.form, forms.BaseModelForm):
            return self.form(data=dict(values), instance=info.target)
        return self.form(data=dict(values))

    def result(self, form: forms.BaseForm) -> object:
        """Return the handler's argument for a valid form."""
        return form.cleaned_data

    def schema(self) -> dict[str, object]:
        """Return JSON Schema of the fields."""
        fields = {name: one for name, one in self._fields().items() if name in self.names}
        properties = {name: _field_schema(one) for name, one in fields.items()}
        return object_schema(properties, [name for name, one in fields.items() if one.required])

    def fields(self) -> list[dict[str, object]]:
        """Return the name, type and description of each field, and whether it is required."""
        return [
            {
                "name": name,
                "required": one.required,
                "description": str(one.help_text),
                "type": type(one).__name__,
            }
            for name, one in self._fields().items()
        ]


def _is_password(widget: object) -> bool:
    """Whether a widget, or a widget in it, is a password input."""
    parts: Iterable[object] = getattr(widget, "widgets", ())
    return isinstance(widget, forms.PasswordInput) or any(map(_is_password, parts))


def _field_schema(one: forms.Field) -> dict[str, object]:
    found = next((kind for base, kind in _KINDS if isinstance(one, base)), _TEXT)
    schema = dict(found)
    # The choices of a field that chooses rows are rows, which do not belong here.
    choices: Iterable[tuple[object, object]] | None = (
        None if hasattr(one, "queryset") else getattr(one, "choices", None)
    )
    if choices and "type" in schema:
        values = [value for value, label in choices if not isinstance(label, list | tuple)]
        if schema["type"] == "array":
            schema["items"] = {"enum": values}
        else:
            schema["enum"] = values
    for name, key in (("max_length", "maxLength"), ("min_length", "minLength")):
        length: object = getattr(one, name, None)
        if length is not None:
            schema[key] = length
    for name, key in (("min_value", "minimum"), ("max_value", "maximum")):
        bound: object = getattr(one, name, None)
        if isinstance(bound, int | float):
            schema[key] = bound
    return {**schema, "description": str(one.help_text)} if one.help_text else schema


@dataclass(frozen=True, slots=True, eq=False)
class SerializerInput:
    """A serializer of Django REST framework; the handler gets its ``validated_data``."""

    serializer: SerializerClass

    @property
    def names(self) -> frozenset[str]:
        """The fields that can be written."""
        return frozenset(self._fields())

    @property
    def sensitive(self) -> frozenset[str]:
        """The password fields."""
        return frozenset(_passwords(self._fields()))

    def _fields(self) -> dict[str, SerializerField]:
        return {name: one for name, one in self.serializer().fields.items() if not one.read_only}

    def clean(self, values: Mapping[str, object], info: InputContext) -> object:
        """Validate with the serializer; fields that choose rows only accept visible ones."""
        context = {"request": info.context.request, "action": info.context}
        serializer = self.serializer(data=dict(values), context=context)
        narrow(serializer.fields.values(), info)
        if serializer.is_valid():
            check_rows(serializer.validated_data, serializer.fields, values, info)
            return serializer.validated_data
        raise _failed(
            (name, [(str(one), _code(one)) for one in _flat(errors)])
            for name, errors in serializer.errors.items()
        )

    def schema(self) -> dict[str, object]:
        """Return JSON Schema of the fields, derived from the names of their types."""
        fields = self._fields()
        properties = {name: _serializer_schema(one) for name, one in fields.items()}
        return object_schema(properties, [name for name, one in fields.items() if one.required])

    def fields(self) -> list[dict[str, object]]:
        """Return the name, type and description of each field, and whether it is required."""
        return [
            {
                "name": name,
                "required": one.required,
                "description": str(one.help_text or ""),
                "type": type(one).__name__,
            }
            for name, one in self._fields().items()
        ]


_SERIALIZED: Mapping[str, Mapping[str, object]] = {
    "BooleanField": {"type": "boolean"},
    "IntegerField": {"type": "integer"},
    "FloatField": {"type": "number"},
    "DateField": {"type": "string", "format": "date"},
    "DateTimeField": {"type": "string", "format": "date-time"},
    "UUIDField": {"type": "string", "format": "uuid"},
    "ListField": {"type": "array"},
    "DictField": {"type": "object"},
    "JSONField": {},
}


def _passwords(fields: Mapping[str, SerializerField]) -> Iterator[str]:
    """Yield the names of password fields, at any depth."""
    for name, one in fields.items():
        inner = one
        while (child := _child(inner)) is not None:
            inner = child
        if "password" in {(part.style or {}).get("input_type") for part in (one, inner)}:
            yield name
        below: Mapping[str, SerializerField] = getattr(inner, "fields", {})
        yield from _passwords(below)


def _child(one: SerializerField) -> SerializerField | None:
    child: SerializerField | None = getattr(one, "child", None)
    return child


def _serializer_schema(one: SerializerField) -> dict[str, object]:
    names = [base.__name__ for base in type(one).__mro__]
    schema = dict(next((_SERIALIZED[name] for name in names if name in _SERIALIZED), _TEXT))
    names_rows = hasattr(one, "queryset") or hasattr(one, "child_relation")
    choices: object = None if names_rows else getattr(one, "choices", None)
    if isinstance(choices, Mapping):
        schema["enum"] = list(choices)
    return {**schema, "description": str(one.help_text)} if one.help_text else schema


@dataclass(frozen=True, slots=True, eq=False)
class PydanticInput:
    """A pydantic model; the handler gets an instance."""

    model: PydanticClass

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields in the input."""
        return frozenset(_part(self.model.model_json_schema(), "properties"))

    @property
    def sensitive(self) -> frozenset[str]:
        """The fields that pydantic treats as secret."""
        schema = self.model.model_json_schema()
        objects = [schema, *_parts(schema, "$defs").values()]
        found = [part for one in objects for part in _part(one, "properties").items()]
        return frozenset(name for name, part in found if _mentions_password(part))

    def clean(self, values: Mapping[str, object], info: InputContext) -> object:
        """Validate with the model."""
        try:
            return self.model.model_validate_json(msgspec.json.encode(dict(values)))
        except ValueError as error:
            found = cast("PydanticError", error)
            faults: dict[str, list[tuple[str, str | None]]] = {}
            for one in found.errors(include_url=False, include_input=False, include_context=False):
                name = str(one["loc"][0]) if one["loc"] else "__all__"
                faults.setdefault(name, []).append((one["msg"], one["type"]))
            raise _failed(faults.items()) from None

    def schema(self) -> dict[str, object]:
        """Return the model's own JSON Schema, without additional properties."""
        return {**self.model.model_json_schema(), "additionalProperties": False}

    def fields(self) -> list[dict[str, object]]:
        """Return the fields in the same form as those of a form."""
        return described(self.schema())


def _mentions_password(schema: object) -> bool:
    """Whether a part of JSON Schema, or a part inside it, is a password."""
    if isinstance(schema, Mapping):
        inner = any(map(_mentions_password, schema.values()))
        return schema.get("format") == "password" or inner
    return isinstance(schema, list) and any(map(_mentions_password, schema))


@dataclass(frozen=True, slots=True, eq=False)
class StructInput:
    """A dataclass, ``TypedDict`` or ``msgspec.Struct``; the handler gets an instance."""

    type: object
    names: frozenset[str]

    @property
    def sensitive(self) -> frozenset[str]:
        """Empty: types do not mark values as sensitive."""
        return frozenset()

    def clean(self, values: Mapping[str, object], info: InputContext) -> object:
        """Convert the values to the type."""
        try:
            read: object = msgspec.convert(dict(values), self.type)
        except msgspec.ValidationError as error:
            text, _, place = str(error).partition(" - at `$")
            name = place.strip(".`").split(".")[0].split("[")[0]
            raise failure({name or "__all__": text}) from None
        return read

    def schema(self) -> dict[str, object]:
        """Return JSON Schema of the type, without additional properties."""
        shared = _components(self.type)
        own_name: str = getattr(self.type, "__name__", "")
        rest = {name: one for name, one in shared.items() if name != own_name}
        own = {**shared[own_name], "additionalProperties": False}
        return {**own, "$defs": rest} if rest else own

    def fields(self) -> list[dict[str, object]]:
        """Return the fields in the same form as those of a form."""
        return described(self.schema())


def _struct_fields(written: object) -> Iterable[str]:
    try:
        shared = _components(written)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{written!r} cannot validate the input of an action") from error
    own_name: str = getattr(written, "__name__", "")
    own = shared.get(own_name, {})
    if own.get("type") != "object":
        raise TypeError(f"{written!r} cannot validate the input of an action")
    return list(_part(own, "properties"))


def _components(written: object) -> dict[str, dict[str, object]]:
    """Return JSON Schema of a type and of its components, by name."""
    shared: dict[str, dict[str, object]]
    _, shared = msgspec.json.schema_components([written], ref_template="#/$defs/{name}")
    return shared


def _part(schema: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return an object inside JSON Schema; an empty one if it does not exist."""
    found = schema.get(key)
    return found if isinstance(found, Mapping) else {}


def _parts(schema: Mapping[str, object], key: str) -> dict[str, Mapping[str, object]]:
    """Return a mapping of objects inside JSON Schema, such as ``$defs``."""
    found = _part(schema, key).items()
    return {name: one for name, one in found if isinstance(one, Mapping)}


def described(schema: Mapping[str, object]) -> list[dict[str, object]]:
    """Return the properties of JSON Schema in the same form as the fields of a form."""
    required = schema.get("required")
    names = required if isinstance(required, list) else []
    return [
        {
            "name": name,
            "required": name in names,
            "description": one.get("description", ""),
            "type": str(one.get("type", "any")),
        }
        for name, one in _parts(schema, "properties").items()
    ]


def _code(error: object) -> str | None:
    code: str | None = getattr(error, "code", None)
    return code


def _flat(errors: object) -> list[object]:
    if isinstance(errors, Mapping):
        errors = list(errors.values())
    if isinstance(errors, list):
        return [one for part in errors for one in _flat(part)]
    return [errors]


def _failed(
    found: Iterable[tuple[str, list[tuple[str, str | None]]]],
) -> ValidationFailedError:
    faults = dict(found)
    return ValidationFailedError(
        {name: [text for text, _ in errors] for name, errors in faults.items()},
        {name: [code or "invalid" for _, code in errors] for name, errors in faults.items()},
    )
