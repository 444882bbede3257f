"""The words of the language in camelCase, and the paths that end in them, both ways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.dialects.flex import actions, mutations, parser, related
from django_flex.exceptions import QueryError
from django_flex.exceptions.places import Part, worded
from django_flex.query.aggregates import FUNCTIONS, PARTS
from django_flex.query.filters import CONNECTORS, QUANTIFIERS
from django_flex.query.naming import to_camel
from django_flex.query.operators import OPERATORS, WITH_KEYS
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django_flex.schema.resources import Resource

NULLS = frozenset({"nulls_first", "nulls_last"})


def _table(words: Iterable[str]) -> dict[str, str]:
    """Return the words that change, by their camelCase."""
    return {camel: word for word in words if (camel := to_camel(word)) != word}


_ALL_KEYS = (
    *(key for keys in parser.KEYS.values() for key in keys),
    *related.KEYS,
    *(key for keys in mutations.KEYS.values() for key in keys),
    *(key for keys in actions.KEYS.values() for key in keys),
)
#: Keys of queries, writes and calls.
KEYS = _table(_ALL_KEYS)
#: Those of them that no column and no input can be.
CONTROL = {camel: word for camel, word in KEYS.items() if word.startswith("_")}
#: What may follow a path.
ENDINGS = _table((*OPERATORS, *PARTS, *FUNCTIONS, *NULLS))
#: What may follow the keys of a JSON value.
AFTER_KEYS = _table((*(name for name, one in OPERATORS.items() if one.kinds & WITH_KEYS), *NULLS))


@dataclass(frozen=True, slots=True)
class _Way:
    """Tables for one direction."""

    keys: Mapping[str, str]
    endings: Mapping[str, str]
    after_keys: Mapping[str, str]


def _back(table: Mapping[str, str]) -> dict[str, str]:
    return {word: camel for camel, word in table.items()}


READING = _Way(KEYS, ENDINGS, AFTER_KEYS)
WRITING = _Way(_back(KEYS), _back(ENDINGS), _back(AFTER_KEYS))
PARTS_OF_REQUESTS = {part: to_camel(part) for part in Part}
_IN_CAMEL = {**WRITING.keys, **WRITING.endings}
#: What may stand between a column and the end of its path, in both spellings.
_BETWEEN = frozenset({*PARTS, *FUNCTIONS, *map(to_camel, (*PARTS, *FUNCTIONS))})
_TOLD = re.compile(r"(?<![\w$])[\w-]+(?:\.[\w-]+)*")
_PATH = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_CALL = re.compile(r"\s*\(")
#: The keys of a query whose value has terms, and those whose value is an object of conditions.
TERMS = ("fields", "_fields", "order_by", "group_by", "aggregate", "distinct")
CONDITIONS = ("filters", "having", "_filters", "_if")


def in_camel(text: str) -> str:
    """Return a text with the words of the language in camelCase; keys of JSON in its paths stay.

    Which name is a key of JSON is not looked up: a column that is hidden looks like none.
    """
    return _TOLD.sub(lambda found: _told(found[0].split(".")), text)


def _told(names: list[str]) -> str:
    """Return a path with its words in camelCase: that of a clause first, and those at its end."""
    last, start = len(names) - 1, 0
    while names[start] == Part.RELATED and start + 2 <= last:
        start += 2
    ends = range(max(start + 1, _end_of_column(names)), last + 1)
    words = {start: _IN_CAMEL, **dict.fromkeys(ends, WRITING.endings)}
    return ".".join(words.get(n, {}).get(name, name) for n, name in enumerate(names))


def _end_of_column(names: Sequence[str]) -> int:
    """Return where what may follow a column begins, by the names alone."""
    end = len(names) - 1
    while end > 0 and names[end - 1] in _BETWEEN:
        end -= 1
    return end


def write_query(query: Mapping[str, object], resource: Resource | None) -> dict[str, object]:
    """Return a query of the language as a client would send it: the way back of ``read_query``."""
    return _query(query, resource, WRITING)


def read_keys(payload: Mapping[str, object], table: Mapping[str, str]) -> dict[str, object]:
    """Return an object with the words of a table for its keys.

    Raises:
        QueryError: it has a key in both spellings.
    """
    found: dict[str, object] = {}
    for key, value in payload.items():
        meant = table.get(key, key)
        if meant in found:
            raise QueryError(
                worded("'{}' and '{}' are the same key", excerpt(key), meant),
                path=excerpt(key),
                hint="send one of them",
            )
        found[meant] = value
    return found


def read_query(payload: Mapping[str, object], resource: Resource | None) -> dict[str, object]:
    """Return a query whose keys and paths have the words of the language.

    Args:
        payload: as sent; what is malformed stays, for the parser to refuse.
        resource: that the paths start from, ``None`` if there is none.
    """
    return _query(payload, resource, READING)


def read_paths(payload: Mapping[str, object], resource: Resource | None) -> dict[str, object]:
    """Return a query with the words of the language in its paths; as for ``read_query``."""
    return _paths(payload, resource, READING)


def _query(
    payload: Mapping[str, object], resource: Resource | None, way: _Way
) -> dict[str, object]:
    said = read_keys(payload, way.keys)
    if way is READING:
        return _paths(said, resource, way)
    return read_keys(_paths(payload, resource, way), way.keys)


def _paths(
    payload: Mapping[str, object], resource: Resource | None, way: _Way
) -> dict[str, object]:
    found = dict(payload)
    for key in TERMS:
        if key in found:
            found[key] = _terms(found[key], resource, way)
    for key in CONDITIONS:
        if key in found:
            found[key] = _conditions(found[key], resource, way)
    entries = found.get("related")
    if isinstance(entries, Mapping):
        found["related"] = {
            name: _query(entry, _source(name, entry, resource), way)
            if isinstance(entry, Mapping)
            else entry
            for name, entry in entries.items()
        }
    return found


def _source(
    name: object, entry: Mapping[str, object], resource: Resource | None
) -> Resource | None:
    return _walk(str(entry.get("from", name)).split("."), resource)[1]


def _terms(value: object, resource: Resource | None, way: _Way) -> object:
    if isinstance(value, list | tuple):
        return [_terms(part, resource, way) for part in value]
    if not isinstance(value, str):
        return value
    said = _PATH.sub(lambda found: _term(found, resource, way), value)
    # The text of a parameter, such as `true`, stays one.
    return value if said == value else said


def _term(found: re.Match[str], resource: Resource | None, way: _Way) -> str:
    if _CALL.match(found.string, found.end()):
        return way.endings.get(found[0], found[0])
    # The sign of a descending order is no part of the name.
    sign = "-" if found[0].startswith("-") else ""
    return sign + _path(found[0].removeprefix(sign), resource, way)


def _path(path: str, resource: Resource | None, way: _Way) -> str:
    """Return a path with other words behind its column; keys of JSON stay."""
    names = path.split(".")
    start, _, keyed = _walk(names, resource)
    table = way.after_keys if keyed else way.endings
    # Errors have to tell nothing of a column, so they find the words by the names alone, too.
    start = max(start, len(names) - 1 if keyed else _end_of_column(names))
    return ".".join((*names[:start], *(table.get(name, name) for name in names[start:])))


def _walk(names: Sequence[str], resource: Resource | None) -> tuple[int, Resource | None, bool]:
    """Return how many names lead to a column or rows, which rows, and whether keys may follow."""
    for position, name in enumerate(names):
        if resource is None:
            return position, None, False
        relation, attribute = resource.relation(name), resource.attribute(name)
        last = position + 1 == len(names)
        if relation is not None and not (last and attribute is not None):
            resource = relation.target
        elif attribute is not None:
            there = None if relation is None else relation.target
            return position + 1, there, attribute.kind in WITH_KEYS
        else:
            # An alias, or the name of an aggregate, is no word of the language.
            return max(position, 1), resource if position else None, False
    return len(names), resource, False


def _conditions(value: object, resource: Resource | None, way: _Way) -> object:
    if isinstance(value, list):
        return [_conditions(part, resource, way) for part in value]
    if not isinstance(value, dict):
        return value
    found: dict[object, object] = {}
    for key, inner in value.items():
        if not isinstance(key, str):
            found[key] = inner
        elif key in CONNECTORS:
            found[key] = _conditions(inner, resource, way)
        else:
            hops, _, end = key.rpartition(".")
            said = _PATH.sub(lambda one: _term(one, resource, way), key)
            if hops and end in QUANTIFIERS and isinstance(inner, dict):
                there = _walk(hops.split("."), resource)[1]
                found[said] = _conditions(inner, there, way)
            else:
                found[said] = inner
    return found
