"""What clients call the names of columns and relations, where it is not what the models say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django_flex.schema.introspection import UnsupportedModelError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.schema.registry import Schema
    from django_flex.schema.resources import Naming, Resource


@dataclass(frozen=True, slots=True)
class KeepingNames:
    """A naming that leaves some names as they are."""

    naming: Naming
    kept: frozenset[str]

    def __call__(self, name: str) -> str:
        """Return what clients call a name."""
        return name if name in self.kept else self.naming(name)


def with_naming(
    schema: Schema, naming: Naming, labels: Mapping[str, str], reporter: ProblemReporter
) -> Schema:
    """Return a schema whose resources have other names.

    Names of one resource that would become equal stay as they are, on all resources.

    Args:
        schema: with the computed fields.
        naming: what clients call a name.
        labels: of the exposed resources, by the keys of their entries.
        reporter: takes names of exposed resources that would become equal.
    """
    exposed = {label: key for key, label in labels.items()}
    kept: set[str] = set()
    for label in schema.labels():
        try:
            resource = schema.find(label)
        except UnsupportedModelError:
            continue  # reported where an entry is compiled
        for called, names in _by_new_name(resource, naming).items():
            if len(names) == 1:
                continue
            kept |= names
            if label in exposed:
                both = " and ".join(f"'{name}'" for name in sorted(names))
                reporter.at(exposed[label]).report(
                    "E030", f"{both} would both be '{called}'", "they stay as they are; rename one"
                )
    return replace(schema, naming=KeepingNames(naming, frozenset(kept)), _found={})


def _by_new_name(resource: Resource, naming: Naming) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for name in (*resource.attributes, *resource.relations):
        found.setdefault(naming(name), set()).add(name)
    return found
