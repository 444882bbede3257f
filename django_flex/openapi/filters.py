"""JSON Schema of ``filters``: the paths and operators that a role may use, and what they take.

The row's own columns are properties, so that editors complete them. Paths over relations, parts of
dates and keys of JSON values are patterns, which keeps the schema short.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from django_flex.describe import capitalized
from django_flex.openapi.components import reference
from django_flex.openapi.operands import any_operand, operand
from django_flex.query.filters import CONNECTORS, QUANTIFIERS
from django_flex.query.operators import compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django_flex.describe import ReachDescription, Spelling
    from django_flex.openapi.components import Components
    from django_flex.openapi.values import Node

#: One or more keys of a JSON value, with whatever follows them.
KEYS = r"(\.[A-Za-z0-9_-]{1,64})+"


#: A path, the kind of its values, and the operators that they may be compared with.
_Filtered: TypeAlias = tuple[str, str, tuple[str, ...]]


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
        properties = dict(own(filtered, components, spelling))
        for relation, inside in _quantified(name, reach, components, spelling, prefix):
            properties |= {f"{relation}.{word}": inside for word in sorted(QUANTIFIERS)}
        patterns = _patterns(filtered, components, spelling)
        patterns |= {f"^{escaped(path)}{KEYS}$": {} for path in open_keys}
        return conditions_schema(name, properties, patterns)

    return components.ref(name, make)


def conditions_schema(name: str, properties: Node, patterns: Node) -> Node:
    """Return the schema of an object of conditions, which may be combined.

    Args:
        name: of the component that it is, which it refers to inside ``and``, ``or`` and ``not``.
        properties: what the conditions compare with, by name.
        patterns: the same by patterns of names.
    """
    either = {"anyOf": [reference(name), {"type": "array", "items": reference(name)}]}
    return {
        "type": "object",
        "properties": properties | dict.fromkeys(sorted(CONNECTORS), either),
        **({"patternProperties": patterns} if patterns else {}),
        "additionalProperties": False,
    }


def pattern_of(
    paths: str,
    kind: str,
    operators: tuple[str, ...],
    components: Components,
    spelling: Spelling,
) -> tuple[str, Node]:
    """Return a pattern for paths with one of some operators, and what these compare with.

    Args:
        paths: a pattern for the paths.
        kind: of the values there.
        operators: what may follow the paths.
        components: where schemas that have a name are kept.
        spelling: of the wire form.
    """
    endings = components.once(("endings", operators), partial(_endings, operators, spelling))
    taken = partial(any_operand, kind, operators, components)
    return f"^({paths}){endings}$", components.once(("taken", kind, operators), taken)


def _filtered(reach: ReachDescription, prefix: str) -> Iterator[_Filtered]:
    """Yield what can be filtered behind a prefix, with paths that begin there."""
    for field in reach.fields:
        if field.path.startswith(prefix) and field.operators:
            yield field.path.removeprefix(prefix), field.column.kind, field.operators
    for relation in reach.relations:
        if relation.path.startswith(prefix) and relation.operators:
            yield relation.path.removeprefix(prefix), relation.kind, relation.operators
    if not prefix:
        yield from _filtered_by_aggregates(reach)


def _filtered_by_aggregates(reach: ReachDescription) -> Iterator[_Filtered]:
    counts = (one.count for one in reach.relations if one.count is not None)
    for one in chain(*(field.aggregates for field in reach.fields), counts):
        if one.operators:
            yield one.path, one.kind, one.operators


def own(
    filtered: Iterable[_Filtered], components: Components, spelling: Spelling
) -> Iterator[tuple[str, Node]]:
    """Yield the filters on columns of the row itself, by the operators themselves."""
    for path, kind, operators in filtered:
        if "." in path:
            continue
        question = ("own", kind, operators)
        ends = components.once(question, partial(_ends, kind, operators, components, spelling))
        for end, schema in ends:
            yield f"{path}{end}", schema


def _ends(
    kind: str, operators: tuple[str, ...], components: Components, spelling: Spelling
) -> list[tuple[str, Node]]:
    """Return what may follow a column itself, with what it is compared with then."""
    return [
        (
            "" if operator == "exact" else f".{spelling.path(operator)}",
            operand(*compared(kind, operator), components),
        )
        for operator in operators
        if "." not in operator
    ]


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
            patterns |= [pattern_of(either(paths), kind, texts, components, spelling)]
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
