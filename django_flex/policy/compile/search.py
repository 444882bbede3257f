"""``search`` of a grant: the paths that a search looks into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.policy.compile.mistakes import report_path
from django_flex.policy.compile.reporting import texts
from django_flex.schema.paths import ResolvedPath, UnknownPathError, resolve

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.schema.resources import Resource


#: Kinds of values that a search looks into.
KINDS = frozenset({"text", "json"})


def compile_search(
    written: object, resource: Resource, reporter: ProblemReporter
) -> tuple[ResolvedPath, ...]:
    """Compile the paths under ``search``; a path that does not lead to text is left out."""
    found: list[ResolvedPath] = []
    for text in texts(written, reporter):
        try:
            target = resolve(resource, tuple(text.split(".")))
        except UnknownPathError:
            report_path(text, resource, reporter)
            continue
        if target.attribute.kind in KINDS:
            found.append(target)
        else:
            reporter.report("E020", f"'{text}' is not text; its kind is {target.attribute.kind}")
    return tuple(found)
