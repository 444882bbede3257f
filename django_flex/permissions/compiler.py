"""``EXPOSE`` into a ``Policy``, with every mistake in it collected as a ``Problem``.

A broken part is left out, which denies; the system checks show the problems at start-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils.module_loading import import_string

from django_flex.exceptions import AccessDeniedError
from django_flex.permissions.action_grants import with_actions
from django_flex.permissions.computed import compile_computed
from django_flex.permissions.grants import (
    GRANT_KEYS,
    ORDINARY_OPERATIONS,
    Notes,
    check_names,
    compile_exclude,
    compile_grant,
    with_request,
)
from django_flex.permissions.policy import ALL_ROWS, Entry, Grant, Guard, Policy
from django_flex.permissions.rates import compile_rates
from django_flex.permissions.searching import compile_search
from django_flex.permissions.writing import compile_hooks, free_writing, with_writing
from django_flex.query.terms import nearest
from django_flex.schema.action_names import action_names
from django_flex.schema.introspection import Schema, UnsupportedModelError

if TYPE_CHECKING:
    from django.db import models

    from django_flex.permissions.policy import RoleResolver, SearchMode
    from django_flex.permissions.problems import Problem
    from django_flex.query.ast import Path
    from django_flex.schema.introspection import Resource

#: What each key of an entry says; every other key is a role.
ENTRY_KEYS = {
    "queryset": "callable `(user)` or `(user, request)` giving the queryset to start from",
    "exclude": "paths taken out of every wildcard for all roles",
    "rate_limit": "requests per minute, `'100/h'`, or a dictionary of these by operation",
    "computed": "fields made of others, as expressions of Django: `{name: expression}`",
    "url_name": "the model's name in URLs",
    "form_class": "a form that validates writes",
    "serializer_class": "a DRF serializer that validates writes",
    "hooks": "callables around writes: `{'before_add': …, 'after_commit_edit': …}`",
}
#: Entries of GUARDED_FIELDS that mean one field of the user model begin like this.
USER_FIELD = "user."


def compile_policy(
    expose: Mapping[str, Any],
    *,
    resolver: RoleResolver | None = None,
    guarded_fields: Iterable[str] = (),
    user_values: Iterable[str] = (),
    max_relation_depth: int = 2,
    search: tuple[SearchMode, str] = ("substrings", "simple"),
) -> tuple[Policy, tuple[Problem, ...]]:
    """Compile the whole of ``EXPOSE``; needs all models to be loaded.

    Returns:
        The policy, and the problems found on the way.
    """
    notes = Notes("EXPOSE")
    models_found = _models(expose, notes)
    # Before any grant: its paths may lead over relations to the computed fields of other entries.
    schema = Schema()
    for key, model in models_found.items():
        schema = _with_computed(schema, model, expose[key], notes.at(key))
    entries: dict[type[models.Model], Entry] = {}
    for key, model in models_found.items():
        entry = compile_entry(key, model, expose[key], notes.at(key), schema)
        if entry is not None:
            entries[model] = entry
    policy = Policy(
        entries=entries,
        names=_names(entries.values(), notes),
        guard=compile_guard(guarded_fields),
        resolver=resolver,
        user_values=frozenset(user_values),
        max_relation_depth=max_relation_depth,
        schema=schema,
        search_mode=search[0],
        search_config=search[1],
    )
    return policy, tuple(notes.problems)


def _models(expose: Mapping[str, Any], notes: Notes) -> dict[str, type[models.Model]]:
    """Return the model of each entry; two entries of one model are a mistake."""
    found: dict[str, type[models.Model]] = {}
    for key in expose:
        model = _find_model(key, notes.at(key))
        if model is None:
            continue
        if model in found.values():
            notes.at(key).report("E004", f"Another entry is about {model._meta.label}, too")
        else:
            found[key] = model
    return found


def _with_computed(schema: Schema, model: type[models.Model], written: Any, notes: Notes) -> Schema:
    """Return a schema that knows the computed fields of an entry."""
    computed = written.get("computed") if isinstance(written, Mapping) else None
    try:
        found = compile_computed(computed, Schema().describe(model), notes.at("computed"))
    except UnsupportedModelError:
        return schema  # reported where the entry is compiled
    return schema.adding(model, found) if found else schema


def compile_entry(
    key: str, model: type[models.Model], written: Any, notes: Notes, schema: Schema
) -> Entry | None:
    """Compile the entry of one model; ``None`` if it cannot be exposed at all."""
    try:
        resource = schema.describe(model)
    except UnsupportedModelError as error:
        notes.report("E011", str(error))
        return None
    if not isinstance(written, Mapping):
        if written:
            notes.report("E009", "An entry is an object of roles")
        written = {}
    exclude = compile_exclude(written.get("exclude"), resource, notes.at("exclude"))
    check_names({k: v for k, v in written.items() if k in ENTRY_KEYS}, ENTRY_KEYS, notes)
    _report_misplaced(written, notes)
    grants = {
        role: _grant(role, grant, resource, notes.at(role), exclude)
        for role, grant in written.items()
        if role not in ENTRY_KEYS and isinstance(role, str)
    }
    return Entry(
        name=key,
        resource=resource,
        grants=grants,
        queryset=_queryset(written.get("queryset"), notes.at("queryset")),
        has_url_name=bool(written.get("url_name")),
        url_names=_url_names(key, resource, written.get("url_name"), notes.at("url_name")),
        exclude=exclude,
        rate_limit=compile_rates(
            written.get("rate_limit"), notes.at("rate_limit"), action_names(model)
        ),
        hooks=compile_hooks(written.get("hooks"), notes.at("hooks")),
        form_class=_class(written.get("form_class"), notes.at("form_class")),
        serializer_class=_class(written.get("serializer_class"), notes.at("serializer_class")),
    )


def _grant(
    role: str,
    written: Any,
    resource: Resource,
    notes: Notes,
    exclude: frozenset[Path] = frozenset(),
) -> Grant:
    """Compile the whole grant of one role, under the entry's ``exclude``."""
    grant = _with_exclude(compile_grant(role, written, resource, notes), exclude)
    if isinstance(written, Mapping):
        paths = compile_search(written.get("search"), resource, notes.at("search"))
        grant = replace(grant, search=paths)
    return with_actions(with_writing(grant, written, resource, notes), written, resource, notes)


