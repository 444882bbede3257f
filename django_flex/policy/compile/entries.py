"""``EXPOSE`` into a ``Policy``, with every mistake in it collected as a ``Problem``.

A broken part is left out, which denies; the system checks show the problems at start-up.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from django_flex.exceptions import AccessDeniedError
from django_flex.policy.compile.actions import with_actions
from django_flex.policy.compile.cascades import find_label
from django_flex.policy.compile.computed import compile_computed
from django_flex.policy.compile.grants import (
    A_GRANT,
    GRANT_KEYS,
    ORDINARY_OPERATIONS,
    check_call,
    closed_grant,
    compile_exclude,
    compile_grant,
    with_request,
)
from django_flex.policy.compile.mistakes import mistaken_role
from django_flex.policy.compile.rates import compile_rates
from django_flex.policy.compile.reporting import ProblemReporter
from django_flex.policy.compile.search import compile_search
from django_flex.policy.compile.writes import compile_hooks, free_writing, with_writing
from django_flex.policy.guarding import compile_guard
from django_flex.policy.model import ALL_ROWS, Entry, Grant, Policy
from django_flex.schema.introspection import UnsupportedModelError, label_of, model_of
from django_flex.schema.registry import Schema

if TYPE_CHECKING:
    from django_flex.policy.model import RoleResolver
    from django_flex.policy.problems import Problem
    from django_flex.query.ast import Path
    from django_flex.resolved import SearchMode
    from django_flex.schema.resources import Resource

#: Where no model has actions.
NO_ACTIONS: Mapping[str, Collection[str]] = MappingProxyType({})
#: Where all resources are Django models.
NO_RESOURCES: Mapping[str, Resource] = MappingProxyType({})
#: Keys of an entry that only a Django model can have.
FOR_MODELS = frozenset({"queryset", "form_class", "serializer_class"})
#: What each key of an entry says; every other key is a role.
ENTRY_KEYS = {
    "queryset": "a callable `(user)` or `(user, request)` that returns the queryset to start from",
    "exclude": "paths that no wildcard covers for any role",
    "rate_limit": "requests per minute, `'100/h'`, or a dictionary of these by operation",
    "computed": "computed fields, as Django expressions: `{name: expression}`",
    "url_name": "the model's name in URLs",
    "form_class": "a form that validates writes",
    "serializer_class": "a DRF serializer that validates writes",
    "hooks": "callables to run around writes: `{'before_add': …, 'after_commit_edit': …}`",
}


def compile_policy(  # noqa: PLR0913 - all by name
    expose: Mapping[str, object],
    *,
    actions: Mapping[str, Collection[str]] = NO_ACTIONS,
    resolver: RoleResolver | None = None,
    guarded_fields: Iterable[str] = (),
    user_values: Iterable[str] = (),
    max_relation_depth: int = 2,
    search: tuple[SearchMode, str] = ("substrings", "simple"),
    resources: Mapping[str, Resource] = NO_RESOURCES,
) -> tuple[Policy, tuple[Problem, ...]]:
    """Compile the whole of ``EXPOSE``; needs all models to be loaded.

    Args:
        expose: what is written.
        actions: the ids of all model actions, by the label of their model.
        resolver: the function that says which role a user has; ``None`` for the default.
        guarded_fields: names of columns that no wildcard grants.
        user_values: paths of the user that clients may send as ``$user``.
        max_relation_depth: how many relations a path may lead over.
        search: mode and configuration of searches.
        resources: those that no Django model describes, by label.

    Returns:
        The policy, and the problems found on the way.
    """
    reporter = ProblemReporter("EXPOSE")
    schema = Schema(resources)
    labels = _labels(expose, schema, reporter)
    # Before any grant: its paths may lead over relations to the computed fields of other entries.
    for key, label in labels.items():
        schema = _with_computed(schema, label, expose[key], reporter.at(key))
    entries: dict[str, Entry] = {}
    for key, label in labels.items():
        entry = compile_entry(key, label, expose[key], reporter.at(key), schema, actions)
        if entry is not None:
            entries[entry.resource.label] = entry
    policy = Policy(
        entries=entries,
        actions=actions,
        names=_names(entries.values(), reporter),
        guard=compile_guard(guarded_fields, label_of(get_user_model())),
        resolver=resolver,
        user_values=frozenset(user_values),
        max_relation_depth=max_relation_depth,
        schema=schema,
        search_mode=search[0],
        search_config=search[1],
    )
    return policy, tuple(reporter.problems)


def _labels(
    expose: Mapping[str, object], schema: Schema, reporter: ProblemReporter
) -> dict[str, str]:
    """Return the label of each entry's resource; two entries of one are a mistake."""
    found: dict[str, str] = {}
    for key in expose:
        label = find_label(key, schema, reporter.at(key))
        if label is None:
            continue
        if label in found.values():
            reporter.at(key).report("E004", f"Another entry is for the same model, {label}")
        else:
            found[key] = label
    return found


