"""Grants that grant nothing: a part is missing, contradicts another, or can never be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.analysis.read.default_order import visible_order
from django_flex.analysis.writes.writable import may_write, writable_names
from django_flex.policy.compile.reporting import ProblemReporter, texts
from django_flex.policy.problems import Problem
from django_flex.query.operators import OPERATORS
from django_flex.review.reviewed import ReviewedGrant
from django_flex.schema.introspection import model_of
from django_flex.schema.model_attributes import model_field_of
from django_flex.schema.model_declarations import (
    fills_itself,
    has_no_empty_value,
    is_cleaned_by_project,
    is_saved_by_project,
)
from django_flex.schema.paths import (
    ResolvedPath,
    UnknownPathError,
    hops_to_others,
    resolve,
    resolve_hops,
)
from django_flex.signals import before_add

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.policy.model import Grant
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Attribute, Relation, Resource

READING = frozenset({"get", "list"})


def review_dead(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Yield what in a grant can never be used."""
    yield from _missing(reviewed)
    yield from _aggregates(reviewed)
    yield from _too_deep(reviewed)
    yield from _limits(reviewed)
    yield from _unsorted(reviewed)
    for operation in ("add", "edit"):
        if operation in reviewed.grant.operations:
            yield from _unwritable(operation, reviewed)
    if "add" in reviewed.grant.operations:
        yield from _required(reviewed)


