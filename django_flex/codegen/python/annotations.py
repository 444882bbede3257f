"""Annotations of what is sent and compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.client.commands.columns import TYPES
from django_flex.describe import as_json
from django_flex.query.operators import OPERATORS, compared

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.describe import ColumnDescription, InputDescription

#: What may be sent for a kind besides the type of a reply.
_ALSO = {
    "date": ("str",),
    "datetime": ("str",),
    "decimal": ("int", "str"),
    "duration": ("str",),
    "float": ("int",),
    "time": ("str",),
    "uuid": ("str",),
}
#: Kinds of which values are sent in several forms.
_ANY_FORM = frozenset({"array", "file", "geometry", "hstore", "range"})
_FIXED = {
    "boolean": "bool",
    "pattern": "str",
    "keys": "Sequence[str]",
    "part": "object",
    "document": "object",
    "distance": "object",
    "box": "Sequence[float]",
}
_NULLABLE = frozenset({"exact", "ne"})
#: A value that the server computes.
_DYNAMIC = "Mapping[str, object]"


def sent(kind: str) -> tuple[str, ...]:
    """Return the types that may be sent for a kind, ``object`` where it may be anything."""
    found = TYPES.get(kind)
    return ("object",) if found is None or kind in _ANY_FORM else (found, *_ALSO.get(kind, ()))


def union(types: Iterable[str]) -> str:
    """Return the annotation of any of these."""
    found = list(dict.fromkeys(types))
    return "object" if "object" in found else " | ".join(found)


def literals(values: Iterable[object]) -> str:
    """Return the annotation of one of some values."""
    return f"Literal[{', '.join(f'{one!a}' for one in values)}]"


def input_annotation(one: InputDescription) -> str:
    """Return the annotation of a name that may be sent."""
    if one.upload is not None or one.column.types:
        return "object"
    found = _value(one.column)
    if one.many:
        found = ("object",) if found == ("object",) else (f"Sequence[{union(found)}]",)
    more = (*(("None",) if one.column.null else ()), *((_DYNAMIC,) if one.updates else ()))
    return union((*found, *more))


def _value(column: ColumnDescription) -> tuple[str, ...]:
    choices = [as_json(choice.value) for choice in column.declaration.choices]
    if choices and all(isinstance(one, str | int) for one in choices):
        return (literals(choices),)
    return sent(column.kind)


def operand_annotation(kind: str, operator: str) -> str:
    """Return the annotation of what is compared by an operator, with the transforms before it."""
    kind, operator = compared(kind, operator)
    takes = OPERATORS[operator].takes
    if takes == "part" and kind in {"text", "file"}:
        return "str"
    if takes in _FIXED:
        return _FIXED[takes]
    value = union((*sent("text" if kind == "file" else kind), _DYNAMIC))
    if takes in {"list", "pair"}:
        return f"Sequence[{value}]"
    return union((value, "None")) if operator in _NULLABLE else value
