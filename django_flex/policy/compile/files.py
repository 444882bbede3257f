"""What a role may upload, as ``files`` of a grant says it: for each column, or for all that it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.policy.compile.reporting import check_names, texts
from django_flex.policy.model import FileLimits
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter
    from django_flex.schema.resources import Resource

KEYS = ("max_bytes", "types")
EXAMPLE = "{'document': {'max_bytes': 5_000_000, 'types': ['application/pdf']}}"
_TYPE = re.compile(r"\.[a-z0-9][a-z0-9.+-]*|[a-z]+/(?:\*|[a-z0-9][a-z0-9.+-]*)")


def compile_files(
    written: object, resource: Resource, reporter: ProblemReporter
) -> tuple[Mapping[str, FileLimits], FileLimits | None]:
    """Return the limits of single columns, and those of other columns; broken ones allow nothing.

    Args:
        written: ``'*'``, or a dictionary of limits, of columns with limits, or of both.
        resource: that has the columns.
        reporter: where problems are reported.
    """
    if not written:
        return {}, None
    if written == "*":
        return {}, FileLimits()
    if not isinstance(written, Mapping):
        reporter.report("E009", "A dictionary of limits or of columns is needed", EXAMPLE)
        return {}, None
    # A column may have the name of a limit: its value is a dictionary, or a star, then.
    columns = {name: one for name, one in written.items() if isinstance(one, Mapping) or one == "*"}
    common = {name: one for name, one in written.items() if name not in columns}
    shared = _limits(common, FileLimits(), reporter)
    if shared is None:
        return {}, None
    found: dict[str, FileLimits] = {}
    for name, one in columns.items():
        attribute = resource.attribute(str(name))
        if attribute is None or attribute.kind != "file":
            files = [a.name for a in resource.attributes.values() if a.kind == "file"]
            hint = (
                nearest(str(name), files) or f"one of {', '.join(files) or 'none: it has no files'}"
            )
            reporter.report("E006", f"'{name}' is not a file column of {resource.label}", hint)
            continue
        own = _limits({} if one == "*" else one, shared, reporter.at(str(name)))
        if own is not None:
            found[attribute.name] = own
    # Limits beside columns are those of the columns; alone they are for all that are named.
    return found, None if columns else shared


def _limits(
    written: Mapping[str, object], above: FileLimits, reporter: ProblemReporter
) -> FileLimits | None:
    before = len(reporter.problems)
    check_names(written, KEYS, reporter)
    most = written.get("max_bytes", above.max_bytes)
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        reporter.at("max_bytes").report("E009", "A whole number of bytes above 0 is needed")
    types = above.types
    if "types" in written:
        types = tuple(name.lower() for name in texts(written["types"], reporter.at("types")))
        wrong = [name for name in types if not _TYPE.fullmatch(name)]
        if wrong or not types:
            reporter.at("types").report(
                "E009",
                f"Not a type: {', '.join(wrong)}" if wrong else "Types are needed",
                "['image/*', 'application/pdf', '.csv']",
            )
    if len(reporter.problems) > before or not (most is None or isinstance(most, int)):
        return None
    return FileLimits(most, types)
