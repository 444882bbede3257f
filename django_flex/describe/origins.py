"""From which lines of the settings a permission comes.

A line is found by asking: the functions that authorize queries are asked again, under the same grant
with one term alone. No grant is interpreted here, so a line that is named does open what it is named
for, and a term that opens nothing by itself is never named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from django_flex.access.exclusions import behind
from django_flex.access.reach import Access, NestedAccess
from django_flex.access.roles import ResolvedGrant
from django_flex.analysis.writes.writable import may_write
from django_flex.policy.compile.aggregates import compile_aggregates
from django_flex.policy.compile.filters import compile_filters, compile_orderings
from django_flex.policy.compile.grants import (
    FULL_GRANT,
    compile_operations,
    compile_paths,
)
from django_flex.policy.compile.mistakes import report_path
from django_flex.policy.compile.reporting import ProblemReporter, texts
from django_flex.policy.compile.search import compile_search
from django_flex.policy.model import NO_ROWS, Entry, Grant
from django_flex.policy.paths import PathSet

if TYPE_CHECKING:
    from django_flex.query.ast import Path
    from django_flex.schema.aggregates import Measure
    from django_flex.schema.paths import ResolvedPath
    from django_flex.schema.resources import Relation, Resource


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """A line of the settings: its place, and the term that is written there, if it is one of many."""

    place: str
    term: str = ""

    def __str__(self) -> str:
        return f"{self.place}: {self.term!r}" if self.term else self.place


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What may be asked: whether a caller may, by the terms of which key of a grant.

    ``outside`` is the same question about the rows behind relations, as asked from the row in front.
    ``reads`` is the path, where the question is whether it may be read.
    """

    key: str
    allows: Callable[[Access], bool]
    outside: Callable[[tuple[Relation, ...]], Question]
    reads: ResolvedPath | None = None


def may_read(target: ResolvedPath) -> Question:
    """Whether what a path leads to may be read."""
    return Question(
        "fields",
        lambda access: access.readable(target),
        lambda hops: may_read(_moved(target, hops)),
        reads=target,
    )


def may_filter(target: ResolvedPath, operators: Iterable[Path]) -> Question:
    """Whether a path may be filtered by any of these operators, each with its transforms."""
    known = tuple(operators)
    return Question(
        "filters",
        lambda access: any(access.may_filter(target, one) for one in known),
        lambda hops: may_filter(_moved(target, hops), known),
    )


def may_order(target: ResolvedPath, directions: Iterable[bool]) -> Question:
    """Whether rows may be sorted by a path, descending (``True``) or ascending."""
    known = tuple(directions)
    return Question(
        "order_by",
        lambda access: any(access.may_order(target, descending=one) for one in known),
        lambda hops: may_order(_moved(target, hops), known),
    )


def may_aggregate(measure: Measure) -> Question:
    """Whether an aggregate may be asked for."""
    return Question(
        "aggregates",
        lambda access: access.may_aggregate(measure),
        lambda hops: may_aggregate(measure.behind(hops)),
    )


def may_filter_by(measure: Measure, operators: Iterable[Path]) -> Question:
    """Whether rows may be filtered by an aggregate of their related rows."""
    known = tuple(operators)
    return Question(
        "filters",
        lambda access: any(access.may_filter_by(measure, one) for one in known),
        lambda hops: may_filter_by(measure.behind(hops), known),
    )


def may_order_by(measure: Measure, directions: Iterable[bool]) -> Question:
    """Whether rows may be sorted by an aggregate of their related rows."""
    known = tuple(directions)
    return Question(
        "order_by",
        lambda access: any(access.may_order_by(measure, descending=one) for one in known),
        lambda hops: may_order_by(measure.behind(hops), known),
    )


#: A line, and the grant as it would be if that were the only one of its key.
Alone: TypeAlias = tuple[Origin, Grant]


def _with_fields(grant: Grant, term: str, resource: Resource) -> Grant:
    paths = compile_paths([term], resource, ProblemReporter(""), file_parts=True)
    return replace(grant, fields=paths)


def _with_filters(grant: Grant, term: str, resource: Resource) -> Grant:
    return replace(grant, filters=compile_filters([term], resource, ProblemReporter("")))


def _with_order(grant: Grant, term: str, resource: Resource) -> Grant:
    return replace(grant, order_by=compile_orderings([term], resource, ProblemReporter("")))


def _with_aggregates(grant: Grant, term: str, resource: Resource) -> Grant:
    found = compile_aggregates([term], resource, ProblemReporter(""), report_path)
    return replace(grant, aggregates=found)


#: Make a grant of which one key has one term, compiled as the settings are.
_WITH: Mapping[str, Callable[[Grant, str, Resource], Grant]] = {
    "fields": _with_fields,
    "filters": _with_filters,
    "order_by": _with_order,
    "aggregates": _with_aggregates,
}


