"""The form fields of dj-actions."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator


class CommaSeparatedCharField(forms.Field):
    """A list of strings, from a comma-separated string or from a list.

    Args:
        dedup: whether to drop repeated words.
        max_length: the maximum number of words.
        min_length: the minimum number of words.
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
    """JSON, as a string or as parsed data.

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
        """Require a value; an empty object counts as one."""
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        """Validate the value against the schema instead of by the validators of a text field."""
        if self.schema is None or value is None:
            return
        import jsonschema

        try:
            jsonschema.validate(value, self.schema)
        except jsonschema.ValidationError as error:
            raise ValidationError(str(error.message), code="schema") from error
