"""The parameters of a URL as values: ``filter[author][name][_eq]=x``, ``fields[]=a&fields[]=b``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django_flex.exceptions import QueryError, RequestError
from django_flex.exceptions.places import worded
from django_flex.query.ast import ParameterText
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_flex.query.limits import Limits

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
#: The longest number that is a position in a list.
_DIGITS = 6
_SEGMENT = re.compile(r"\[([^\[\]]*)\]")


def parse_parameters(
    parameters: Sequence[tuple[str, Sequence[str]]], limits: Limits
) -> dict[str, object]:
    """Return parameters as an object, in which brackets are objects and lists.

    A text is a ``ParameterText``. A parameter that was sent several times is a list of texts.

    Raises:
        RequestError: brackets that do not match, or too many of them.
        QueryError: one parameter is sent in two forms.
    """
    found: dict[str, object] = {}
    for name, values in parameters:
        matched = _NAME.fullmatch(name)
        if matched is None:
            raise RequestError(
                worded("'{}' is not a parameter", excerpt(name)),
                path=excerpt(name),
                hint="filter[status][_eq]=published",
            )
        way = [matched[1], *_SEGMENT.findall(matched[2])]
        if len(way) > limits.max_json_depth:
            raise RequestError("The parameters are nested too deeply", path=excerpt(matched[1]))
        _put(found, way, values)
    return {name: _listed(value) for name, value in found.items()}


def _put(target: dict[str, object], way: list[str], values: Sequence[str]) -> None:
    root, inner = way[0], target
    many = len(way) > 1 and way[-1] == ""
    way = way[:-1] if many else way
    for segment in way[:-1]:
        deeper = inner.setdefault(segment or _next(inner), {})
        if not isinstance(deeper, dict):
            raise _two_forms(root)
        inner = deeper
    texts: list[Any] = [ParameterText(value) for value in values]
    last = way[-1] or _next(inner)
    known = inner.get(last)
    if known is None:
        inner[last] = texts if many or len(texts) > 1 else texts[0]
    elif many and isinstance(known, list):
        known += texts
    else:
        raise _two_forms(root)


def _next(inner: dict[str, object]) -> str:
    """Return the position of a value that is added to a list."""
    return str(len(inner))


def _two_forms(root: str) -> QueryError:
    return QueryError(
        worded("'{}' was sent in two forms", excerpt(root)), path=excerpt(root), hint="send one"
    )


def _listed(value: object) -> object:
    """Return objects whose keys are positions as lists, as in ``filter[_or][0][status]=x``."""
    if not isinstance(value, dict):
        return value
    inner = {key: _listed(part) for key, part in value.items()}
    if inner and all(key.isascii() and key.isdecimal() and len(key) <= _DIGITS for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner
