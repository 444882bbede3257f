"""The text at a key of an hstore, a type of PostgreSQL."""

from __future__ import annotations

from typing import Any

from django.db.models import F


def text_at(name: str, key: str) -> Any:
    """Return the text at a key as an expression, NULL if there is none.

    Not by Django's path ``attributes__color``, where keys such as ``keys`` or ``contains`` are
    transforms and lookups.

    Args:
        name: Django's path of the column.
        key: the key.
    """
    # Only where such a column exists: the module needs psycopg.
    from django.contrib.postgres.fields.hstore import KeyTransform

    return KeyTransform(key, F(name))
