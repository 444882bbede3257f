"""Row rules whose values can be read repeatedly: by many statements, in many requests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q


def repeatable(condition: Q) -> Q:
    """Return a rule whose values can be read more than once, without its empty parts.

    A generator would be empty for the second statement of a request, and *not in* an empty list
    matches every row.
    An empty ``Q`` inside of another lets every row through, as one alone would.
    """
    children: list[Any] = []
    for child in condition.children:
        if isinstance(child, Q):
            inner = repeatable(child)
            if inner:
                children.append(inner)
        elif isinstance(child, tuple) and isinstance(child[1], Iterator):
            children.append((child[0], list(child[1])))
        else:
            children.append(child)
    if children == condition.children:
        return condition
    made: Q = Q.create(children, condition.connector, negated=condition.negated)
    return made
