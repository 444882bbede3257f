"""Values at the keys of a JSON column.

Uses ``KeyTransform`` and ``KeyTextTransform``, and of the former ``key_name``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models.fields.json import KeyTextTransform, KeyTransform


def at_keys(document: object, keys: Iterable[str]) -> object:
    """Return the expression of the value at some keys of a JSON document, from the outer one on."""
    for key in keys:
        document = KeyTransform(key, document)
    return document


def text_at(document: object, key: str) -> object:
    """Return the expression of the value at a key of a JSON document, as text."""
    return KeyTextTransform(key, document)


def is_at_key(expression: object) -> bool:
    """Whether an expression is of a value at a key: it is converted by its path, too."""
    return isinstance(expression, KeyTransform)


def document_and_keys(expression: object) -> tuple[Any, list[str]]:
    """Return the document that a value is in, and the keys that lead to the value."""
    keys: list[str] = []
    while isinstance(expression, KeyTransform):
        keys.insert(0, expression.key_name)
        expression = expression.get_source_expressions()[0]
    return expression, keys
