"""Caps of one role, ``'limits': {'max_limit': 20, 'cost': 5_000}``, in place of the version's.

Invalid caps refuse everything: if they were left out, everything would be accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django_flex.query.limits import CAPS as DECLARED
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.policy.compile.reporting import ProblemReporter

#: Caps that apply before the role is known, so they are set for the whole version.
_OF_THE_VERSION = frozenset({"max_body_bytes", "max_file_bytes", "max_json_depth", "max_batch"})
#: What a grant calls a cap, and what ``Limits`` calls it.
CAPS = {
    **{name: name for name in DECLARED if name not in _OF_THE_VERSION},
    "cost": "max_cost",
}


class BrokenCapsError(ValueError):
    """Caps that cannot be read. Internal: the grant that has them denies."""


def compile_caps(written: object, reporter: ProblemReporter) -> Mapping[str, object]:
    """Compile the ``limits`` of a grant.

    Raises:
        BrokenCapsError: a part of them cannot be read; it was reported.
    """
    if written is None:
        return {}
    if not isinstance(written, Mapping) or not written:
        reporter.report(
            "E009", "A dictionary of caps is needed", "{'max_limit': 20, 'cost': 5_000}"
        )
        raise BrokenCapsError
    before = len(reporter.problems)
    for key, value in written.items():
        if key not in CAPS:
            hint = nearest(str(key), CAPS) or f"one of {', '.join(CAPS)}"
            reporter.report("E005", f"Unknown key {key!r}", hint)
        elif not _is_cap(CAPS[key], value):
            reporter.at(key).report("E009", f"{value!r} is not a cap", _needed(CAPS[key]))
    if len(reporter.problems) > before:
        raise BrokenCapsError
    return {CAPS[key]: value for key, value in written.items()}


def _is_cap(name: str, value: object) -> bool:
    cap = DECLARED[name]
    types = int | float if cap.unit == "seconds" else int
    if not isinstance(value, types) or isinstance(value, bool):
        return False
    return value > 0 if cap.unit == "seconds" else value >= cap.least


def _needed(name: str) -> str:
    if DECLARED[name].unit == "seconds":
        return "a number of seconds above 0"
    return "a whole number above 0"
