"""What can be read of a row, as an interface with a member for each name that ``fields`` knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from django_flex.codegen.texts import literal
from django_flex.codegen.typescript.schemas import (
    documented,
    named,
    or_null,
    type_of,
    union,
)
from django_flex.describe import capitalized, reply_schema
from django_flex.query.aggregates import TEXT_PARTS, TRUNCATIONS
from django_flex.query.kinds import KINDS
from django_flex.query.operators import DERIVED_KINDS, TRANSFORMS
from django_flex.schema.paths import FILE_PARTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.codegen.paths import Column, Level
    from django_flex.codegen.typescript.pool import Declarations
    from django_flex.describe import (
        ColumnDescription,
        FieldDescription,
        RelationDescription,
        Spelling,
    )

#: The type of a key that the role may not read.
ANY_KEY = "number | string"


class Reader(Protocol):
    """What the interface of a row needs of all that may be asked about it: ``rows.Reaches``."""

    declarations: Declarations
    levels: Mapping[str, Level]
    spelling: Spelling

    def reads(self, way: str) -> str:
        """Return the interface of what can be read at the end of a way."""
        ...

    def inside(self, relation: RelationDescription) -> str:
        """Return the interface of what a list inside a row may ask."""
        ...

    def totals_of_related(self, way: str) -> str:
        """Return the interface of the aggregates of related rows."""
        ...


def value_of(column: ColumnDescription) -> str:
    """Return the type of a column's value in a reply; choices are a hint, since rows may be older."""
    found = type_of(reply_schema(column))
    choices = [choice.value for choice in column.declaration.choices]
    if column.kind == "text" and choices and all(isinstance(one, str) for one in choices):
        hint = f"flex.Hint<{union(literal(str(one)) for one in choices)}>"
        return or_null(hint) if column.null else hint
    return found


def part_type(kind: str, part: str) -> str:
    """Return the type of a part of a value: what follows its path in ``fields``, or in a group."""
    if part in TRUNCATIONS:
        return "string"
    result = {**TRANSFORMS, **TEXT_PARTS}[part].result
    return type_of(KINDS[DERIVED_KINDS.get(result, result)].reply)


def key_of(level: Level) -> str:
    """Return the type of the key of a row."""
    return ANY_KEY if level.key is None else value_of(level.key.column)


def members_of(way: str, reaches: Reader) -> Iterator[str]:
    """Yield the members of the interface of a row; ``$`` begins what is no field."""
    level = reaches.levels[way]
    if level.key is not None:
        yield f"$key: {literal(level.key.path.rpartition('.')[2])}"
    readable = {name: one for name, one in level.columns.items() if one.readable}
    others = {one.column.other_name: one for one in readable.values() if one.column.other_name}
    uncovered = [*(name for name, one in readable.items() if not one.covered), *others]
    if uncovered:
        yield f"$named: {union(map(literal, uncovered))}"
    for name in level.names:
        found = _member(name, way, reaches)
        if found:
            yield f"{named(name)}: {found}"
    for name, one in others.items():
        yield f"{named(name)}: {_key(one.column, level.relations.get(_last(one.path)))}"


def _member(name: str, way: str, reaches: Reader) -> str:
    level = reaches.levels[way]
    relation, column = level.relations.get(name), level.column(name)
    if relation is None:
        return _column(column, reaches)
    if relation.cardinality == "many":
        return _many(relation, reaches)
    field = column.itself
    itself = field.column if field is not None and field.readable else relation.item
    key = "never" if itself is None else _key(itself, relation)
    reads = reaches.reads(relation.path)
    if not reads and itself is None:
        return ""
    return f"flex.One<{reads or '{}'}, {key}, {'null' if relation.null else 'never'}>"


def _key(column: ColumnDescription, relation: RelationDescription | None) -> str:
    """Return the type of the key of a related row, which may be hidden."""
    found = value_of(column)
    return or_null(found) if relation is not None and relation.null else found


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _many(relation: RelationDescription, reaches: Reader) -> str:
    """Return what is read over a to-many relation: its rows, their keys, aggregates of them."""
    inside = reaches.inside(relation)
    totals = reaches.totals_of_related(relation.path)
    if not (inside or totals):
        return ""
    key = "never" if relation.item is None else value_of(relation.item)
    return f"flex.Many<{inside or 'never'}, {key}, {totals or '{}'}>"


def _column(column: Column, reaches: Reader) -> str:
    itself = column.itself
    readable = itself is not None and itself.readable
    whole = value_of(itself.column) if itself is not None and readable else "never"
    if itself is not None and itself.keys is not None and itself.keys.readable:
        return f"flex.Open<{whole}>"
    if itself is not None and readable and itself.column.kind == "file":
        return _file(whole, {name: _file_part(name) for name in FILE_PARTS}, reaches)
    inside = {name: one for name, one in column.inside.items() if one.readable}
    if inside:
        return _with_inside(whole, inside, reaches)
    if itself is None or not readable:
        return ""
    return _with_parts(itself, whole, reaches) if itself.transforms else whole


def _with_inside(whole: str, inside: dict[str, FieldDescription], reaches: Reader) -> str:
    """Return a value of which some names inside are granted: parts of a file, keys of JSON."""
    types = {name: value_of(one.column) for name, one in inside.items()}
    if all(name in FILE_PARTS and one.column.kind != "json" for name, one in inside.items()):
        return _file(whole, types, reaches)
    if any("." in name for name in inside):
        return f"flex.Open<{whole}>"
    # A key that is absent is left out.
    members = (f"{named(name)}: {found} | undefined" for name, found in types.items())
    return f"flex.Parted<{whole}, {reaches.declarations.interface('Keys', members)}>"


def _file(whole: str, parts: dict[str, str], reaches: Reader) -> str:
    members = (f"{named(name)}: {found}" for name, found in parts.items())
    return f"flex.Parted<{whole}, {reaches.declarations.interface('FileParts', members)}, null>"


def _file_part(name: str) -> str:
    """Return the type of a part of a file; a storage may be unable to tell it."""
    return "number | null" if name == "size" else "string | null"


def _with_parts(itself: FieldDescription, whole: str, reaches: Reader) -> str:
    kind = itself.column.kind
    null = whole.endswith(" | null")
    members = []
    for part in itself.transforms:
        found = part_type(kind, part)
        shown = reaches.spelling.path(part)
        members.append(f"{named(shown)}: {or_null(found) if null else found}")
    title = capitalized(kind)
    parts = reaches.declarations.interface(f"{title}Parts{'OrNull' if null else ''}", members)
    return reaches.declarations.alias(
        f"{title}{'OrNull' if null else 'Value'}", f"flex.Parted<{whole}, {parts}>"
    )


def row_members(level: Level) -> Iterator[str]:
    """Yield the members of a row without ``fields``: what ``*`` covers."""
    for name, one in level.columns.items():
        if one.covered:
            declared = one.column.declaration
            member = f"{named(name)}: {value_of(one.column)}"
            yield documented(member, declared.label, declared.help)
