"""The module of a role: models of rows, names for queries, and what may be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.client.commands.columns import TYPES, Column, Described
from django_flex.codegen.paths import aggregates_of
from django_flex.codegen.python.annotations import (
    input_annotation,
    literals,
    operand_annotation,
)
from django_flex.describe import type_names
from django_flex.dialects.flex.description import shown_fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django_flex.client.commands.source import Names
    from django_flex.codegen.values import Target
    from django_flex.describe import (
        FieldDescription,
        ModelDescription,
        ServedModel,
        Spelling,
        WriteDescription,
    )

_SIGNS = {"ascending": "", "descending": "-"}
#: How many names may follow a column of the row in a filter, and a column of a related one. Longer
#: filters, and paths over more relations or to-many ones, are left to the server, so that modules stay small.
_NAMES = (2, 1)


def render_python(target: Target, models: Sequence[ServedModel]) -> str:
    """Return a module of Python of what one role may do, and of nothing else.

    Args:
        target: the role, and the API version.
        models: what the role may do with each model.

    Raises:
        ImportError: the extra ``client`` is not installed.
    """
    from django_flex.client.commands import source

    described = {one.description.summary.name: one for one in models}
    titles = type_names(described)
    names = source.Names(source.RESERVED)
    rows = [_described(one, titles[name]) for name, one in described.items()]
    parts = source.models(rows, names)
    for name, one in described.items():
        parts += _types(source.class_name(titles[name]), one.description, names, target.spelling)
    version = f" in version {target.version!a}" if target.version else ""
    header = f"# What the role {target.role!a} may do{version}. Written by manage.py flex_types; do not edit."
    return source.module(header, parts)


def _described(one: ServedModel, title: str) -> Described:
    """Return a model as the client's own command describes it: the same fields make its rows."""
    reach = one.description.reach
    return Described(
        collection=one.url_name,
        label=title,
        columns={
            field.path: Column(
                annotation=TYPES.get(field.column.kind, "Any"),
                null=field.column.null or field.column.kind == "file",
            )
            for field in shown_fields(reach)
        },
        many=frozenset(one.path for one in reach.relations if one.cardinality == "many"),
        required=frozenset(
            one.path for one in reach.relations if one.cardinality == "one" and not one.null
        ),
    )


def _types(title: str, model: ModelDescription, names: Names, spelling: Spelling) -> Iterator[str]:
    """Yield what queries of a model may name, and what may be sent."""
    fields = [one.path for one in _near(model) if one.readable]
    if fields:
        yield f"{names.free(f'{title}Field')}: TypeAlias = {literals(fields)}"
    orders = [*_orders(model, spelling)]
    if orders:
        yield f"{names.free(f'{title}Order')}: TypeAlias = {literals(orders)}"
    filters = dict(_filters(model, spelling))
    if filters:
        yield _typed_dict(names.free(f"{title}Filters"), filters)
    for operation, write in model.writes.items():
        yield _typed_dict(
            names.free(f"{title}{operation.title()}"), dict(_inputs(write, operation))
        )


def _typed_dict(name: str, keys: dict[str, str]) -> str:
    lines = "".join(f"        {key!a}: {annotation},\n" for key, annotation in keys.items())
    return f"{name} = TypedDict(\n    {name!a},\n    {{\n{lines}    }},\n    total=False,\n)"


def _orders(model: ModelDescription, spelling: Spelling) -> Iterator[str]:
    for one in _near(model):
        yield from (f"{_SIGNS[direction]}{one.path}" for direction in one.directions)
    for total in aggregates_of(model.reach):
        path = spelling.path(total.path)
        yield from (f"{_SIGNS[direction]}{path}" for direction in total.directions)


def _filters(model: ModelDescription, spelling: Spelling) -> Iterator[tuple[str, str]]:
    """Yield what rows can be filtered by, with the annotation of what is compared."""
    for one in _near(model):
        for operator in one.operators:
            if operator.count(".") < _NAMES[one.path.count(".")]:
                path = one.path if operator == "exact" else f"{one.path}.{operator}"
                yield spelling.path(path), operand_annotation(one.column.kind, operator)
    if model.reach.fields:
        both = "Mapping[str, object] | Sequence[Mapping[str, object]]"
        yield from ((word, both) for word in ("and", "or", "not"))


def _near(model: ModelDescription) -> Iterator[FieldDescription]:
    """Yield the columns of the row and of to-one relations."""
    ones = {one.path for one in model.reach.relations if one.cardinality == "one"}
    for one in model.reach.fields:
        way, _, _ = one.path.rpartition(".")
        if "." not in way and (not way or way in ones):
            yield one


def _inputs(write: WriteDescription, operation: str) -> Iterator[tuple[str, str]]:
    for one in write.inputs:
        annotation = input_annotation(one)
        needed = operation == "add" and one.required
        yield one.name, f"Required[{annotation}]" if needed else annotation
    for child in write.children:
        yield child.name, "object"
