"""Grants to choose from, as comments, and what somebody who chooses has to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django_flex.scaffold.gaps import one_line
from django_flex.scaffold.models import entry_keys, url_names
from django_flex.scaffold.ownership import ways_to_tenants, ways_to_users
from django_flex.scaffold.source import INDENT, comment, literal, quoted
from django_flex.scaffold.trying import takes_field, takes_filter, takes_order
from django_flex.schema.introspection import UnsupportedModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from django_flex.policy.guarding import Guard
    from django_flex.policy.model import Entry
    from django_flex.schema.registry import Schema
    from django_flex.schema.resources import Attribute, Resource


HEADER = '''"""Who may see and do what, by model and role: the setting EXPOSE of django_flex.

Written by ``manage.py flex_init``, to be edited. Nothing is granted yet: each entry is empty, and
what its comments suggest has no effect until it is no comment any more. Whatever no grant names
stays closed.
"""
'''
#: Operators that are suggested for columns of a kind, besides equality for what has few values.
_BY_KIND: Mapping[str, tuple[str, ...]] = {
    "date": ("gte", "lte"),
    "datetime": ("gte", "lte"),
    "decimal": ("gte", "lte"),
    "float": ("gte", "lte"),
    "integer": ("gte", "lte"),
    "text": ("icontains",),
}
#: Kinds whose values few rows have in common, so that equality finds little.
_MEASURED = frozenset({"date", "datetime", "decimal", "float", "duration", "time"})
_SORTED = frozenset({"date", "datetime", "decimal", "float", "integer", "text"})
#: Kinds that no filter is suggested for: documents, files, shapes.
_WHOLE = frozenset({"json", "file", "binary", "geometry", "encrypted", "hstore"})
#: A text that may be longer than this is read, and not sorted by.
_LONG = 255
_SIGNED_IN = "authenticated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is the same for all models.

    ``users`` is the label of the user model, ``depth`` how many relations a path may lead over,
    ``entries`` are those that there are.
    """

    schema: Schema
    guard: Guard
    users: str
    depth: int
    entries: Collection[Entry] = ()


def write_suggestions(labels: Sequence[str], around: Surroundings) -> str:
    """Return the text of a module with an ``EXPOSE`` that grants nothing.

    Args:
        labels: of the models.
        around: what is the same for all of them.
    """
    keys = entry_keys(labels)
    named = url_names(keys, around.schema, around.entries)
    lines = [HEADER, "EXPOSE = {"]
    for label in labels:
        lines += _entry(keys[label], label, named.get(label), around)
    return "\n".join([*lines, "}", ""]) if labels else f"{HEADER}\nEXPOSE = {{}}\n"


def _entry(key: str, label: str, url_name: str | None, around: Surroundings) -> Iterator[str]:
    try:
        resource = around.schema.find(label)
    except UnsupportedModelError as error:
        text = f"{label} cannot be exposed: {error}"
        yield from comment(one_line(text), depth=1)
        return
    yield f"{INDENT}{quoted(key)}: {{"
    yield from _facts(resource, around)
    if url_name is not None:
        yield f'{INDENT * 2}"url_name": {quoted(url_name)},'
    if _tells_secret(resource, around):
        yield from comment(
            "Replies name each row by its key, which is guarded: no suggestion.", depth=2
        )
        yield f"{INDENT}}},"
        return
    name, grant = suggest(resource, around)
    source = f"{quoted(name)}: {literal(grant, depth=2, before=len(quoted(name)) + 10)},"
    # Without the margin of the comment: these are the lines as they are once it is taken away.
    yield from comment(source.replace(f"\n{INDENT * 2}", "\n"), depth=2)
    yield f"{INDENT}}},"


def _facts(resource: Resource, around: Surroundings) -> Iterator[str]:
    """Yield what is to be known before anything is granted."""
    said = [resource.label]
    guarded = [
        one.name for one in resource.attributes.values() if is_guarded(one, resource, around)
    ]
    if guarded:
        said.append(f"Guarded, so that only its name grants it: {', '.join(guarded)}")
    ways = ways_to_users(resource, around.users, around.depth)
    if len(ways) > 1:
        others = ", ".join(".".join(way.path) for way in ways[1:])
        said.append(f"Other ways to users: {others}")
    users = around.schema.find(around.users)
    said += (
        f'Rows of what the user belongs to: "rows": {literal(way.rule)}'
        for way in ways_to_tenants(resource, users, around.depth)
    )
    if not ways:
        said.append("No way leads from a row to a user: this would show all rows to every user.")
    for text in said:
        yield from comment(one_line(text), depth=2)


def suggest(resource: Resource, around: Surroundings) -> tuple[str, dict[str, object]]:
    """Return a role and its grant: to read what is not guarded, of the caller's own rows."""
    columns = [one for one in resource.attributes.values() if _is_shown(one, resource, around)]
    grant: dict[str, object] = {}
    ways = ways_to_users(resource, around.users, around.depth)
    if ways:
        grant["rows"] = ways[0].rule
    filters = [text for one in columns for text in _filters(one)]
    orders = [text for one in columns for text in _orders(one)]
    grant["fields"] = [one.name for one in columns if takes_field(one.name, resource)]
    grant["filters"] = [text for text in filters if takes_filter(text, resource)]
    grant["order_by"] = [text for text in orders if takes_order(text, resource)]
    grant["ops"] = ["get", "list"]
    return _SIGNED_IN, grant


def is_guarded(attribute: Attribute, resource: Resource, around: Surroundings) -> bool:
    """Whether no wildcard covers a column."""
    return around.guard.covers(resource, attribute)


def _tells_secret(resource: Resource, around: Surroundings) -> bool:
    return any(is_guarded(one, resource, around) for one in resource.key_columns)


def _is_shown(attribute: Attribute, resource: Resource, around: Surroundings) -> bool:
    return not attribute.hashed and not is_guarded(attribute, resource, around)


def _filters(attribute: Attribute) -> Iterable[str]:
    if attribute.kind in _WHOLE or attribute.custom:
        return
    few = attribute.declared.choices or attribute.kind not in {*_MEASURED, "text"}
    if few:
        yield attribute.name
    if attribute.primary_key or attribute.reference or attribute.declared.choices:
        return
    for operator in _BY_KIND.get(attribute.kind, ()):
        yield f"{attribute.name}.{operator}"


def _orders(attribute: Attribute) -> Iterable[str]:
    if attribute.kind not in _SORTED or attribute.custom or attribute.reference:
        return
    if attribute.kind == "text" and (attribute.length is None or attribute.length > _LONG):
        return
    yield attribute.name
    yield f"-{attribute.name}"
