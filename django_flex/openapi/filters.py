"""JSON Schema of ``filters``: the paths and operators that a role may use, and what they take.

The row's own columns are properties, so that editors complete them. Paths over relations, parts of
dates and keys of JSON values are patterns, which keeps the schema short.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django_flex.openapi.components import capitalized, reference
from django_flex.openapi.operands import any_operand, compared, operand
from django_flex.query.filters import CONNECTORS, QUANTIFIERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.describe import ReachDescription
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node, Spelling

#: One or more keys of a JSON value, with whatever follows them.
KEYS = r"(\.[A-Za-z0-9_-]{1,64})+"


class _Filtered(NamedTuple):
    path: str
    kind: str
    operators: tuple[str, ...]


def filters_ref(
    name: str,
    reach: ReachDescription,
    components: Components,
    spelling: Spelling,
    prefix: str = "",
) -> Node | None:
    """Return a reference to the schema of the filters on a row, ``None`` if there are none.

    Args:
        name: of the component.
        reach: what may be requested of a row.
        components: where the schema is kept.
        spelling: of the wire form.
        prefix: the way to related rows that are filtered, with a dot at its end.
    """
    filtered = list(_filtered(reach, prefix))
    open_keys = [
        one.path.removeprefix(prefix)
        for one in reach.fields
        if one.path.startswith(prefix) and one.keys is not None and one.keys.operators
    ]
    if not (filtered or open_keys):
        return None

    def make() -> Node:
        properties = dict(_own(filtered, components, spelling))
        patterns = _patterns(filtered, components, spelling)
        patterns |= {f"^{escaped(path)}{KEYS}$": {} for path in open_keys}
        for relation, inside in _quantified(name, reach, components, spelling, prefix):
            properties |= {f"{relation}.{word}": inside for word in sorted(QUANTIFIERS)}
        either = {"anyOf": [reference(name), {"type": "array", "items": reference(name)}]}
        properties |= dict.fromkeys(sorted(CONNECTORS), either)
        return {
            "type": "object",
            "properties": properties,
            **({"patternProperties": patterns} if patterns else {}),
            "additionalProperties": False,
        }

    return components.ref(name, make)


def _filtered(reach: ReachDescription, prefix: str) -> Iterator[_Filtered]:
    """Yield what can be filtered behind a prefix, with paths that begin there."""
    for field in reach.fields:
        if field.path.startswith(prefix) and field.operators:
            yield _Filtered(field.path.removeprefix(prefix), field.column.kind, field.operators)
        if not prefix:
            for one in field.aggregates:
                yield _Filtered(one.path, one.kind, one.operators)
    if not prefix:
        for relation in reach.relations:
            if relation.count is not None:
                count = relation.count
                yield _Filtered(count.path, count.kind, count.operators)


def _own(
    filtered: Iterable[_Filtered], components: Components, spelling: Spelling
) -> Iterator[tuple[str, Node]]:
    """Yield the filters on columns of the row itself, by the operators themselves."""
    for path, kind, operators in filtered:
        if "." in path:
            continue
        for operator in operators:
            if "." not in operator:
                name = path if operator == "exact" else f"{path}.{operator}"
                yield spelling.path(name), operand(*compared(kind, operator), components)


def _patterns(
    filtered: Iterable[_Filtered], components: Components, spelling: Spelling
) -> dict[str, Node]:
    """Return the other filters: over relations, and of parts of the row's own columns."""
    groups: dict[tuple[bool, str, tuple[str, ...]], list[str]] = {}
    for path, kind, operators in filtered:
        groups.setdefault(("." in path, kind, operators), []).append(path)
    patterns: dict[str, Node] = {}
    for (related, kind, operators), paths in groups.items():
        texts = operators if related else tuple(one for one in operators if "." in one)
        if texts:
            pattern = f"^({either(paths)}){_endings(texts, spelling)}$"
            patterns[pattern] = any_operand(kind, texts, components)
    return patterns


def _endings(operators: tuple[str, ...], spelling: Spelling) -> str:
    """Return a pattern for what may follow a path; ``exact`` may be left out."""
    direct = [one for one in operators if "." not in one]
    behind: dict[str, list[str]] = {}
    for one in operators:
        transform, _, rest = one.partition(".")
        if rest:
            behind.setdefault(transform, []).append(rest)
    alike: dict[tuple[str, ...], list[str]] = {}
    for transform, rests in behind.items():
        alike.setdefault(tuple(rests), []).append(transform)
    found = [escaped(spelling.path(one)) for one in direct]
    for behind_them, transforms in alike.items():
        names = "|".join(spelling.path(one) for one in transforms)
        found.append(f"({names}){_endings(behind_them, spelling)}")
    return f"(\\.({'|'.join(found)})){'?' if 'exact' in direct else ''}"


def _quantified(
    name: str, reach: ReachDescription, components: Components, spelling: Spelling, prefix: str
) -> Iterator[tuple[str, Node]]:
    """Yield the to-many relations with conditions on one and the same related row."""
    for relation in reach.relations:
        if relation.cardinality != "many" or not relation.path.startswith(prefix):
            continue
        path = relation.path.removeprefix(prefix)
        there = filters_ref(
            f"{name}Of{capitalized(path)}", reach, components, spelling, f"{relation.path}."
        )
        if there is not None:
            yield path, there


def either(paths: Iterable[str]) -> str:
    """Return a pattern for one of some paths; those behind one relation are put together."""
    ways: dict[str, list[str]] = {}
    for path in paths:
        way, _, last = path.rpartition(".")
        ways.setdefault(way, []).append(last)
    found = []
    for way, names in ways.items():
        last = names[0] if len(names) == 1 else f"({'|'.join(names)})"
        found.append(f"{escaped(way)}\\.{last}" if way else last)
    return "|".join(found)


def escaped(path: str) -> str:
    """Return a path as part of a pattern; of what is in paths, only the dot means something there."""
    return path.replace(".", "\\.")
