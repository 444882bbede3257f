"""Attribute values: from Python values and back, compared, measured and checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import (
    Clamped,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    Subnormal,
)
from typing import Any

from django_flex.dynamodb.core.schema import AttributeValue, Item

DIGITS = 38
#: An item with its names, in bytes.
ITEM_SIZE = 400 * 1024
#: A key, in bytes, of a hash and of a range.
HASH_SIZE, RANGE_SIZE = 2048, 1024

_EXACT = Context(
    prec=DIGITS,
    Emin=-130,
    Emax=125,
    traps=[Clamped, Inexact, InvalidOperation, Overflow, Rounded, Subnormal],
)


#: The first whole number that has too many digits.
_LARGE = 10**DIGITS


class BadValueError(ValueError):
    """A value that DynamoDB does not have; the message says why."""


def number(value: Any) -> str:
    """Return a number as DynamoDB takes it, digit by digit.

    Raises:
        BadValueError: it is no number, or has more than 38 digits, or its magnitude is beyond
            1e125, or a fraction smaller than 1e-130.
    """
    if type(value) is int and abs(value) < _LARGE:
        return str(value)
    if type(value) is str and value.isascii() and value.isdigit() and len(value) <= DIGITS:
        return value.lstrip("0") or "0"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise BadValueError(f"a number is expected, not {type(value).__name__}")
    try:
        exact = Decimal(repr(value) if isinstance(value, float) else value)
        if not exact.is_finite():
            raise BadValueError("a finite number is expected")
        # Zeros at the end are no digits of the value.
        _EXACT.create_decimal(exact.normalize(Context(prec=max(len(exact.as_tuple().digits), 1))))
    except InvalidOperation:
        raise BadValueError("a number is expected, of at most 38 digits") from None
    except (Clamped, Inexact, Overflow, Rounded, Subnormal):
        raise BadValueError(
            "a number has at most 38 digits, and a magnitude between 1e-130 and 1e125"
        ) from None
    return str(exact)


def exact_number(text: str) -> int | Decimal:
    """Return the number in a text: an integer where it is one, else a decimal."""
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() and abs(value) < 1e38 else value  # noqa: PLR2004 - as many digits as a number has


def encode(value: Any) -> AttributeValue:  # noqa: PLR0911 - one case for each type
    """Return the attribute value for a Python value of any type that has one."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | float() | Decimal():
            return {"N": number(value)}
        case str():
            return {"S": value}
        case bytes() | bytearray():
            return {"B": bytes(value)}
        case Mapping():
            return {"M": {str(key): encode(one) for key, one in value.items()}}
        case AbstractSet():
            return _encoded_set(value)
        case Sequence():
            return {"L": [encode(one) for one in value]}
        case _:
            raise BadValueError(f"DynamoDB has no type for {type(value).__name__}")


def _encoded_set(values: AbstractSet[Any]) -> AttributeValue:
    encoded = [encode(one) for one in values]
    kinds = {kind for one in encoded for kind in one}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        raise BadValueError("a set is of texts, of numbers or of bytes, and not empty")
    [kind] = kinds
    return {f"{kind}S": [one[kind] for one in encoded]}


def decode(value: AttributeValue) -> Any:
    """Return the Python value of an attribute value; numbers are ``int`` or ``Decimal``."""
    [(kind, content)] = value.items()
    return _DECODERS[kind](content)


def _same(content: Any) -> Any:
    return content


_DECODERS: dict[str, Callable[[Any], Any]] = {
    "S": _same,
    "B": _same,
    "BOOL": _same,
    "NULL": lambda _: None,
    "N": exact_number,
    "M": lambda content: {key: decode(one) for key, one in content.items()},
    "L": lambda content: [decode(one) for one in content],
    "SS": set,
    "BS": set,
    "NS": lambda content: {exact_number(one) for one in content},
}


#: What the content of an attribute value is, by its type.
_CONTENTS: dict[str, Any] = {"S": str, "B": bytes, "BOOL": bool, "M": Mapping, "L": Sequence}


def check(value: AttributeValue) -> AttributeValue:
    """Return an attribute value that DynamoDB takes.

    Raises:
        BadValueError: the content does not have the type that it says.
    """
    [(kind, content)] = value.items()
    wanted = _CONTENTS.get(kind)
    if wanted is not None and not isinstance(content, wanted):
        raise BadValueError(f"the type {kind} has no value of {type(content).__name__}")
    if kind == "N":
        number(content)
    elif kind in {"SS", "NS", "BS"}:
        if not content:
            raise BadValueError("a set may not be empty")
        for one in content:
            check({kind[0]: one})
    elif kind == "M":
        for one in content.values():
            check(one)
    elif kind == "L":
        for one in content:
            check(one)
    return value


def check_key(value: AttributeValue, kind: str, *, is_hash: bool) -> None:
    """Check the value of a key attribute.

    Raises:
        BadValueError: it has another type, is empty, or is too long.
    """
    check(value)
    [(given, content)] = value.items()
    if given != kind:
        raise BadValueError(f"a key of type {kind} is expected, not {given}")
    size = len(content.encode()) if given == "S" else len(content)
    most = HASH_SIZE if is_hash else RANGE_SIZE
    if not size or size > most:
        raise BadValueError(f"a key has between 1 and {most} bytes")


def compare(left: AttributeValue, right: AttributeValue) -> int | None:
    """Return -1, 0 or 1 as DynamoDB sorts two values; ``None`` if their types have no order."""
    [(kind, one)], [(other_kind, other)] = left.items(), right.items()
    if kind != other_kind or kind not in {"S", "N", "B"}:
        return None
    one, other = _sortable(kind, one), _sortable(kind, other)
    return int(one > other) - int(one < other)


def equal(left: AttributeValue, right: AttributeValue) -> bool:
    """Return whether two values are the same: numbers by value, sets in any order."""
    return left.keys() == right.keys() and decode(left) == decode(right)


def _sortable(kind: str, content: Any) -> Any:
    if kind == "N":
        return Decimal(content)
    return content.encode() if kind == "S" else content


def size_of(value: AttributeValue) -> int:
    """Return about how many bytes DynamoDB counts for a value."""
    [(kind, content)] = value.items()
    if kind == "M":
        return 3 + sum(len(key.encode()) + 1 + size_of(one) for key, one in content.items())
    if kind == "L":
        return 3 + sum(1 + size_of(one) for one in content)
    if kind in {"SS", "NS", "BS"}:
        return sum(size_of({kind[0]: one}) for one in content)
    if kind == "N":
        return (len(content.lstrip("-").replace(".", "")) + 1) // 2 + 1
    if kind == "S":
        return len(content.encode())
    return len(content) if kind == "B" else 1


def size_of_item(item: Item) -> int:
    """Return about how many bytes DynamoDB counts for an item."""
    return sum(len(name.encode()) + size_of(value) for name, value in item.items())


def check_item(item: Item) -> None:
    """Check a whole item before it is sent.

    Raises:
        BadValueError: a value is none of DynamoDB's, or the item is larger than 400 KB.
    """
    for value in item.values():
        check(value)
    size = size_of_item(item)
    if size > ITEM_SIZE:
        raise BadValueError(f"an item has at most 400 KB; this one has {size} bytes")