def _with_computed(
    schema: Schema, label: str, written: object, reporter: ProblemReporter
) -> Schema:
    """Return a schema that knows the computed fields of an entry."""
    computed = written.get("computed") if isinstance(written, Mapping) else None
    try:
        found = compile_computed(computed, schema.plain(label), reporter.at("computed"))
    except UnsupportedModelError:
        return schema  # reported where the entry is compiled
    return schema.adding(label, found) if found else schema


def compile_entry(
    key: str,
    label: str,
    written: object,
    reporter: ProblemReporter,
    schema: Schema,
    actions: Mapping[str, Collection[str]] = NO_ACTIONS,
) -> Entry | None:
    """Compile the entry of one resource; ``None`` if it cannot be exposed at all."""
    try:
        resource = schema.find(label)
    except UnsupportedModelError as error:
        reporter.report("E011", str(error))
        return None
    if not isinstance(written, Mapping):
        if written:
            hint = f"{{'authenticated': {A_GRANT}}}"
            reporter.report("E009", "An entry has to be a dictionary of roles", hint)
        written = {}
    before = len(reporter.problems)
    known = actions.get(resource.label, ())
    exclude = compile_exclude(written.get("exclude"), resource, reporter.at("exclude"))
    _report_misplaced(written, reporter)
    _report_code_for_models(written, resource, reporter)
    # The mistake may be in a key that restricts every role, such as `excludes` or `throttle: 60`.
    broken = len(reporter.problems) > before or any(
        key not in ENTRY_KEYS and not _is_grant(grant) for key, grant in written.items()
    )
    grants = {
        role: _grant(role, grant, resource, known, reporter.at(role), exclude)
        for role, grant in written.items()
        if isinstance(role, str) and role not in ENTRY_KEYS and not _key_meant(role, grant)
    }
    return Entry(
        name=key,
        resource=resource,
        grants={r: closed_grant(r, reporter.at(r)) for r in grants} if broken else grants,
        queryset=_queryset(written.get("queryset"), reporter.at("queryset")),
        has_url_name=bool(written.get("url_name")),
        url_names=_url_names(key, resource, written.get("url_name"), reporter.at("url_name")),
        exclude=exclude,
        rate_limit=compile_rates(written.get("rate_limit"), reporter.at("rate_limit"), known),
        hooks=compile_hooks(written.get("hooks"), reporter.at("hooks")),
        form_class=_class(written.get("form_class"), reporter.at("form_class")),
        serializer_class=_class(written.get("serializer_class"), reporter.at("serializer_class")),
    )


def _grant(
    role: str,
    written: object,
    resource: Resource,
    actions: Collection[str],
    reporter: ProblemReporter,
    exclude: frozenset[Path] = frozenset(),
) -> Grant:
    """Compile the whole grant of one role, under the entry's ``exclude``."""
    grant = _with_exclude(compile_grant(role, written, resource, actions, reporter), exclude)
    if isinstance(written, Mapping):
        paths = compile_search(written.get("search"), resource, reporter.at("search"))
        grant = replace(grant, search=paths)
    grant = with_writing(grant, written, resource, reporter)
    return with_actions(grant, written, resource, actions, reporter)


def with_view_grants(
    policy: Policy, label: str, written: object, place: str
) -> tuple[Policy, Entry, tuple[Problem, ...]]:
    """Return a policy in which one resource's entry comes from a view; all else is unchanged."""
    reporter = ProblemReporter(place)
    name = label.rpartition(".")[2]
    schema = _with_computed(policy.schema.adding(label, None), label, written, reporter)
    entry = compile_entry(name, label, written, reporter, schema, policy.actions)
    entry = entry or Entry(name=name, resource=schema.find(label))
    entry = _with_rates(entry, policy)
    return _replacing(policy, entry), entry, tuple(reporter.problems)


def with_common_grant(
    policy: Policy, label: str, written: object, place: str
) -> tuple[Policy, Entry, tuple[Problem, ...]]:
    """Return a policy in which every caller has the same grant on a resource, whatever the role."""
    reporter = ProblemReporter(place)
    resource = policy.schema.find(label)
    known = policy.actions.get(resource.label, ())
    grant = _grant("everyone", written, resource, known, reporter)
    entry = _with_rates(Entry(name=resource.name, resource=resource, everyone=grant), policy)
    return _replacing(policy, entry), entry, tuple(reporter.problems)


def unrestricted(policy: Policy, label: str) -> tuple[Policy, Entry]:
    """Return a policy under which code that asks for it may read all of a resource."""
    resource = policy.schema.find(label)
    operations = ORDINARY_OPERATIONS | {"bulk_edit", "bulk_delete", "explain", "export"}
    grant = free_writing(
        Grant(role="unrestricted", operations=operations, rows=ALL_ROWS, unrestricted=True)
    )
    entry = Entry(name=resource.name, resource=resource, everyone=grant)
    return _replacing(policy, entry), entry


