"""Whether a part of a grant is one: what is proposed is compiled as settings are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.policy.compile.filters import compile_filters, compile_orderings
from django_flex.policy.compile.grants import compile_paths, compile_rows
from django_flex.policy.compile.reporting import ProblemReporter
from django_flex.policy.compile.search import compile_search

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.schema.resources import Resource

    Compile = Callable[[object, Resource, ProblemReporter], object]


def takes_field(path: str, resource: Resource) -> bool:
    """Whether ``fields`` may have a path."""
    return _takes(compile_paths, [path], resource)


def takes_filter(text: str, resource: Resource) -> bool:
    """Whether ``filters`` may have a path with an operator."""
    return _takes(compile_filters, [text], resource)


def takes_order(text: str, resource: Resource) -> bool:
    """Whether ``order_by`` may have a path."""
    return _takes(compile_orderings, [text], resource)


def takes_search(path: str, resource: Resource) -> bool:
    """Whether ``search`` may have a path."""
    return _takes(compile_search, [path], resource)


def takes_rows(rule: object, resource: Resource) -> bool:
    """Whether ``rows`` may be a condition."""
    return _takes(compile_rows, rule, resource)


def _takes(compile_part: Compile, written: object, resource: Resource) -> bool:
    reporter = ProblemReporter("")
    compile_part(written, resource, reporter)
    return not reporter.problems