class Origins:
    """Finds the lines for callers with the same roles; caches what it has found."""

    __slots__ = ("_alone", "_read")

    def __init__(self) -> None:
        self._alone: dict[tuple[Grant, str], list[Alone]] = {}
        self._read: dict[tuple[Grant, str, Path], tuple[Origin, ...]] = {}

    def of(self, access: Access, question: Question) -> tuple[Origin, ...]:
        """Return the lines by which a caller may do what is asked.

        Of the grant on the model itself any of them opens it. Behind them are those of the models on
        the way, without which a path could not be read.

        Args:
            access: the caller's reach; it has to allow what is asked.
            question: one of the above.
        """
        if isinstance(access, NestedAccess):
            return self._nested(access, question)
        if question.reads is None:
            return self._here(access, question)
        known = access.grant, access.resource.label, question.reads.canonical
        if known not in self._read:
            found = self._reading(access, question, question.reads)
            self._read[known] = tuple(dict.fromkeys(found))
        return self._read[known]

    def of_writing(
        self, access: Access, target: ResolvedPath, operation: str
    ) -> tuple[Origin, ...]:
        """Return the lines by which a caller may add or edit what a path leads to.

        There are none for rows of another model that point here: its grants decide.

        Args:
            access: the caller's reach under the grant for reading.
            target: the path.
            operation: ``add`` or ``edit``.
        """
        grant, resource = access.grant, access.resource
        keys, written = _key_of_writing(grant, operation)
        writing = grant.writing[operation].grant
        nothing = replace(writing, fields=PathSet())
        if may_write(target, access.under(nothing), operation):
            return ()  # the grants of another model decide
        found = []
        for term in texts(written, ProblemReporter("")):
            paths = compile_paths([term], resource, ProblemReporter(""), file_parts=True)
            if may_write(target, access.under(replace(writing, fields=paths)), operation):
                found.append(_at(grant, keys, term))
        if not found and not target.hops and target.attribute.name in grant.files:
            return (_at(grant, ("files", target.attribute.name)),)
        return tuple(found) or (_at(grant, keys),)

    def _nested(self, access: NestedAccess, question: Question) -> tuple[Origin, ...]:
        """Return the lines of the grant on the model itself, and of the one on the outer model."""
        found: list[Origin] = []
        if not access.grant.empty:
            own = reach_from(access, access.resource, access.grant)
            if question.allows(own):
                found += self.of(own, question)
        outside = question.outside(access.hops)
        if outside.allows(access.outer):
            found += self.of(access.outer, outside)
        # A wildcard there may cover what only the outer grant lets be read.
        return tuple(dict.fromkeys(found)) or (_at(access.grant, (question.key,)),)

    def _here(self, access: Access, question: Question) -> tuple[Origin, ...]:
        """Return the lines of one grant."""
        terms = self._terms(access.grant, question.key, access.resource)
        if len(terms) == 1:
            return (terms[0][0],)
        found = tuple(one for one, alone in terms if question.allows(access.under(alone)))
        return found or (_at(access.grant, (question.key,)),)

    def _reading(
        self, access: Access, question: Question, target: ResolvedPath
    ) -> Iterator[Origin]:
        nothing = replace(access.grant, fields=PathSet())
        if not question.allows(access.under(nothing)):
            yield from self._here(access, question)
        for end, hop in enumerate(target.hops, 1):
            grant = access.related_grant(hop.label)
            if grant is None or grant.empty:
                continue
            if question.allows(_without(access, hop.label)):
                continue
            there, beyond = reach_from(access, hop.target, grant), may_read(behind(target, end))
            if beyond.allows(there):
                yield from self.of(there, beyond)
            else:
                yield _at(grant, ("fields",))

    def _terms(self, grant: Grant, key: str, resource: Resource) -> list[Alone]:
        """Return each term of a key of a grant, with the grant as if it were alone."""
        if (grant, key) not in self._alone:
            self._alone[grant, key] = [
                (_at(grant, (key,), term), _WITH[key](grant, term, resource))
                for term in texts(grant.written.get(key), ProblemReporter(""))
            ]
        return self._alone[grant, key]


def of_operation(grant: Grant, operation: str) -> tuple[Origin, ...]:
    """Return the lines of ``ops`` that include an operation or a model action."""
    found = (
        _at(grant, ("ops",), term)
        for term in texts(grant.written.get("ops"), ProblemReporter(""))
        if operation in compile_operations(term, {operation}, ProblemReporter(""))
    )
    return tuple(found) or (_at(grant, ("ops",)),)


def of_search(grant: Grant, path: str, resource: Resource) -> tuple[Origin, ...]:
    """Return the lines of ``search`` for a path."""
    terms = texts(grant.written.get("search"), ProblemReporter(""))
    compiled = ((term, compile_search([term], resource, ProblemReporter(""))) for term in terms)
    found = (
        _at(grant, ("search",), term)
        for term, targets in compiled
        if any(".".join(target.canonical) == path for target in targets)
    )
    return tuple(found) or (_at(grant, ("search",)),)


def place_in(grant: Grant, *keys: str) -> Origin:
    """Return a part of a grant as a line."""
    return _at(grant, keys)


def _at(grant: Grant, keys: tuple[str, ...], term: str = "") -> Origin:
    if grant.written is FULL_GRANT:
        return Origin(grant.source, "*")
    return Origin(grant.source + "".join(f"[{key!r}]" for key in keys), term)


def _key_of_writing(grant: Grant, operation: str) -> tuple[tuple[str, ...], object]:
    """Return the keys of what says which fields may be written, and what is written there."""
    own = grant.written.get(operation)
    if isinstance(own, Mapping) and "fields" in own:
        return (operation, "fields"), own["fields"]
    key = "write_fields" if "write_fields" in grant.written else "fields"
    return (key,), grant.written.get(key)


def reach_from(access: Access, resource: Resource, grant: Grant) -> Access:
    """Return the same caller's reach from the rows of another model, under their grant on it."""
    entry = Entry(name=resource.name, resource=resource)
    there = Access(access.policy, access.actor, entry, grant, access.limits)
    there.resolved_grants, there.related = access.resolved_grants, access.related
    return there


def _without(access: Access, label: str) -> Access:
    """Return the reach that a caller would have if their role on a model were denied."""
    other = access.under(access.grant)
    denied = ResolvedGrant(Grant(role="", empty=True), NO_ROWS)
    other.resolved_grants = {**access.resolved_grants, label: denied}
    return other


def _moved(target: ResolvedPath, hops: tuple[Relation, ...]) -> ResolvedPath:
    return replace(target, hops=(*hops, *target.hops))
