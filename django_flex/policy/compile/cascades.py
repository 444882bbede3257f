"""``cascade`` under ``delete``: the models whose rows may be removed or changed with a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django_flex.query.terms import nearest
from django_flex.resolved import Cascade
from django_flex.schema.dependents import directly_dependent
from django_flex.schema.introspection import kinds_of, label_of, model_of
from django_flex.schema.registry import Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.db import models

    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.policy.guarding import Guard
    from django_flex.policy.model import Grant
    from django_flex.schema.resources import Resource


def compile_cascade(names: list[str], reporter: ProblemReporter) -> Cascade:
    """Compile names of models, or ``*``; a name that is not a model's allows nothing."""
    schema = Schema()
    found = {find_label(name, schema, reporter) for name in names if name != "*"}
    return Cascade("*" in names, frozenset(label for label in found if label is not None))


def keep_rights(grant: Grant, resource: Resource, guard: Guard) -> Grant:
    """Return a grant whose ``*`` under ``cascade`` includes no rows that give rights.

    They are deleted with a user to whom they belong. With other rows, such as a content type, they
    are only where the grant names their model, or the role may delete them anyway.
    """
    writing, model = grant.writing.get("delete"), model_of(resource)
    if writing is None or model is None or not writing.cascade.everything:
        return grant
    kept = frozenset(_rights_beside(model, guard))
    if not kept:
        return grant
    narrower = replace(writing, cascade=replace(writing.cascade, kept=kept))
    return replace(grant, writing={**grant.writing, "delete": narrower})


def _rights_beside(model: type[models.Model], guard: Guard) -> Iterator[str]:
    """Yield the labels of models that give rights and depend on rows of one, but not by a user."""
    seen, waiting = {model}, [model]
    while waiting:
        one = waiting.pop()
        if guard.users in kinds_of(one):
            continue
        for there, changed in directly_dependent(one):
            if guard.decides_rights(kinds_of(there)):
                yield label_of(there)
            elif changed is None and there not in seen:
                seen.add(there)
                waiting.append(there)


def find_label(key: object, schema: Schema, reporter: ProblemReporter) -> str | None:
    """Return the label of a name in the settings: that of its class, or with its app's label."""
    if not isinstance(key, str):
        reporter.report("E009", "Keys of EXPOSE are strings")
        return None
    wanted = key.lower()
    found = schema.labels_of(wanted)
    if len(found) == 1:
        return found[0]
    if found:
        labels = " or ".join(sorted(found))
        reporter.report("E004", f"'{key}' is the name of several models", labels)
    else:
        names = map(_name_of, schema.labels(automatic=False))
        near = nearest(wanted, names) or "the lower-case name of a class in an installed app"
        reporter.report("E003", f"There is no model '{key}'", near)
    return None


def _name_of(label: str) -> str:
    return label.rpartition(".")[2]
