"""JSON Schema of what a filter compares with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.describe import capitalized
from django_flex.query.kinds import KINDS
from django_flex.query.operators import OPERATORS, compared

if TYPE_CHECKING:
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node

DYNAMIC: Node = {
    "description": "A value that the server computes: a time, something about the user, another "
    "field. `$value` is for a literal object.",
    "type": "object",
    "properties": {
        "$now": {"type": ["string", "boolean"]},
        "$user": {"type": "string"},
        "$field": {"type": "string"},
        "$value": {},
    },
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
_TEXT: Node = {"type": "string"}
_OF_TEXT = frozenset({"text", "file"})
_NULLABLE = frozenset({"exact", "ne"})
_FIXED: dict[str, Node] = {
    "boolean": {"type": "boolean"},
    "pattern": _TEXT,
    "keys": {"type": "array", "items": _TEXT},
    "part": {},
    "document": {},
    "distance": {},
    "box": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
}


def operand(kind: str, operator: str, components: Components) -> Node:
    """Return JSON Schema of what may follow a path of a kind and an operator.

    Args:
        kind: of the value that is compared, after the transforms.
        operator: a key of ``OPERATORS``.
        components: where schemas that have a name are kept.
    """
    takes = OPERATORS[operator].takes
    if takes == "part" and kind in _OF_TEXT:
        return _TEXT
    if takes in _FIXED:
        return _FIXED[takes]
    if not KINDS[kind].sent:
        return {}
    name = capitalized(kind)
    value = components.ref(f"{name}Value", lambda: _value(kind, components))
    listed = {"type": "array", "items": value}
    forms: dict[str, tuple[str, Node]] = {
        "list": ("Values", listed),
        "pair": ("Pair", {**listed, "minItems": 2, "maxItems": 2}),
        "nullable": ("OrNull", {"anyOf": [value, {"type": "null"}]}),
    }
    form = forms.get("nullable" if operator in _NULLABLE else takes)
    return value if form is None else components.ref(f"{name}{form[0]}", lambda: form[1])


def any_operand(kind: str, operators: tuple[str, ...], components: Components) -> Node:
    """Return JSON Schema of what may follow a path of a kind and one of some operators."""
    kinds = dict.fromkeys(compared(kind, text)[0] for text in operators)
    found = [_any_of_kind(one, components) for one in kinds]
    return found[0] if len(found) == 1 else {"anyOf": found}


def _any_of_kind(kind: str, components: Components) -> Node:
    operators = [one.name for one in OPERATORS.values() if kind in one.kinds]
    schemas = [operand(kind, operator, components) for operator in operators]
    if {} in schemas:
        return {}
    unique = [one for n, one in enumerate(schemas) if one not in schemas[:n]]
    return components.ref(f"{capitalized(kind)}Operand", lambda: {"anyOf": unique})


def _value(kind: str, components: Components) -> Node:
    dynamic = components.ref("DynamicValue", lambda: DYNAMIC)
    return {"anyOf": [dict(KINDS[kind].sent), dynamic]}
