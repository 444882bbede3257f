"""Attributes besides those of PynamoDB."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from pynamodb.attributes import Attribute

from django_flex.dynamodb.core.values import exact_number, number


class StringJoinAttribute(Attribute[Any]):
    """Several values in one text, in the order of their attributes.

    Args:
        fields: an attribute for each value.
        separator: what is between them; no value may contain it.
    """

    attr_type = "S"

    def __init__(
        self, fields: Sequence[Attribute[Any]], separator: str = "||", *args: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._fields = tuple(fields)
        self._separator = separator

    def serialize(self, value: Any) -> str:
        """Return the text; a text is taken as it is."""
        if isinstance(value, str):
            return value
        texts = [
            str(field.serialize(one) or "") for one, field in zip(value, self._fields, strict=False)
        ]
        if any(self._separator in text for text in texts):
            raise ValueError(f"a value contains the separator {self._separator!r}")
        return self._separator.join(texts)

    def deserialize(self, value: str) -> list[Any]:
        """Return the values."""
        texts = value.split(self._separator)
        return [field.deserialize(text) for text, field in zip(texts, self._fields, strict=False)]


class BooleanUnicodeAttribute(Attribute[bool]):
    """A boolean as the text ``True`` or ``False``, so that it can be part of a key."""

    attr_type = "S"

    def serialize(self, value: Any) -> str | None:
        """Return the text."""
        return None if value is None else str(bool(value))

    def deserialize(self, value: str) -> bool:
        """Return the boolean."""
        return value == "True"


class DecimalAttribute(Attribute[Decimal]):
    """A number with all of its digits, up to 38; ``NumberAttribute`` makes a float of a fraction."""

    attr_type = "N"

    def serialize(self, value: Any) -> str:
        """Return the number as DynamoDB takes it."""
        return number(value)

    def deserialize(self, value: str) -> Decimal:
        """Return the number."""
        return Decimal(exact_number(value))


class IntegerAttribute(Attribute[int]):
    """A whole number with all of its digits, up to 38; the API shows it as an integer."""

    attr_type = "N"

    def serialize(self, value: Any) -> str:
        """Return the number as DynamoDB takes it.

        Raises:
            ValueError: it is no whole number.
        """
        text = number(value)
        if not isinstance(exact_number(text), int):
            raise ValueError(f"a whole number is expected, not {text}")  # noqa: TRY004 - of a value
        return text

    def deserialize(self, value: str) -> int:
        """Return the number."""
        return int(exact_number(value))
