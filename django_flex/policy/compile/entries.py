"""``EXPOSE`` into a ``Policy``, with every mistake in it collected as a ``Problem``.

A broken part is left out, which denies; the system checks show the problems at start-up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from django_flex.exceptions import AccessDeniedError
from django_flex.policy.compile.actions import with_actions
from django_flex.policy.compile.cascades import keep_rights
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
    without_wildcard_delete,
)
from django_flex.policy.compile.mistakes import mistaken_role
from django_flex.policy.compile.names import labels_of_entries, names_of, owners_of_names
from django_flex.policy.compile.naming import with_naming
from django_flex.policy.compile.orders import KEY as ORDER
from django_flex.policy.compile.orders import compile_default_order, order_of_model
from django_flex.policy.compile.rates import compile_rates
from django_flex.policy.compile.reporting import ProblemReporter
from django_flex.policy.compile.search import compile_search
from django_flex.policy.compile.sorting import KEY as SORTING
from django_flex.policy.compile.sorting import compile_sorting
from django_flex.policy.compile.writes import compile_hooks, free_writing, with_writing
from django_flex.policy.guarding import compile_guard
from django_flex.policy.model import ALL_ROWS, Entry, Grant, Policy
from django_flex.policy.told_keys import untold_columns
from django_flex.schema.generic_relations import any_generic_key
from django_flex.schema.introspection import UnsupportedModelError, label_of, model_of
from django_flex.schema.registry import Schema

if TYPE_CHECKING:
    from django_flex.policy.guarding import Guard
    from django_flex.policy.model import RoleResolver
    from django_flex.policy.problems import Problem
    from django_flex.query.ast import Path
    from django_flex.resolved import SearchMode
    from django_flex.schema.resources import Naming, Resource

#: Where no model has actions.
NO_ACTIONS: Mapping[str, Collection[str]] = MappingProxyType({})
#: Where all resources are Django models.
NO_RESOURCES: Mapping[str, Resource] = MappingProxyType({})
#: Keys of an entry that only a Django model can have.
FOR_MODELS = frozenset({"queryset", "form_class", "serializer_class", "hooks"})
#: What each key of an entry says; every other key is a role.
ENTRY_KEYS = {
    "queryset": "a callable `(user)` or `(user, request)` that returns the queryset to start from",
    "exclude": "paths that no wildcard covers for any role",
    "rate_limit": "requests per minute, `'100/h'`, or a dictionary of these by operation",
    "default_order_by": "the order of lists whose query names none, such as `'-created_at'`",
    SORTING: "columns whose stored form sorts like the value, where a field converts its values",
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
    use_meta_ordering: bool = False,
    resources: Mapping[str, Resource] = NO_RESOURCES,
    naming: Naming | None = None,
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
        use_meta_ordering: whether ``Meta.ordering`` is the default order of models without one.
        resources: those that no Django model describes, by label.
        naming: what clients call names, ``None`` for what the models do.

    Returns:
        The policy, and the problems found on the way.
    """
    reporter = ProblemReporter("EXPOSE")
    schema = Schema(resources)
    labels, unclear = labels_of_entries(expose, schema, reporter)
    # Before any grant: its paths may lead over relations to the computed fields of other entries.
    schema = _with_entries(schema, expose, labels, naming, reporter)
    guard = compile_guard(guarded_fields, label_of(get_user_model()), schema.exposable)
    entries: dict[str, Entry] = {}
    for key, label in labels.items():
        entry = compile_entry(key, label, expose[key], reporter.at(key), schema, actions)
        if entry is None:
            continue
        entry = _with_order(entry, use_meta=use_meta_ordering, reporter=reporter.at(key))
        entries[entry.resource.label] = _with_guard(entry, guard, reporter.at(key))
    for resource in filter(None, map(schema.exposable, unclear)):
        entry = entries.get(resource.label, Entry(name=resource.name, resource=resource))
        entries[resource.label] = replace(entry, closed=True)
    policy = Policy(
        entries=entries,
        actions=actions,
        names=owners_of_names(entries.values(), reporter),
        guard=guard,
        resolver=resolver,
        user_values=frozenset(user_values),
        max_relation_depth=max_relation_depth,
        schema=schema,
        search_mode=search[0],
        search_config=search[1],
        use_meta_ordering=use_meta_ordering,
    )
    return policy, tuple(reporter.problems)