def _missing(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Keys that were left out; an empty one is taken to be intended."""
    grant, written = reviewed.grant, reviewed.grant.written
    if "ops" not in written:
        text = "Without 'ops' the grant allows nothing"
        yield Problem("W015", text, grant.source, "'ops': ['get', 'list']")
    elif grant.operations & READING and "fields" not in written:
        text = "Without 'fields' nothing can be read"
        yield Problem("W015", text, grant.source, "'fields': '*', or a list of paths")


def _aggregates(reviewed: ReviewedGrant) -> Iterator[Problem]:
    grant, written = reviewed.grant, reviewed.grant.written
    found = grant.aggregates
    granted = bool(found.everything or found.exact or found.open_paths)
    names = texts(written.get("ops"), ProblemReporter(grant.source))
    if granted and "aggregate" not in grant.operations:
        text = "'aggregates' without the operation 'aggregate' grants nothing"
        yield Problem("W016", text, reviewed.at("aggregates"), "add 'aggregate' to 'ops'")
    elif not written.get("aggregates") and "aggregate" in names:
        text = "The operation 'aggregate' without 'aggregates' grants nothing"
        yield Problem("W016", text, reviewed.at("ops"), "'aggregates': ['count'], or '*'")


def _unsorted(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """A default order that would reveal something."""
    order, grant = reviewed.entry.default_order, reviewed.grant
    if "list" not in grant.operations or visible_order(order, reviewed.access) == order:
        return
    text = f"The default order '{', '.join(map(str, order))}' has a path that the role may not read"
    hint = "add it to 'fields' or 'order_by'; lists of this role are not sorted by it"
    yield Problem("W030", text, grant.source, hint)


def _too_deep(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Paths over more relations than a query may go."""
    most = reviewed.limits.max_relation_depth
    for clause, paths in written_paths(reviewed.grant).items():
        for path in sorted(paths):
            hops = len(hops_to_others(hops_of(path, reviewed.entry.resource)))
            if hops > most:
                text = f"'{'.'.join(path)}' has {hops} relations; {most} are allowed"
                hint = "use a shorter path, or a larger MAX_RELATION_DEPTH"
                yield Problem("W017", text, reviewed.at(clause), hint)


def written_paths(grant: Grant) -> dict[str, set[Path]]:
    """Return the paths that a grant writes out, by the clause that they are granted for."""
    return {
        "fields": {*grant.fields.exact, *grant.fields.wildcards},
        "filters": {*(path for path, _ in grant.filters.exact), *grant.filters.open_paths},
        "order_by": {path for path, _ in grant.order_by.exact},
        "aggregates": {*grant.aggregates.exact, *grant.aggregates.open_paths},
        "search": {target.canonical for target in grant.search},
    }


def hops_of(path: Path, resource: Resource) -> tuple[Relation, ...]:
    """Return the relations that a granted path goes over."""
    for end in (len(path), len(path) - 1):
        try:
            return resolve_hops(resource, path[:end])
        except UnknownPathError:
            pass
        try:
            return resolve(resource, path[:end], tail=frozenset(OPERATORS)).hops
        except UnknownPathError:
            pass
    return ()


def _limits(reviewed: ReviewedGrant) -> Iterator[Problem]:
    most, grant = reviewed.access.limits.max_file_bytes, reviewed.grant
    for limits in filter(None, [grant.uploads, *grant.files.values()]):
        if limits.max_bytes is not None and limits.max_bytes > most:
            text = f"'max_bytes' {limits.max_bytes} is above MAX_FILE_BYTES {most}"
            yield Problem("W018", text, reviewed.at("files"), "MAX_FILE_BYTES wins; raise it")
    caps = reviewed.grant.caps
    if {"default_limit", "max_limit"} <= caps.keys() and caps["default_limit"] > caps["max_limit"]:
        text = f"'default_limit' {caps['default_limit']} is above 'max_limit' {caps['max_limit']}"
        yield Problem("W018", text, reviewed.at("limits"), "'max_limit' wins; lower the other")


def _unwritable(operation: str, reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Writing with no column that may be written."""
    writing = reviewed.grant.writing.get(operation)
    if writing is None or writing.presets:
        return
    written, own = reviewed.grant.written, reviewed.grant.written.get(operation)
    said = isinstance(own, dict) and "fields" in own
    if said or "write_fields" in written:
        return  # an empty list that is there was meant
    if not writable_names(reviewed.access.under(writing.grant), operation):
        text = f"'{operation}' may write no column"
        yield Problem("W015", text, reviewed.grant.source, "list columns under 'write_fields'")


def _required(reviewed: ReviewedGrant) -> Iterator[Problem]:
    """Columns that a new row needs, and that neither the client nor anything else fills."""
    entry, writing = reviewed.entry, reviewed.grant.writing.get("add")
    if writing is None or _is_filled_by_code(reviewed):
        return
    access = reviewed.access.under(writing.grant)
    preset = {preset.attribute.name for preset in writing.presets}
    missing = [
        attribute.name
        for attribute in entry.resource.attributes.values()
        if attribute.computed is None
        and not attribute.parts  # which are columns themselves
        and _is_required(attribute, reviewed)
        and attribute.name not in preset
        and not may_write(ResolvedPath((), attribute), access, "add", alone=False)
    ]
    if missing:
        text = f"'add' may not write what a new row needs: {', '.join(sorted(missing))}"
        hint = "list it under 'add': {'fields': …}, fill it by 'presets', or give it a default"
        yield Problem("W019", text, reviewed.grant.source, hint)


def _is_filled_by_code(reviewed: ReviewedGrant) -> bool:
    """Whether code of the project runs before the row is stored, and may fill anything."""
    entry, model = reviewed.entry, model_of(reviewed.entry.resource)
    if entry.hooks.get("before_add"):
        return True
    if model is None:  # signals are sent for rows of Django's models
        return False
    own = before_add.has_listeners(model) or entry.form_class or entry.serializer_class
    return bool(own or is_cleaned_by_project(model) or is_saved_by_project(model))


def _is_required(attribute: Attribute, reviewed: ReviewedGrant) -> bool:
    field = model_field_of(attribute)
    if field is not None and fills_itself(field):
        return False
    never_empty = field is not None and has_no_empty_value(field)
    if not (attribute.declaration.required or never_empty):
        return False
    # The row around a nested one fills the key to it.
    parent = reviewed.entry.resource.relation(attribute.name)
    return parent is None or parent.label not in reviewed.policy.entries
