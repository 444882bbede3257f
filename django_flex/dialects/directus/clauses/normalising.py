"""The one normaliser: whatever form a parameter was sent in, what follows gets the same values.

Clients send objects as JSON, as the text of JSON, also inside JSON, and in brackets; lists also with
commas and by repeating a parameter; numbers as numbers and as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from django_flex.dialects.decoding import parse_json
from django_flex.exceptions import (
    InvalidValueError,
    LimitExceededError,
    QueryError,
    UnknownKeyError,
    UnsupportedQueryError,
)
from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.terms import excerpt, nearest

if TYPE_CHECKING:
    from django_flex.query.limits import Limits

Normalise: TypeAlias = "Callable[[object, str, Limits], object]"
#: The text of JSON may itself be in JSON, which some clients encode twice.
_TIMES = 2
_DIGITS = 18
#: How many items of a list are read; how many may be asked for is checked for every dialect alike.
MANY = 1_000


def to_object(value: object, place: str, limits: Limits) -> Mapping[str, object]:
    """Return an object that was sent as one, or as the text of one.

    Raises:
        QueryError: it is something else.
    """
    for _ in range(_TIMES):
        if isinstance(value, str):
            value = parse_json(value.strip().encode(errors="replace"), limits, place)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidValueError("A JSON object is needed", path=place)
    return value


def to_list(value: object, place: str, limits: Limits) -> list[str]:
    """Return texts that were sent as a list, as the text of one, or with commas.

    Raises:
        QueryError: there is something else among them, or an empty text.
    """
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = parse_json(value.strip().encode(errors="replace"), limits, place)
    items = value if isinstance(value, list) else [value]
    texts: list[str] = []
    for item in items:
        if not isinstance(item, str):
            raise InvalidValueError("A list of texts is needed", path=place, hint="id,title")
        texts += [part.strip() for part in split_at_commas(item)]
        if len(texts) > MANY:
            raise LimitExceededError(
                worded("Too many items: {}", len(texts)),
                path=place,
                hint=worded("at most {}", MANY),
            )
    if not all(texts):
        raise InvalidValueError("The list has an empty part", path=place, hint="id,title")
    return texts


def split_at_commas(text: str) -> Iterator[str]:
    """Yield the parts of a text between commas that are not in parentheses."""
    if "(" not in text:
        yield from text.split(",")
        return
    depth = start = 0
    for position, sign in enumerate(text):
        if sign == "," and not depth:
            yield text[start:position]
            start = position + 1
        depth = max(0, depth + (sign == "(") - (sign == ")"))
    yield text[start:]


def to_integer(value: object, place: str, _limits: Limits) -> int:
    """Return a whole number that was sent as one, or as its text.

    Raises:
        InvalidValueError: it is something else.
    """
    if isinstance(value, str):
        digits = value.strip().removeprefix("-")
        if digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS:
            return int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidValueError("A whole number is needed", path=place, hint=f"{place}=20")


def _to_natural(value: object, place: str, limits: Limits) -> int:
    found = to_integer(value, place, limits)
    if found < 0:
        raise InvalidValueError(worded("A whole number of at least {} is needed", 0), path=place)
    return found


def _to_limit(value: object, place: str, limits: Limits) -> int:
    found = to_integer(value, place, limits)
    if found < -1:
        raise InvalidValueError(worded("A whole number of at least {} is needed", -1), path=place)
    return found


def _to_text(value: object, place: str, _limits: Limits) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise InvalidValueError("A text is needed", path=place)
    return str(value)


#: What each parameter is, for the parameters of a query and, with ``_`` before them, those of ``deep``.
PARAMETERS: Mapping[str, Normalise] = {
    "fields": to_list,
    "filter": to_object,
    "sort": to_list,
    "limit": _to_limit,
    "offset": _to_natural,
    "page": _to_natural,
    "search": _to_text,
    "meta": to_list,
    "aggregate": to_object,
    "groupBy": to_list,
    "deep": to_object,
    "alias": to_object,
    "export": _to_text,
}
#: Parameters of Directus that have no meaning here.
UNSUPPORTED = frozenset({"version", "versionRaw", "backlink", "access_token", "share"})


def normalised(
    asked: Mapping[str, object], limits: Limits, place: str = "", sign: str = ""
) -> dict[str, object]:
    """Return parameters by name, each as the one type that it has.

    Args:
        asked: the parameters as they were sent.
        limits: those of what is read.
        place: what they are in, with a dot at its end.
        sign: what is in front of each name.

    Raises:
        UnknownKeyError: there is no such parameter; the error names it.
        UnsupportedQueryError: Directus has it, and this server does not.
        QueryError: it is not what it has to be.
    """
    found: dict[str, object] = {}
    for name, value in asked.items():
        bare = name.removeprefix(sign)
        here = f"{place}{excerpt(name)}"
        if bare in UNSUPPORTED:
            raise UnsupportedQueryError(worded("'{}' is not supported", bare), path=here)
        normalise = PARAMETERS.get(bare) if name.startswith(sign) else None
        if normalise is None:
            raise UnknownKeyError(
                worded("There is no parameter '{}'", excerpt(name)),
                path=here,
                hint=nearest(bare, PARAMETERS),
            )
        if isinstance(value, ParameterText) and not value.strip() and bare != "search":
            continue  # ``filter=`` asks for nothing
        if value is not None:
            found[bare] = normalise(value, here, limits)
    return found


def objects_inside(value: object, place: str) -> list[Mapping[str, object]]:
    """Return the objects of a list, as ``_and`` and ``_or`` take them.

    Raises:
        QueryError: it is no list of objects, or an empty one.
    """
    if not isinstance(value, list) or not value:
        raise InvalidValueError("A list of objects is needed", path=place)
    for position, part in enumerate(value):
        if not isinstance(part, Mapping):
            raise InvalidValueError("A JSON object is needed", path=f"{place}[{position}]")
    return value


def refuse(asked: Mapping[str, object], names: frozenset[str], what: str) -> None:
    """Refuse parameters that have no meaning where they were sent.

    Raises:
        QueryError: there is one; the error names it.
    """
    for name in asked:
        if name in names:
            raise QueryError(worded("'{}' has no meaning for {}", name, what), path=name)
