"""Inputs by the classes that projects have already: forms, serializers, pydantic models, dataclasses.

None of the libraries is imported here: whoever brings a class of theirs has imported them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import msgspec
from django import forms

from django_flex.actions.inputs import failure, object_schema
from django_flex.exceptions import ValidationFailedError

if TYPE_CHECKING:
    from django_flex.actions.inputs import InputAdapter, Surroundings

_KINDS: tuple[tuple[type[forms.Field], dict[str, Any]], ...] = (
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


def adapt(written: Any) -> InputAdapter:
    """Return the adapter of a class that validates input.

    Raises:
        TypeError: it is none that can be read.
    """
    if isinstance(written, type) and issubclass(written, forms.BaseForm):
        return FormInput(written)
    serializers = sys.modules.get("rest_framework.serializers")
    if serializers and isinstance(written, type) and issubclass(written, serializers.Serializer):
        return SerializerInput(written)
    if hasattr(written, "model_validate") and hasattr(written, "model_fields"):
        return PydanticInput(written)
    if hasattr(written, "clean") and hasattr(written, "schema"):
        return cast("InputAdapter", written)
    return StructInput(written, frozenset(_struct_fields(written)))


@dataclass(frozen=True, slots=True, eq=False)
class FormInput:
    """A form of Django; the handler gets its ``cleaned_data``."""

    form: type[forms.BaseForm]

    @property
    def names(self) -> frozenset[str]:
        """The fields of the form, but those for files: what is sent is JSON."""
        found = self._fields().items()
        return frozenset(name for name, one in found if not isinstance(one, forms.FileField))

    @property
    def sensitive(self) -> frozenset[str]:
        """What a browser would not show, either."""
        found = self._fields().items()
        return frozenset(n for n, one in found if isinstance(one.widget, forms.PasswordInput))

    def _fields(self) -> dict[str, forms.Field]:
        return cast("dict[str, forms.Field]", getattr(self.form, "base_fields", {}))

    def clean(self, values: Mapping[str, Any], around: Surroundings) -> Any:
        """Validate by the form; keys of rows are those of rows that the caller may see."""
        form = self.make(values, around)
        _narrow(form.fields.values(), around)
        if form.is_valid():
            return self.result(form)
        raise _failed(
            (name, [(str(text), e.code) for e in errors.as_data() for text in e.messages])
            for name, errors in form.errors.items()
        )

    def make(self, values: Mapping[str, Any], around: Surroundings) -> Any:
        """Return the form with what was sent; a model's form is about the row."""
        if issubclass(self.form, forms.BaseModelForm):
            return self.form(data=dict(values), instance=around.target)
        return self.form(data=dict(values))

    def result(self, form: Any) -> Any:
        """Return what the handler gets of a valid form."""
        return form.cleaned_data

    def schema(self) -> dict[str, Any]:
        """Return JSON Schema of the fields."""
        fields = {name: one for name, one in self._fields().items() if name in self.names}
        properties = {name: _field_schema(one) for name, one in fields.items()}
        return object_schema(properties, [name for name, one in fields.items() if one.required])

    def fields(self) -> list[dict[str, Any]]:
        """Return the fields as dj-actions shows them."""
        return [
            {
                "name": name,
                "required": one.required,
                "description": str(one.help_text),
                "type": type(one).__name__,
            }
            for name, one in self._fields().items()
        ]


def _field_schema(one: forms.Field) -> dict[str, Any]:
    found = next((kind for base, kind in _KINDS if isinstance(one, base)), {"type": "string"})
    schema: dict[str, Any] = dict(found)
    # The choices of a field that names rows are rows, which nobody asked for here.
    choices = None if hasattr(one, "queryset") else getattr(one, "choices", None)
    if choices and "type" in schema:
        values = [value for value, label in choices if not isinstance(label, list | tuple)]
        key = "items" if schema["type"] == "array" else "enum"
        schema[key] = {"enum": values} if key == "items" else values
    for name, key in (("max_length", "maxLength"), ("min_length", "minLength")):
        if getattr(one, name, None) is not None:
            schema[key] = getattr(one, name)
    for name, key in (("min_value", "minimum"), ("max_value", "maximum")):
        bound = getattr(one, name, None)
        if isinstance(bound, int | float):
            schema[key] = bound
    return {**schema, "description": str(one.help_text)} if one.help_text else schema


