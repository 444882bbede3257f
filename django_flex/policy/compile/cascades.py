"""``cascade`` under ``delete``: the models whose rows may be removed or changed with a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.query.terms import nearest
from django_flex.resolved import Cascade
from django_flex.schema.registry import Schema

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter


def compile_cascade(names: list[str], reporter: ProblemReporter) -> Cascade:
    """Compile names of models, or ``*``; a name that is not a model's allows nothing."""
    schema = Schema()
    found = {find_label(name, schema, reporter) for name in names if name != "*"}
    return Cascade("*" in names, frozenset(label for label in found if label is not None))


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
