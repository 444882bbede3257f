"""Expressions of DynamoDB, of placeholders only: no name and no value is ever part of the text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django_flex.dynamodb.core.conditions import And, Comparison, Condition, Not, Operator, Or, Path
from django_flex.dynamodb.core.schema import AttributeValue

#: What DynamoDB takes; no emulator refuses more operands.
OPERANDS, BYTES, OPERATORS = 100, 4096, 300

_FUNCTIONS = {
    Operator.STARTS_WITH,
    Operator.CONTAINS,
    Operator.EXISTS,
    Operator.MISSING,
    Operator.TYPE,
}


class TooComplexError(ValueError):
    """An expression is longer than DynamoDB allows; the message says what would do."""


@dataclass(slots=True)
class Placeholders:
    """The names and values of one request, each with its placeholder."""

    names: dict[str, str] = field(default_factory=dict)
    values: dict[str, AttributeValue] = field(default_factory=dict)

    def path(self, path: Path) -> str:
        """Return the text for a document path."""
        text = ""
        for step in path:
            if isinstance(step, int):
                text += f"[{step}]"
            else:
                name = self.names.setdefault(step, f"#n{len(self.names)}")
                text += f".{name}" if text else name
        return text

    def value(self, value: AttributeValue) -> str:
        """Return the placeholder of a value."""
        name = f":v{len(self.values)}"
        self.values[name] = value
        return name

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of a request that define the placeholders."""
        found: dict[str, Any] = {}
        if self.names:
            found["ExpressionAttributeNames"] = {text: name for name, text in self.names.items()}
        if self.values:
            found["ExpressionAttributeValues"] = dict(self.values)
        return found


def condition_text(condition: Condition, used: Placeholders) -> str:
    """Return the text of a condition.

    Raises:
        TooComplexError: it is over 4 KB, or has over 300 operators, or over 100 values in one list.
    """
    text = _text(condition, used)
    if len(text.encode()) > BYTES:
        raise TooComplexError("a condition has at most 4 KB: use fewer or shorter lists of values")
    if _operators(condition) > OPERATORS:
        raise TooComplexError(f"a condition has at most {OPERATORS} operators")
    return text


def _operators(condition: Condition) -> int:
    match condition:
        case Comparison():
            return 1
        case Not():
            return 1 + _operators(condition.condition)
        case _:
            parts = condition.conditions
            return len(parts) - 1 + sum(_operators(one) for one in parts)


def _text(condition: Condition, used: Placeholders) -> str:
    match condition:
        case Comparison():
            return _comparison(condition, used)
        case Not():
            return f"NOT ({_text(condition.condition, used)})"
        case And():
            return _joined(" AND ", condition.conditions, used)
        case Or():
            return _joined(" OR ", condition.conditions, used)


def _joined(word: str, conditions: Iterable[Condition], used: Placeholders) -> str:
    return word.join(
        _text(one, used) if isinstance(one, Comparison) else f"({_text(one, used)})"
        for one in conditions
    )


def _comparison(comparison: Comparison, used: Placeholders) -> str:
    operator = comparison.operator
    if operator is Operator.IN and len(comparison.values) > OPERANDS:
        raise TooComplexError(f"a list of values has at most {OPERANDS}")
    path = used.path(comparison.path)
    path = f"size({path})" if comparison.of_size else path
    given = [used.value(one) for one in comparison.values]
    if operator in _FUNCTIONS:
        return f"{operator}({', '.join([path, *given])})"
    if operator is Operator.BETWEEN:
        return f"{path} BETWEEN {given[0]} AND {given[1]}"
    if operator is Operator.IN:
        return f"{path} IN ({', '.join(given)})"
    return f"{path} {operator} {given[0]}"
