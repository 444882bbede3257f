"""The form fields of dj-actions."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator


class CommaSeparatedCharField(forms.Field):
    """Several words, separated by commas; a list is taken as it is. Gives a list of texts.

    Args:
        dedup: keep the first of equal words only.
        max_length: how many words there may be.
        min_length: how many words there have to be.
    """

    def __init__(
        self,
        dedup: bool = True,  # noqa: FBT001, FBT002 - as in dj-actions
        max_length: int | None = None,
        min_length: int | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        self.dedup, self.max_length, self.min_length = dedup, max_length, min_length
        super().__init__(*args, **kwargs)
        if min_length is not None:
            self.validators.append(MinLengthValidator(min_length))
        if max_length is not None:
            self.validators.append(MaxLengthValidator(max_length))

    def to_python(self, value: Any) -> list[str]:
        """Return the words."""
        if value in self.empty_values:
            return []
        parts = value if isinstance(value, list | tuple) else str(value).split(",")
        words = [word for part in parts if (word := str(part).strip())]
        return list(dict.fromkeys(words)) if self.dedup else words


class JSONTextField(forms.CharField):
    """JSON in a text; what is JSON already is taken as it is.

    Args:
        schema: JSON Schema that the value has to satisfy; needs the package ``jsonschema``.
    """

    widget = forms.Textarea
    schema: Any = None

    def __init__(self, schema: Any = None, *args: Any, **kwargs: Any) -> None:
        if schema is not None:
            self.schema = schema
        super().__init__(*args, **kwargs)

    def to_python(self, value: Any) -> Any:
        """Return the value."""
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise ValidationError("Please provide valid JSON", code="invalid") from error

    def validate(self, value: Any) -> None:
        """Want a value; an empty object is one."""
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """Hold the value against the schema; the validators of a text are not for it."""
        if self.schema is None or value is None:
            return
        import jsonschema

        try:
            jsonschema.validate(value, self.schema)
        except jsonschema.ValidationError as error:
            raise ValidationError(str(error.message), code="schema") from error