@dataclass(frozen=True, slots=True, eq=False)
class SerializerInput:
    """A serializer of Django REST framework; the handler gets its ``validated_data``."""

    serializer: Any

    @property
    def names(self) -> frozenset[str]:
        """The fields that can be written."""
        return frozenset(self._fields())

    @property
    def sensitive(self) -> frozenset[str]:
        """What a browser would not show, either."""
        styles = {name: one.style or {} for name, one in self._fields().items()}
        return frozenset(n for n, style in styles.items() if style.get("input_type") == "password")

    def _fields(self) -> dict[str, Any]:
        return {name: one for name, one in self.serializer().fields.items() if not one.read_only}

    def clean(self, values: Mapping[str, Any], around: Surroundings) -> Any:
        """Validate by the serializer; keys of rows are those of rows that the caller may see."""
        context = {"request": around.context.request, "action": around.context}
        serializer = self.serializer(data=dict(values), context=context)
        _narrow(serializer.fields.values(), around)
        if serializer.is_valid():
            return serializer.validated_data
        raise _failed(
            (name, [(str(one), getattr(one, "code", None)) for one in _flat(errors)])
            for name, errors in serializer.errors.items()
        )

    def schema(self) -> dict[str, Any]:
        """Return JSON Schema of the fields, by the names of their types alone."""
        fields = self._fields()
        properties = {name: _serializer_schema(one) for name, one in fields.items()}
        return object_schema(properties, [name for name, one in fields.items() if one.required])

    def fields(self) -> list[dict[str, Any]]:
        """Return the fields as dj-actions shows them."""
        return [
            {
                "name": name,
                "required": one.required,
                "description": str(one.help_text or ""),
                "type": type(one).__name__,
            }
            for name, one in self._fields().items()
        ]


_SERIALIZED = {
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


def _serializer_schema(one: Any) -> dict[str, Any]:
    names = [base.__name__ for base in type(one).__mro__]
    found = next((_SERIALIZED[name] for name in names if name in _SERIALIZED), None)
    schema: dict[str, Any] = dict({"type": "string"} if found is None else found)
    names_rows = hasattr(one, "queryset") or hasattr(one, "child_relation")
    if not names_rows and isinstance(getattr(one, "choices", None), Mapping):
        schema["enum"] = list(one.choices)
    return {**schema, "description": str(one.help_text)} if one.help_text else schema


@dataclass(frozen=True, slots=True, eq=False)
class PydanticInput:
    """A model of pydantic; the handler gets an instance."""

    model: Any

    @property
    def names(self) -> frozenset[str]:
        """The fields of the model, by the names that are sent."""
        return frozenset(self.model.model_json_schema().get("properties", {}))

    @property
    def sensitive(self) -> frozenset[str]:
        """What pydantic keeps secret."""
        found = self.model.model_json_schema().get("properties", {}).items()
        return frozenset(name for name, one in found if one.get("format") == "password")

    def clean(self, values: Mapping[str, Any], around: Surroundings) -> Any:
        """Validate by the model."""
        try:
            return self.model.model_validate_json(msgspec.json.encode(dict(values)))
        except ValueError as error:
            found: Any = error
            faults: dict[str, list[tuple[str, str | None]]] = {}
            for one in found.errors(include_url=False, include_input=False, include_context=False):
                name = str(one["loc"][0]) if one["loc"] else "__all__"
                faults.setdefault(name, []).append((one["msg"], one["type"]))
            raise _failed(faults.items()) from None

    def schema(self) -> dict[str, Any]:
        """Return the model's own JSON Schema, closed."""
        return {**self.model.model_json_schema(), "additionalProperties": False}

    def fields(self) -> list[dict[str, Any]]:
        """Return the fields as dj-actions shows those of a form."""
        return described(self.schema())


@dataclass(frozen=True, slots=True, eq=False)
class StructInput:
    """A dataclass, ``TypedDict`` or ``msgspec.Struct``; the handler gets an instance."""

    type: Any
    names: frozenset[str]

    @property
    def sensitive(self) -> frozenset[str]:
        """None: a type does not say so."""
        return frozenset()

    def clean(self, values: Mapping[str, Any], around: Surroundings) -> Any:
        """Read the values as the type says."""
        try:
            return msgspec.convert(dict(values), self.type)
        except msgspec.ValidationError as error:
            text, _, place = str(error).partition(" - at `$")
            name = place.strip(".`").split(".")[0].split("[")[0]
            raise failure({name or "__all__": text}) from None

    def schema(self) -> dict[str, Any]:
        """Return JSON Schema of the type, closed."""
        (_,), shared = msgspec.json.schema_components([self.type], ref_template="#/$defs/{name}")
        own = dict(shared[self.type.__name__])
        rest = {name: one for name, one in shared.items() if name != self.type.__name__}
        own["additionalProperties"] = False
        return {**own, "$defs": rest} if rest else own

    def fields(self) -> list[dict[str, Any]]:
        """Return the fields as dj-actions shows those of a form."""
        return described(self.schema())


def _struct_fields(written: Any) -> Iterable[str]:
    try:
        _, shared = msgspec.json.schema_components([written])
    except (TypeError, ValueError) as error:
        raise TypeError(f"{written!r} cannot validate the input of an action") from error
    own = shared.get(getattr(written, "__name__", ""), {})
    if own.get("type") != "object":
        raise TypeError(f"{written!r} cannot validate the input of an action")
    return list(own.get("properties", {}))


def described(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the properties of JSON Schema as dj-actions shows the fields of a form."""
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "required": name in required,
            "description": one.get("description", ""),
            "type": str(one.get("type", "any")),
        }
        for name, one in schema.get("properties", {}).items()
    ]


def _narrow(fields: Iterable[Any], around: Surroundings) -> None:
    """Let fields that choose rows choose among those that the caller may see."""
    for one in fields:
        holder = getattr(one, "child_relation", one)
        if getattr(holder, "queryset", None) is not None:
            holder.queryset = around.rows.narrow(holder.queryset.all())


def _flat(errors: Any) -> list[Any]:
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
