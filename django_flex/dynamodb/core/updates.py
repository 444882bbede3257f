"""Changes of an item that DynamoDB makes by itself, so that none is lost."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django_flex.dynamodb.core.conditions import Path
from django_flex.dynamodb.core.expressions import BYTES, Placeholders, TooComplexError
from django_flex.dynamodb.core.schema import AttributeValue


class Change(StrEnum):
    """What is done to the value at a path."""

    SET = "set"
    REMOVE = "unset"
    INCREMENT = "inc"
    APPEND = "append"
    PREPEND = "prepend"
    ADD = "add"
    DELETE = "remove"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """One change.

    Attributes:
        path: where.
        change: what is done; ``ADD`` and ``DELETE`` are about the members of a set.
        value: with what; nothing for ``REMOVE``.
    """

    path: Path
    change: Change
    value: AttributeValue | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Changes that are made at once."""

    assignments: tuple[Assignment, ...]


_CLAUSES = {Change.REMOVE: "REMOVE", Change.ADD: "ADD", Change.DELETE: "DELETE"}


def update_text(update: Update, used: Placeholders) -> str:
    """Return the text of an update.

    Raises:
        TooComplexError: it is over 4 KB.
    """
    clauses: dict[str, list[str]] = {}
    for one in update.assignments:
        clauses.setdefault(_CLAUSES.get(one.change, "SET"), []).append(_text(one, used))
    text = " ".join(f"{clause} {', '.join(parts)}" for clause, parts in clauses.items())
    if len(text.encode()) > BYTES:
        raise TooComplexError("an update has at most 4 KB: change fewer attributes at once")
    return text


def _text(one: Assignment, used: Placeholders) -> str:
    path = used.path(one.path)
    if one.value is None:
        return path
    value = used.value(one.value)
    match one.change:
        case Change.ADD | Change.DELETE:
            return f"{path} {value}"
        case Change.INCREMENT:
            # What is not there counts as nought; ADD would do that only at the top of an item.
            return f"{path} = if_not_exists({path}, {used.value({'N': '0'})}) + {value}"
        case Change.APPEND | Change.PREPEND:
            old = f"if_not_exists({path}, {used.value({'L': []})})"
            first, second = (old, value) if one.change is Change.APPEND else (value, old)
            return f"{path} = list_append({first}, {second})"
        case Change.DEFAULT:
            return f"{path} = if_not_exists({path}, {value})"
        case _:
            return f"{path} = {value}"