def _with_facts(schema: Schema, label: str, written: object, reporter: ProblemReporter) -> Schema:
    """Return a schema that knows what an entry says of its model: fields, and how some sort."""
    said = written if isinstance(written, Mapping) else {}
    try:
        plain = schema.plain(label)
    except UnsupportedModelError:
        return schema  # reported where the entry is compiled
    found = compile_computed(said.get("computed"), plain, reporter.at("computed"))
    sorts = compile_sorting(said.get(SORTING), plain, reporter.at(SORTING))
    schema = schema.sorted_as_stored(label, sorts) if sorts else schema
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
    before = len(reporter.problems)
    if not isinstance(written, Mapping):
        if written:
            hint = f"{{'authenticated': {A_GRANT}}}"
            reporter.report("E009", "An entry has to be a dictionary of roles", hint)
        written = {}
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
        closed=broken,
        grants={r: closed_grant(r, reporter.at(r)) for r in grants} if broken else grants,
        queryset=_queryset(written.get("queryset"), reporter.at("queryset")),
        has_url_name=bool(written.get("url_name")),
        url_names=names_of(key, resource, written.get("url_name"), reporter.at("url_name")),
        default_order=compile_default_order(written.get(ORDER), resource, reporter.at(ORDER)),
        exclude=exclude,
        rate_limit=compile_rates(
            written.get("rate_limit"),
            reporter.at("rate_limit"),
            known,
            metered=model_of(resource) is None,
        ),
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
    schema = _with_facts(policy.schema.adding(label, None), label, written, reporter)
    entry = compile_entry(name, label, written, reporter, schema, policy.actions)
    entry = entry or Entry(name=name, resource=schema.find(label))
    entry = _with_guard(_as_elsewhere(entry, policy, reporter), policy.guard, reporter)
    return _replacing(policy, entry), entry, tuple(reporter.problems)


def with_common_grant(
    policy: Policy, label: str, written: object, place: str
) -> tuple[Policy, Entry, tuple[Problem, ...]]:
    """Return a policy in which every caller has the same grant on a resource, whatever the role."""
    reporter = ProblemReporter(place)
    resource = policy.schema.find(label)
    known = policy.actions.get(resource.label, ())
    grant = _grant("everyone", written, resource, known, reporter)
    entry = Entry(name=resource.name, resource=resource, everyone=grant)
    entry = _with_guard(_as_elsewhere(entry, policy, reporter), policy.guard, reporter)
    return _replacing(policy, entry), entry, tuple(reporter.problems)


def unrestricted(policy: Policy, label: str) -> tuple[Policy, Entry]:
    """Return a policy under which code that asks for it may read all of a resource."""
    resource = policy.schema.find(label)
    operations = ORDINARY_OPERATIONS | {"bulk_edit", "bulk_delete", "explain", "export"}
    grant = free_writing(
        Grant(role="unrestricted", operations=operations, rows=ALL_ROWS, unrestricted=True)
    )
    entry = Entry(name=resource.name, resource=resource, everyone=grant)
    entry = _as_elsewhere(entry, policy, ProblemReporter(""))
    return _replacing(policy, entry), entry


def _replacing(policy: Policy, entry: Entry) -> Policy:
    return replace(policy, entries={**policy.entries, entry.resource.label: entry})


def _as_elsewhere(entry: Entry, policy: Policy, reporter: ProblemReporter) -> Entry:
    """Apply a model's rates and order at every door, except at one that sets its own."""
    known = policy.entries.get(entry.resource.label)
    if known is not None:
        rates = entry.rate_limit or known.rate_limit
        # What a table costs is limited at every door, also at one with its own rates of requests.
        entry = replace(
            entry, rate_limit=replace(rates, units={**known.rate_limit.units, **rates.units})
        )
    if known is not None and not entry.default_order:
        entry = replace(entry, default_order=known.default_order)
    return _with_order(entry, use_meta=policy.use_meta_ordering, reporter=reporter)


def _with_entries(
    schema: Schema,
    expose: Mapping[str, object],
    labels: Mapping[str, str],
    naming: Naming | None,
    reporter: ProblemReporter,
) -> Schema:
    """Return a schema with what entries add to it: computed fields, generic keys, names."""
    for key, label in labels.items():
        schema = _with_facts(schema, label, expose[key], reporter.at(key))
    if any_generic_key():
        schema = schema.exposing(labels.values())
    return schema if naming is None else with_naming(schema, naming, labels, reporter)


def _with_order(entry: Entry, *, use_meta: bool, reporter: ProblemReporter) -> Entry:
    """Return an entry with the order of its model, if it has none and that one is used."""
    if entry.default_order or not use_meta:
        return entry
    return replace(entry, default_order=order_of_model(entry.resource, reporter))


def _with_exclude(grant: Grant, exclude: frozenset[Path]) -> Grant:
    return replace(grant, exclude=grant.exclude | exclude) if exclude else grant


def _with_guard(entry: Entry, guard: Guard, reporter: ProblemReporter) -> Entry:
    """Take from grants what only names may grant: columns of keys in replies, some deletes."""
    gives_rights = guard.gives_rights(entry.resource)

    def checked(grant: Grant, notes: ProblemReporter) -> Grant:
        if gives_rights and "delete" in grant.operations:
            grant = without_wildcard_delete(grant)
        grant = keep_rights(grant, entry.resource, guard)
        names = ", ".join(f"'{one.name}'" for one in untold_columns(grant, entry.resource, guard))
        if not names:
            return grant
        text = (
            f"Replies name each row by its key, which tells {names}, and the role may not read it"
        )
        hint = f"name {names} under 'fields', or grant no operations but 'get' and 'aggregate'"
        notes.report("E031", text, hint)
        return closed_grant(grant.role, notes)

    grants = {role: checked(grant, reporter.at(role)) for role, grant in entry.grants.items()}
    everyone = None if entry.everyone is None else checked(entry.everyone, reporter)
    if everyone is entry.everyone and all(grants[r] is entry.grants[r] for r in grants):
        return entry
    return replace(entry, grants=grants, everyone=everyone)


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
