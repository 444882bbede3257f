"""One role's grant, as written in ``EXPOSE``, into a ``Grant`` of canonical paths."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.db.models import Q

from django_flex.binding.conditions import bind_rule
from django_flex.exceptions import FlexError
from django_flex.policy.compile.aggregates import (
    compile_aggregates,
    compile_min_group,
)
from django_flex.policy.compile.caps import BrokenCapsError, compile_caps
from django_flex.policy.compile.files import compile_files
from django_flex.policy.compile.filters import compile_filters, compile_orderings
from django_flex.policy.compile.mistakes import (
    report_operation,
    report_path,
    report_rule,
)
from django_flex.policy.compile.rates import compile_rates
from django_flex.policy.compile.reporting import ProblemReporter, check_names, texts
from django_flex.policy.model import ABSENT, ALL_ROWS, NO_ROWS, Grant, RowRule
from django_flex.policy.paths import PathSet
from django_flex.policy.q_objects import repeatable
from django_flex.policy.rule_terms import rule_terms
from django_flex.query.filters import check_conditions, parse_filters
from django_flex.query.limits import Limits
from django_flex.query.operations import OPERATIONS
from django_flex.schema.generic_relations import columns_meant
from django_flex.schema.introspection import model_of
from django_flex.schema.paths import UnknownPathError, pointer_paths, resolve, resolve_hops

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.resources import Resource

ORDINARY_OPERATIONS = frozenset({"get", "list", "add", "edit", "delete", "aggregate"})
FULL_GRANT = {
    "rows": "*",
    "fields": ["*"],
    "filters": "*",
    "order_by": "*",
    "aggregates": ["*"],
    "ops": ["*"],
}
#: What each key of a grant says.
GRANT_KEYS = {
    "rows": "which rows: `'*'`, a callable `(user)` or `(user, request)` that returns a `Q`, a `Q`, or data",
    "fields": "readable paths: `field`, `rel.path`, `rel.*`, `json.*`, `'*'`",
    "filters": "`path` for equality, `path.op`, `path.*`, `'*'`",
    "order_by": "`field` and `-field` are two grants; `'*'` for all readable paths",
    "ops": "operations, or their synonyms",
    "exclude": "paths that no wildcard covers for this role",
    "aggregates": "`count`, `path.function`, `path.*`, `'*'` for every readable path",
    "min_group": "the minimum number of rows in a visible aggregate",
    "search": "paths to search in",
    "rate_limit": "requests per minute, `'100/h'`, or a dictionary of these by operation",
    "limits": "[caps](settings.md#caps) of this role, by the setting's name in lower case; `cost`",
    "write_fields": "writable paths, if they differ from `fields`",
    "add": "`fields`, `check`, `presets` for adding",
    "edit": "`fields`, `rows`, `check`, `presets` for editing",
    "delete": "`rows` for deleting; `cascade`: models whose rows may be deleted with it, or `'*'`",
    "files": "what may be uploaded: `max_bytes`, `types`, by column or for all that are named",
    "check": "a condition that a written row has to match",
    "presets": "values that the server sets",
    "actions": "`rows`, `input`, `rate_limit` of model actions: `{id: {…}}`",
}
_RULE_LIMITS = Limits(max_conditions=1_000, max_nesting=30)

#: A grant as an example.
A_GRANT = "{'fields': ['id'], 'ops': ['get', 'list']}"


def compile_grant(
    role: str,
    written: object,
    resource: Resource,
    actions: Collection[str],
    reporter: ProblemReporter,
) -> Grant:
    """Compile the settings of one role; anything empty or broken denies.

    Args:
        role: the name of the role.
        written: its part of the settings.
        resource: whose grant it is.
        actions: the ids of the model actions that the resource has.
        reporter: where problems are reported.
    """
    if written == "*":
        written = FULL_GRANT
    if not written:
        return closed_grant(role, reporter)
    if not isinstance(written, Mapping):
        reporter.report("E009", "A grant has to be '*', a dictionary, or empty", A_GRANT)
        return closed_grant(role, reporter)
    try:
        caps = compile_caps(written.get("limits"), reporter.at("limits"))
    except BrokenCapsError:
        return closed_grant(role, reporter)
    files, uploads = compile_files(written.get("files"), resource, reporter.at("files"))
    at, before = reporter.at, len(reporter.problems)
    check_names(written, GRANT_KEYS, reporter)
    exclude = compile_exclude(written.get("exclude"), resource, at("exclude"))
    broken = len(reporter.problems) > before
    grant = Grant(
        role=role,
        caps=caps,
        operations=compile_operations(written.get("ops"), actions, at("ops")),
        fields=compile_paths(written.get("fields"), resource, at("fields"), file_parts=True),
        filters=compile_filters(written.get("filters"), resource, at("filters")),
        order_by=compile_orderings(written.get("order_by"), resource, at("order_by")),
        rows=compile_rows(written["rows"], resource, at("rows")) if "rows" in written else ABSENT,
        exclude=exclude,
        rate_limit=compile_rates(
            written.get("rate_limit"), at("rate_limit"), actions, metered=model_of(resource) is None
        ),
        aggregates=compile_aggregates(
            texts(written.get("aggregates"), at("aggregates")),
            resource,
            at("aggregates"),
            report_path,
        ),
        min_group=compile_min_group(written.get("min_group"), at("min_group")),
        source=reporter.place,
        written=written,
        files=files,
        uploads=uploads,
    )
    # The mistake may be in a key that restricts the rest, such as `row` for `rows`.
    return closed_grant(role, reporter) if broken else grant


def closed_grant(role: str, reporter: ProblemReporter) -> Grant:
    """Return the grant of a role that is listed but may do nothing."""
    return Grant(role=role, empty=True, rows=NO_ROWS, source=reporter.place)


def compile_operations(
    written: object, actions: Collection[str], reporter: ProblemReporter
) -> frozenset[str]:
    """Compile ``ops``; ``actions`` are the ids of the model actions that the resource has."""
    found: set[str] = set()
    for name in texts(written, reporter):
        if name == "*":
            found |= ORDINARY_OPERATIONS
        elif name == "upsert":
            found |= {"add", "edit"}
        elif name in OPERATIONS:
            found.add(OPERATIONS[name])
        elif name in actions:
            found.add(name)
        else:
            report_operation(name, actions, reporter)
    return frozenset(found)


def without_wildcard_delete(grant: Grant) -> Grant:
    """Return a grant that deletes rows only if its operations name this, not by ``"*"``."""
    names = texts(grant.written.get("ops"), ProblemReporter(""))
    if any(OPERATIONS.get(name) == "delete" for name in names):
        return grant
    return replace(grant, operations=grant.operations - {"delete"})


def compile_paths(
    written: object, resource: Resource, reporter: ProblemReporter, *, file_parts: bool = False
) -> PathSet:
    """Compile a list of field paths and wildcards, also of parts of files where they are read."""
    exact: set[Path] = set()
    wildcards: set[Path] = set()
    for text in texts(written, reporter):
        path = tuple(text.split("."))
        try:
            if path[-1] == "*":
                wildcards.add(_wildcard(resource, path[:-1], file_parts=file_parts))
                path = path[:-1]
            else:
                exact.add(resolve(resource, path, file_parts=file_parts).canonical)
            exact.update(pointer_paths(resource, path))
        except UnknownPathError:
            report_path(text, resource, reporter)
    return PathSet(frozenset(exact), frozenset(wildcards))


def compile_exclude(
    written: object, resource: Resource, reporter: ProblemReporter
) -> frozenset[Path]:
    """Compile ``exclude``: a relation excludes all that is behind it, wherever its key is.

    A generic foreign key is another name of two columns, which are excluded with it.
    """
    paths = compile_paths(written, resource, reporter, file_parts=True).written
    whole: set[Path] = set()
    for text in texts(written, ProblemReporter(reporter.place)):
        with suppress(UnknownPathError):
            target = resolve(resource, tuple(text.removesuffix(".*").split(".")))
            if target.via and not text.endswith(".*"):
                whole.add(target.canonical[:-1])
            if target.hops and target.hops[-1].same_row:
                pointer = target.hops[-1]
                columns = columns_meant(pointer, target.attribute, both=target.via)
                whole.update((*target.hop_names[:-1], column) for column in columns)
    return paths | whole


def _wildcard(resource: Resource, path: Path, *, file_parts: bool) -> Path:
    try:
        return tuple(hop.name for hop in resolve_hops(resource, path))
    except UnknownPathError:
        target = resolve(resource, path)
        if target.attribute.kind != "json" and not (file_parts and target.attribute.kind == "file"):
            raise
        return target.canonical


def compile_rows(written: object, resource: Resource, reporter: ProblemReporter) -> RowRule:
    """Compile a ``rows`` rule; an empty one matches no row."""
    if written == "*":
        return ALL_ROWS
    if callable(written):
        good = check_call(written, reporter)
        return RowRule("call", call=with_request(written)) if good else NO_ROWS
    if not written:
        return NO_ROWS
    if isinstance(written, Q):
        return RowRule("q", q=repeatable(written))
    if isinstance(written, Mapping):
        return _data_rows(written, resource, reporter)
    reporter.report(
        "E009",
        "'rows' has to be '*', a callable, a Q, or a dictionary in the filter language",
        "{'owner': {'$user': 'id'}}, or the function itself instead of its name",
    )
    return NO_ROWS


def _data_rows(
    written: Mapping[str, object], resource: Resource, reporter: ProblemReporter
) -> RowRule:
    condition = None
    try:
        condition = parse_filters(dict(written), _RULE_LIMITS, "rows")
        if condition is not None:
            check_conditions(condition, _RULE_LIMITS, "rows")
            bind_rule(condition, resource, None)
            return RowRule("data", condition=condition)
    except FlexError as error:
        terms = [*rule_terms(condition)] if condition is not None else []
        report_rule(terms, error, resource, reporter)
    return NO_ROWS


def with_request(call: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Let a callable that takes ``(user)`` be called with ``(user, request)``.

    A second parameter with a default gets the request only if that is its name: in
    ``lambda user, status=status: …`` it keeps a value of the loop around.
    """
    try:
        parameters = list(inspect.signature(call).parameters.values())
    except (TypeError, ValueError):
        return _without_request(call)
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    second = positional[1:2]
    takes_two = any(p.kind == p.VAR_POSITIONAL for p in parameters) or any(
        p.default is p.empty or p.name == "request" for p in second
    )
    return call if takes_two else _without_request(call)


def _without_request(call: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    def called(user: Any, _request: Any) -> Any:
        return call(user)

    # Those who show the rule look for what was written.
    return update_wrapper(called, call, assigned=(), updated=())


def check_call(call: Callable[..., Any], reporter: ProblemReporter) -> bool:
    """Report a callable that cannot be called with ``(user)`` or ``(user, request)``."""
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return True
    for arguments in ((None,), (None, None)):
        with suppress(TypeError):
            signature.bind(*arguments)
            return True
    reporter.report(
        "E023",
        f"The callable has the signature {signature}",
        "it is called with (user) or (user, request)",
    )
    return False
