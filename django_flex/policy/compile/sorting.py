"""``sorts_as_stored`` of an entry: columns that a custom field stores in a form that sorts alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.policy.compile.mistakes import report_path
from django_flex.policy.compile.reporting import texts

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.schema.resources import Resource

KEY = "sorts_as_stored"
#: The hint where a column cannot be sorted by.
SORTING = f"if the stored form sorts like the value, name the column under '{KEY}' of its entry"


def compile_sorting(
    written: object, resource: Resource, reporter: ProblemReporter
) -> frozenset[str]:
    """Return the names of the columns that sort as they are stored; others are reported."""
    found: set[str] = set()
    for text in texts(written, reporter):
        attribute = resource.attribute(text)
        if attribute is None:
            report_path(text, resource, reporter)
        elif attribute.kind != "converted":
            reporter.report("E009", f"'{text}' is no column whose stored form could sort otherwise")
        else:
            found.add(attribute.own_name)
    return frozenset(found)
