"""One role's grant, as written in ``EXPOSE``, into a ``Grant`` of canonical paths."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from django_flex.exceptions import FlexError
from django_flex.permissions.aggregate_grants import (
    aggregate_path,
    compile_aggregates,
    compile_min_group,
    filter_of,
)
from django_flex.permissions.caps import BrokenCapsError, compile_caps
from django_flex.permissions.conditions import TAIL, bind_rule
from django_flex.permissions.paths import FilterSet, OrderSet, PathSet
from django_flex.permissions.policy import ABSENT, ALL_ROWS, NO_ROWS, Grant, RowRule
from django_flex.permissions.problems import Problem
from django_flex.permissions.rates import compile_rates
from django_flex.permissions.roles import Actor
from django_flex.query.filters import parse_filters
from django_flex.query.limits import Limits
from django_flex.query.operators import DERIVED_KINDS, OPERATORS, TRANSFORMS
from django_flex.query.parser import OPERATIONS
from django_flex.query.terms import nearest
from django_flex.schema.action_names import action_names
from django_flex.schema.paths import UnknownPathError, resolve, resolve_hops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.query.ast import Path
    from django_flex.schema.introspection import Resource

ORDINARY_OPERATIONS = frozenset({"get", "list", "add", "edit", "delete", "aggregate"})
EVERYTHING = {
    "rows": "*",
    "fields": ["*"],
    "filters": "*",
    "order_by": "*",
    "aggregates": ["*"],
    "ops": sorted(ORDINARY_OPERATIONS),
}
#: What each key of a grant says.
GRANT_KEYS = {
    "rows": "which rows: `'*'`, a callable `(user)` or `(user, request)` giving a Q, a Q, or data",
    "fields": "readable paths: own, `rel.path`, `rel.*`, `json.*`, `'*'`",
    "filters": "`path` for equality, `path.op`, `path.*`, `'*'`",
    "order_by": "`field` and `-field` are two grants; `'*'` for all readable paths",
    "ops": "operations, or their synonyms",
    "exclude": "paths taken out of every wildcard for this role",
    "aggregates": "`count`, `path.function`, `path.*`, `'*'` of every readable path",
    "min_group": "over how many rows an aggregate is shown, at least",
    "search": "paths that a search looks into",
    "rate_limit": "requests per minute, `'100/h'`, or a dictionary of these by operation",
    "limits": "[caps](settings.md#caps) of this role, by the setting's name in lower case; `cost`",
    "write_fields": "writable paths, where they differ from `fields`",
    "add": "`fields`, `check`, `presets` of adding",
    "edit": "`fields`, `rows`, `check`, `presets` of editing",
    "delete": "`rows` of deleting",
    "check": "a condition that a written row must satisfy",
    "presets": "values that are set for the client",
    "actions": "`rows`, `input`, `rate_limit` of model actions: `{id: {…}}`",
}
_RULE_LIMITS = Limits(max_conditions=1_000, max_nesting=30)


@dataclass(slots=True)
class Notes:
    """Where in the settings we are, and the problems found so far."""

    place: str
    problems: list[Problem] = field(default_factory=list)

    def at(self, part: str) -> Notes:
        """Return notes one level deeper that share the list."""
        return Notes(f"{self.place}[{part!r}]", self.problems)

    def report(self, identifier: str, message: str, hint: str | None = None) -> None:
        """Add a problem at this place."""
        self.problems.append(Problem(identifier, message, self.place, hint))


def compile_grant(role: str, written: Any, resource: Resource, notes: Notes) -> Grant:
    """Compile what is written for one role; whatever is empty or broken denies."""
    if written == "*":
        written = EVERYTHING
    if not written:
        return Grant(role=role, empty=True, rows=NO_ROWS, source=notes.place)
    if not isinstance(written, Mapping):
        notes.report("E009", "A grant is '*', an object, or empty")
        return Grant(role=role, empty=True, rows=NO_ROWS, source=notes.place)
    check_names(written, GRANT_KEYS, notes)
    try:
        caps = compile_caps(written.get("limits"), notes.at("limits"))
    except BrokenCapsError:
        return Grant(role=role, empty=True, rows=NO_ROWS, source=notes.place)
    return Grant(
        role=role,
        caps=caps,
        operations=_operations(written.get("ops"), action_names(resource.model), notes.at("ops")),
        fields=compile_paths(written.get("fields"), resource, notes.at("fields")),
        filters=_filters(written.get("filters"), resource, notes.at("filters")),
        order_by=_orderings(written.get("order_by"), resource, notes.at("order_by")),
        rows=compile_rows(written["rows"], resource, notes.at("rows"))
        if "rows" in written
        else ABSENT,
        exclude=compile_exclude(written.get("exclude"), resource, notes.at("exclude")),
        rate_limit=compile_rates(
            written.get("rate_limit"), notes.at("rate_limit"), action_names(resource.model)
        ),
        aggregates=compile_aggregates(
            texts(written.get("aggregates"), notes.at("aggregates")),
            resource,
            notes.at("aggregates"),
            report_path,
        ),
        min_group=compile_min_group(written.get("min_group"), notes.at("min_group")),
        source=notes.place,
    )


def check_names(written: Mapping[str, Any], known: Iterable[str], notes: Notes) -> None:
    """Report keys that do not exist."""
    known = tuple(known)
    for key in written:
        if key not in known:
            hint = nearest(str(key), known) or f"one of {', '.join(known)}"
            notes.report("E005", f"Unknown key {key!r}", hint)


def texts(written: Any, notes: Notes) -> list[str]:
    """Read a list of texts, or a comma list; anything empty is nothing."""
    if not written:
        return []
    if isinstance(written, str):
        written = [part.strip() for part in written.split(",")]
    if isinstance(written, list | tuple | set | frozenset):
        good = [part for part in written if isinstance(part, str) and part]
        if len(good) == len(written):
            return good
    notes.report("E009", "A list of texts is needed")
    return []


def _operations(written: Any, actions: Collection[str], notes: Notes) -> frozenset[str]:
    found: set[str] = set()
    for name in texts(written, notes):
        if name == "*":
            found |= ORDINARY_OPERATIONS
        elif name == "upsert":
            found |= {"add", "edit"}
        elif name in OPERATIONS:
            found.add(OPERATIONS[name])
        elif name in actions:
            found.add(name)
        else:
            known = (*OPERATIONS, *actions)
            hint = nearest(name, known) or f"one of {', '.join(known)}"
            notes.report("E008", f"Unknown operation '{name}'", hint)
    return frozenset(found)


def compile_paths(written: Any, resource: Resource, notes: Notes) -> PathSet:
    """Compile a list of field paths and wildcards."""
    exact: set[Path] = set()
    wildcards: set[Path] = set()
    for text in texts(written, notes):
        path = tuple(text.split("."))
        try:
            if path[-1] == "*":
                wildcards.add(_wildcard(resource, path[:-1]))
            else:
                exact.add(resolve(resource, path).canonical)
        except UnknownPathError:
            report_path(text, resource, notes)
    return PathSet(frozenset(exact), frozenset(wildcards))


def compile_exclude(written: Any, resource: Resource, notes: Notes) -> frozenset[Path]:
    """Compile ``exclude``: a relation stands for all that is behind it, wherever its key is."""
    paths = compile_paths(written, resource, notes).written
    whole: set[Path] = set()
    for text in texts(written, Notes(notes.place)):
        with suppress(UnknownPathError):
            target = resolve(resource, tuple(text.split(".")))
            if target.via:
                whole.add(target.canonical[:-1])
    return paths | whole


def _wildcard(resource: Resource, path: Path) -> Path:
    try:
        return tuple(hop.name for hop in resolve_hops(resource, path))
    except UnknownPathError:
        target = resolve(resource, path)
        if target.attribute.kind != "json":
            raise
        return target.canonical


def report_path(text: str, resource: Resource, notes: Notes) -> None:
    """Report a path that names nothing, with the nearest name that does."""
    from django_flex.schema.introspection import generic_names

    first = text.split(".", maxsplit=1)[0]
    if first in generic_names(resource.model):
        notes.report("E006", f"'{text}' is a generic relation, which cannot be exposed")
        return
    hint = nearest(first, resource.names()) if "." not in text else None
    notes.report("E006", f"'{text}' does not exist on {resource.label}", hint)


def _filters(written: Any, resource: Resource, notes: Notes) -> FilterSet:
    exact: set[tuple[Path, Path]] = set()
    open_paths: set[Path] = set()
    everything = False
    for text in texts(written, notes):
        path = tuple(text.split("."))
        try:
            if path == ("*",):
                everything = True
            elif path[-1] == "*":
                open_paths.add(_open_path(resource, path[:-1]))
            else:
                exact.add(_filter(path, resource))
        except UnknownPathError:
            _report_filter(text, resource, notes)
        except KeyError:
            notes.report("E007", f"'{text}' has an operator that does not apply to the field")
    return FilterSet(frozenset(exact), frozenset(open_paths), everything)


def _open_path(resource: Resource, path: Path) -> Path:
    try:
        return resolve(resource, path).canonical
    except UnknownPathError:
        return aggregate_path(path, resource)


def _filter(path: Path, resource: Resource) -> tuple[Path, Path]:
    """Split a filter grant; raises ``KeyError`` where operator and field do not go together."""
    try:
        target = resolve(resource, path, tail=TAIL)
    except UnknownPathError:
        return filter_of(path, resource)
    rest = target.rest
    if not rest or rest[-1] not in OPERATORS:
        rest = (*rest, "exact")
    kind = target.attribute.kind
    for name in rest[:-1]:
        if name not in TRANSFORMS or kind not in TRANSFORMS[name].kinds:
            raise KeyError(name)
        kind = TRANSFORMS[name].result
    if DERIVED_KINDS.get(kind, kind) not in OPERATORS[rest[-1]].kinds:
        raise KeyError(rest[-1])
    return target.canonical, rest


def _report_filter(text: str, resource: Resource, notes: Notes) -> None:
    head, _, last = text.rpartition(".")
    try:
        resolve(resource, tuple(head.split(".")), tail=TAIL)
    except UnknownPathError:
        report_path(text, resource, notes)
    else:
        hint = nearest(last, TAIL)
        notes.report("E007", f"'{last}' in '{text}' is neither a field nor an operator", hint)


def _orderings(written: Any, resource: Resource, notes: Notes) -> OrderSet:
    exact: set[tuple[Path, bool]] = set()
    everything = False
    for text in texts(written, notes):
        if text == "*":
            everything = True
            continue
        try:
            path = _open_path(resource, tuple(text.removeprefix("-").split(".")))
            exact.add((path, text.startswith("-")))
        except UnknownPathError:
            report_path(text, resource, notes)
    return OrderSet(frozenset(exact), everything)


def compile_rows(written: Any, resource: Resource, notes: Notes) -> RowRule:
    """Compile a ``rows`` rule; an empty one is no row."""
    if written == "*":
        return ALL_ROWS
    if callable(written):
        return RowRule("call", call=with_request(written))
    if not written:
        return NO_ROWS
    if isinstance(written, Q):
        return RowRule("q", q=written)
    if isinstance(written, Mapping):
        return _data_rows(written, resource, notes)
    notes.report("E009", "Rows are '*', a callable, a Q, or an object in the filter language")
    return NO_ROWS


def _data_rows(written: Mapping[str, Any], resource: Resource, notes: Notes) -> RowRule:
    try:
        condition = parse_filters(dict(written), _RULE_LIMITS, "rows")
        if condition is not None:
            bind_rule(condition, resource, Actor(AnonymousUser()))
            return RowRule("data", condition=condition)
    except FlexError as error:
        notes.report("E012", error.message, error.hint)
    return NO_ROWS


def with_request(call: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """Let a callable that takes ``(user)`` be called with ``(user, request)``."""
    try:
        parameters = list(inspect.signature(call).parameters.values())
    except (TypeError, ValueError):
        return lambda user, _request: call(user)
    positional = [p for p in parameters if p.kind in {p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD}]
    takes_two = len(positional) > 1 or any(p.kind == p.VAR_POSITIONAL for p in parameters)
    return call if takes_two else lambda user, _request: call(user)