def with_view_grants(
    policy: Policy, model: type[models.Model], written: Any, place: str
) -> tuple[Policy, Entry, tuple[Problem, ...]]:
    """Return a policy in which one model's entry is what a view says, everything else as it is."""
    notes = Notes(place)
    name = str(model._meta.model_name)
    schema = _with_computed(policy.schema.adding(model, None), model, written, notes)
    entry = compile_entry(name, model, written, notes, schema)
    entry = entry or Entry(name=name, resource=schema.describe(model))
    entry = _with_rates(entry, policy)
    return _replacing(policy, entry), entry, tuple(notes.problems)


def with_common_grant(
    policy: Policy, model: type[models.Model], written: Any, place: str
) -> tuple[Policy, Entry, tuple[Problem, ...]]:
    """Return a policy in which everybody has one grant on a model, whatever their role."""
    notes = Notes(place)
    resource = policy.schema.describe(model)
    grant = _grant("everyone", written, resource, notes)
    entry = _with_rates(Entry(name=resource.name, resource=resource, everyone=grant), policy)
    return _replacing(policy, entry), entry, tuple(notes.problems)


def unrestricted(policy: Policy, model: type[models.Model]) -> tuple[Policy, Entry]:
    """Return a policy under which code may read all of a model: for callers that say so."""
    resource = policy.schema.describe(model)
    operations = ORDINARY_OPERATIONS | {"bulk_edit", "bulk_delete", "explain", "export"}
    grant = free_writing(
        Grant(role="unrestricted", operations=operations, rows=ALL_ROWS, unrestricted=True)
    )
    entry = Entry(name=resource.name, resource=resource, everyone=grant)
    return _replacing(policy, entry), entry


def _replacing(policy: Policy, entry: Entry) -> Policy:
    return replace(policy, entries={**policy.entries, entry.resource.model: entry})


def _with_rates(entry: Entry, policy: Policy) -> Entry:
    """Rates of a model hold at every door, but for one that has rates of its own for it."""
    known = policy.entries.get(entry.resource.model)
    if entry.rate_limit or known is None:
        return entry
    return replace(entry, rate_limit=known.rate_limit)