def _replacing(policy: Policy, entry: Entry) -> Policy:
    return replace(policy, entries={**policy.entries, entry.resource.label: entry})


def _with_rates(entry: Entry, policy: Policy) -> Entry:
    """Apply a model's rates at every door, except at one that sets its own rates for the model."""
    known = policy.entries.get(entry.resource.label)
    if entry.rate_limit or known is None:
        return entry
    return replace(entry, rate_limit=known.rate_limit)


def _with_exclude(grant: Grant, exclude: frozenset[Path]) -> Grant:
    return replace(grant, exclude=grant.exclude | exclude) if exclude else grant


def _report_misplaced(written: Mapping[object, object], reporter: ProblemReporter) -> None:
    """Report keys of a grant in the place of roles, and keys that are not names."""
    for key, grant in written.items():
        if not isinstance(key, str):
            reporter.report("E009", f"{key!r} is not a valid role name")
        elif key in GRANT_KEYS and key not in ENTRY_KEYS:
            text = f"'{key}' is a key of a grant, but roles are expected here"
            reporter.report("E005", text, f"{{'authenticated': {{'{key}': …}}}}")
        elif key not in ENTRY_KEYS and (meant := _key_meant(key, grant)):
            reporter.report("E005", f"Unknown key '{key}'", f"did you mean '{meant}'?")


def _report_code_for_models(
    written: Mapping[object, object], resource: Resource, reporter: ProblemReporter
) -> None:
    """Code that narrows or validates the rows of a model, where no other backend would run it."""
    if model_of(resource) is None:
        for key in FOR_MODELS & written.keys():
            reporter.at(key).report(
                "E009", f"{resource.label} is no Django model, so nothing runs it"
            )


def _is_grant(written: object) -> bool:
    """Whether a value has the form of a grant; if not, its key may be a misspelt key of the entry."""
    return not written or written == "*" or isinstance(written, Mapping)


def _key_meant(key: str, written: object) -> str:
    """Return the key of an entry that was meant by what reads as a role; empty if it is a role."""
    return mistaken_role(key, written, {*ENTRY_KEYS, *GRANT_KEYS}, GRANT_KEYS)


def _queryset(written: object, reporter: ProblemReporter) -> Any:
    if written is None:
        return None
    if not callable(written):
        reporter.report("E009", "A callable (user) or (user, request) is needed")
        return _deny_all
    return with_request(written) if check_call(written, reporter) else _deny_all


def _class(written: object, reporter: ProblemReporter) -> object:
    """Return the class that validates writes, from itself or its dotted path."""
    if written is None or isinstance(written, type):
        return written
    try:
        return import_string(str(written))
    except (ImportError, TypeError, ValueError) as error:
        reporter.report("E014", str(error))
        return BrokenValidator


class BrokenValidator:
    """Replaces a form or serializer that could not be imported; it refuses every write."""

    def __init__(self, *_args: object, **_kwargs: object) -> None:
        raise AccessDeniedError("Access denied")


def _deny_all(_user: object, _request: object) -> None:
    """Replace an invalid ``queryset``; not returning one denies."""


def _url_names(
    key: str, resource: Resource, url_name: object, reporter: ProblemReporter
) -> tuple[str, ...]:
    """Return every name by which a URL or ``_model`` may refer to a model."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", resource.object_name).lower()
    plural = str(resource.verbose_name_plural).lower()
    names = [resource.name, snake, f"{resource.name}s", f"{snake}s", resource.label, key.lower()]
    names += [plural.replace(" ", "_"), plural.replace(" ", "")]
    if isinstance(url_name, str) and url_name:
        names.insert(0, url_name)
    elif url_name is not None:
        reporter.report("E009", "A string is needed")
    return tuple(dict.fromkeys(names))


def _names(entries: Iterable[Entry], reporter: ProblemReporter) -> dict[str, Entry]:
    """Return the entry of each name; if several entries share a name, a ``url_name`` decides."""
    claims: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.url_names:
            claims.setdefault(name, []).append(entry)
    names: dict[str, Entry] = {}
    for name, claiming in claims.items():
        owners = claiming if len(claiming) == 1 else [e for e in claiming if not _renamed(e, name)]
        if len(owners) > 1:
            reporter.at(owners[1].name).report(
                "E010",
                f"'{name}' is also a name of '{owners[0].name}'",
                "give one of them a 'url_name'",
            )
        if owners:
            names[name] = owners[0]
    return names


def _renamed(entry: Entry, name: str) -> bool:
    """Whether an entry has another name for URLs, so that it can do without this one."""
    return entry.has_url_name and name != entry.url_names[0]
