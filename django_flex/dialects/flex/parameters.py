"""Turns query parameters into the same mapping that a JSON body has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django_flex.exceptions import QueryError
from django_flex.query.ast import ParameterText
from django_flex.query.filters import CONNECTORS, DYNAMIC, QUANTIFIERS
from django_flex.query.terms import MAX_PATH_SEGMENTS, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The keys that hold conditions.
CONDITIONS = frozenset({"filters", "having"})
_MAX_INDEX_DIGITS = 3
_RELATED_SEGMENTS = 2  # `related.lines`, which is followed by a key of the nested query


def parse_parameters(pairs: Iterable[tuple[str, list[str]]]) -> dict[str, object]:
    """Unflatten dotted parameters: ``filters.or.0.status=x`` becomes nested objects and lists.

    Args:
        pairs: each parameter's name and all its values, in the order of the URL.

    Raises:
        QueryError: a parameter is both a value and an object, or its path is too long.
    """
    payload: dict[str, object] = {}
    for name, values in pairs:
        value: object = _text(values)
        if "." not in name:  # most are a key of the query itself
            if name in payload:
                raise _both(name)
            payload[name] = value
            continue
        # `filters[price.gte]` is refused as one name: its parts would say nothing to the caller.
        segments = [name] if "[" in name.partition(".")[0] else name.split(".")
        if len(segments) > MAX_PATH_SEGMENTS:
            raise QueryError("A parameter's path is too long", path=excerpt(name))
        _put(payload, _keys(segments), value, name)
    return _lists_within(payload)


def _text(values: list[str]) -> object:
    return ParameterText(values[0]) if len(values) == 1 else [*map(ParameterText, values)]


def _both(name: str) -> QueryError:
    return QueryError("A parameter is used both as a value and as an object", path=excerpt(name))


def _keys(segments: list[str]) -> list[str]:
    """Return the segments that nest: in filters by their grammar, in ``related`` by names."""
    if segments[0] in CONDITIONS:
        return [segments[0], *_filter_keys(segments[1:])]
    if segments[0] == "related" and len(segments) > _RELATED_SEGMENTS:
        return [*segments[:2], *_keys(segments[2:])]
    return segments


def _lists_within(payload: dict[str, Any]) -> dict[str, object]:
    """Turn objects with indexes as keys into lists, in the filters of each level."""
    built = dict(payload)
    for key in CONDITIONS & built.keys():
        built[key] = _with_lists(built[key])
    if isinstance(built.get("related"), dict):
        built["related"] = {
            name: _lists_within(part) if isinstance(part, dict) else part
            for name, part in built["related"].items()
        }
    return built


def _filter_keys(segments: list[str]) -> list[str]:
    """Group the segments after ``filters``: paths do not nest, unlike all that may be around them.

    Connectors, indexes, quantifiers, and the name of a dynamic value at the end: ``day.gte.$now``.
    """
    keys: list[str] = []
    start = 0
    while start < len(segments):
        segment = segments[start]
        nested = start + 1 < len(segments)
        if nested and (segment in CONNECTORS or _is_index(segment, keys)):
            keys.append(segment)
            start += 1
            continue
        end = _path_end(segments, start)
        names = segments[start:end]
        is_dynamic = len(names) > 1 and names[-1] in DYNAMIC
        keys += [".".join(names[:-1]), names[-1]] if is_dynamic else [".".join(names)]
        start = end
    return keys


def _is_index(segment: str, keys: list[str]) -> bool:
    return bool(keys) and keys[-1] in CONNECTORS and segment.isascii() and segment.isdecimal()


def _path_end(segments: list[str], start: int) -> int:
    for position in range(start + 1, len(segments) - 1):
        if segments[position] in QUANTIFIERS:
            return position + 1
    return len(segments)


def _put(payload: dict[str, Any], keys: list[str], value: object, name: str) -> None:
    target = payload
    for key in keys[:-1]:
        target = target.setdefault(key, {})
        if not isinstance(target, dict):
            raise _both(name)
    if keys[-1] in target:
        raise _both(name)
    target[keys[-1]] = value


def _with_lists(node: object) -> object:
    """Turn objects whose keys are all indexes into lists, in the order of the indexes."""
    if not isinstance(node, dict):
        return node
    built = {key: _with_lists(value) for key, value in node.items()}
    for key in CONNECTORS & built.keys():
        inner = built[key]
        if isinstance(inner, dict) and inner and all(map(_is_position, inner)):
            built[key] = [inner[index] for index in sorted(inner, key=int)]
    return built


def _is_position(key: str) -> bool:
    return key.isascii() and key.isdecimal() and len(key) <= _MAX_INDEX_DIGITS


def merge(body: Mapping[str, object], override: Mapping[str, object]) -> dict[str, object]:
    """Merge one payload into another: keys are replaced, ``filters`` are merged key by key."""
    merged = {**body, **override}
    below, above = body.get("filters"), override.get("filters")
    if isinstance(below, dict) and isinstance(above, dict):
        merged["filters"] = {**below, **above}
    return merged