def _with_exclude(grant: Grant, exclude: frozenset[Path]) -> Grant:
    return replace(grant, exclude=grant.exclude | exclude) if exclude else grant


def _report_misplaced(written: Mapping[Any, Any], notes: Notes) -> None:
    """A grant's key where a role belongs: the roles were forgotten. Or no name at all."""
    for key in written:
        if not isinstance(key, str):
            notes.report("E009", f"{key!r} is no name of a role")
        elif key in GRANT_KEYS and key not in ENTRY_KEYS:
            notes.report("E005", f"'{key}' stands where a role belongs", "{'role': {…}}")


def _find_model(key: Any, notes: Notes) -> type[models.Model] | None:
    if not isinstance(key, str):
        notes.report("E009", "Keys of EXPOSE are texts")
        return None
    wanted = key.lower()
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if wanted in {model._meta.model_name, model._meta.label_lower}
    ]
    if len(found) == 1:
        return found[0]
    if found:
        labels = " or ".join(sorted(model._meta.label_lower for model in found))
        notes.report("E004", f"'{key}' could be several models", labels)
    else:
        names = [str(model._meta.model_name) for model in apps.get_models()]
        notes.report("E003", f"There is no model '{key}'", nearest(wanted, names))
    return None


def _queryset(written: Any, notes: Notes) -> Any:
    if written is None:
        return None
    if not callable(written):
        notes.report("E009", "A callable (user) or (user, request) is needed")
        return _deny_all
    return with_request(written)


def _class(written: Any, notes: Notes) -> Any:
    """Return the class that validates writes, from itself or its dotted path."""
    if written is None or isinstance(written, type):
        return written
    try:
        return import_string(str(written))
    except ImportError as error:
        notes.report("E014", str(error))
        return BrokenValidator


class BrokenValidator:
    """Stand in for a form or serializer that could not be imported: it refuses every write."""

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        raise AccessDeniedError("Access denied")


def _deny_all(_user: Any, _request: Any) -> None:
    """Stand in for a broken ``queryset``: giving none denies."""


def _url_names(key: str, resource: Resource, url_name: Any, notes: Notes) -> tuple[str, ...]:
    """Return every name that stands for a model in a URL or in ``_model``."""
    meta = resource.model._meta
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", meta.object_name or "").lower()
    plural = str(meta.verbose_name_plural).lower()
    names = [resource.name, snake, f"{resource.name}s", f"{snake}s", meta.label_lower, key.lower()]
    names += [plural.replace(" ", "_"), plural.replace(" ", "")]
    if isinstance(url_name, str) and url_name:
        names.insert(0, url_name)
    elif url_name is not None:
        notes.report("E009", "A name is needed")
    return tuple(dict.fromkeys(names))


def _names(entries: Iterable[Entry], notes: Notes) -> dict[str, Entry]:
    """Return which entry each name stands for; a ``url_name`` settles a dispute over the others."""
    claims: dict[str, list[Entry]] = {}
    for entry in entries:
        for name in entry.url_names:
            claims.setdefault(name, []).append(entry)
    names: dict[str, Entry] = {}
    for name, claiming in claims.items():
        owners = claiming if len(claiming) == 1 else [e for e in claiming if not _renamed(e, name)]
        if len(owners) > 1:
            notes.at(owners[1].name).report(
                "E010",
                f"'{name}' also stands for '{owners[0].name}'",
                "give one of them a 'url_name'",
            )
        if owners:
            names[name] = owners[0]
    return names


def _renamed(entry: Entry, name: str) -> bool:
    """Whether an entry has another name for URLs, so that it can do without this one."""
    return entry.has_url_name and name != entry.url_names[0]


def compile_guard(patterns: Iterable[str]) -> Guard:
    """Compile ``GUARDED_FIELDS``: ends of names, and ``user.name`` for the user model."""
    patterns = tuple(patterns)
    suffixes = [p.replace("_", "").lower() for p in patterns if not p.startswith(USER_FIELD)]
    return Guard(
        suffixes=tuple(suffixes),
        user_model=get_user_model(),
        user_names=frozenset(
            p.removeprefix(USER_FIELD) for p in patterns if p.startswith(USER_FIELD)
        ),
    )
