"""Reads that were asked before: the stages of a get or a list, with what is known of them in place.

The payload, the model, the grant and the limits decide what a query means. For a payload that was
authorized before, ``parse`` is known, and from the second time on what ``authorize`` checks against
the grant alone. Who the caller is, which grant and rows they have, and what they may see of related
rows, is found out for each request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import ref

from django_flex.analysis.authorize import authorize, authorize_again
from django_flex.analysis.templates import (
    CONSTANT,
    TemplateMismatchError,
    is_constant,
    is_simple,
    template_of,
)
from django_flex.engine.pipeline import answer
from django_flex.engine.reading import READ, parse
from django_flex.plan.cost import check_cost
from django_flex.plan.planner import make_plan
from django_flex.query.filters import comparisons
from django_flex.resolved import Group, Nested, Selection

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.analysis.templates import Template
    from django_flex.bounded_cache import BoundedCache
    from django_flex.engine.call import ResolvedCall
    from django_flex.plan.capabilities import Capabilities
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.shape import FlexResult
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.ast import Query
    from django_flex.query.limits import Limits
    from django_flex.resolved import AuthorizedQuery

#: What a read that is kept takes at most, in bytes: itself, each part of its key, each character in
#: there, and each value of a row, of which selection and plan have one object or more.
WEIGHT, WEIGHT_OF_PART, WEIGHT_OF_CHARACTER, WEIGHT_OF_OUTPUT = 8_000, 120, 32, 600
#: A payload with longer texts or numbers, more parts, or deeper ones, is not kept.
MAX_TEXT, MAX_BITS, MAX_PARTS, MAX_DEPTH = 1_000, 128, 200, 6
#: How much there is in a key before the payload.
KEY_PARTS = 8
#: How often it is tried to make a template: whether a grant decides may be forgotten in between.
MAX_TRIES = 4


class NotKeptError(Exception):
    """A payload is too large, or not only of values that type and value tell apart. Internal."""


class PreparedRead:
    """What is known of one payload under one grant, as stages. Threads share it.

    Args:
        reads: where it is kept once it was authorized.
        key: under which key.
    """

    __slots__ = ("key", "planned", "query", "reads", "seen", "stages", "template", "tries")

    def __init__(self, reads: BoundedCache[PreparedRead], key: tuple[object, ...]) -> None:
        self.reads = reads
        self.key = key
        self.query: Query | None = None
        self.template: Template | None = None
        self.planned: tuple[Selection, Capabilities, ReadPlan, int] | None = None
        self.seen: ref[Selection] | None = None
        self.tries = 0
        self.stages = replace(
            READ,
            parse=self.parse,
            authorize=self.authorize,
            plan=self.plan,
            check_cost=self.check_cost,
        )

    def parse(self, resolved: ResolvedCall) -> Query:
        """Return what is asked. Raises what ``engine.reading.parse`` does."""
        query = self.query
        if query is None:
            return parse(resolved)
        if self.reads.checked and repr(query) != repr(parse(resolved)):
            raise TemplateMismatchError(repr(query))
        return query

    def authorize(
        self,
        query: Query,
        policy: Policy,
        actor: Actor,
        entry: Entry,
        limits: Limits,
        granted: ResolvedGrant,
    ) -> AuthorizedQuery:
        """Return what the caller may run. Raises what ``analysis.authorize`` does."""
        template = self.template
        if template is not None and not template.holds():
            self.template = self.planned = template = None
        if template is not None:
            return authorize_again(
                template, policy, actor, entry, limits, granted, checked=self.reads.checked
            )
        authorized = authorize(query, policy, actor, entry, limits, granted)
        if self.query is None:
            if _may_be_kept(query):
                self.query = query
                self.reads.put(self.key, self, self._weight(authorized.selection))
        elif self.tries < MAX_TRIES and granted.grant is not None:
            self.tries += 1
            self.template = template_of(authorized, entry, granted.grant)
        return authorized

    def _weight(self, selection: Selection) -> int:
        """Return how many bytes this takes at most; the same selection may be kept by others, too."""
        parts = self.key[KEY_PARTS:]
        texts = sum([len(part) for part in parts if isinstance(part, str)])
        sizes = WEIGHT_OF_PART * len(parts), WEIGHT_OF_CHARACTER * texts
        return WEIGHT + sum(sizes) + WEIGHT_OF_OUTPUT * _outputs(selection)

    def plan(self, authorized: AuthorizedQuery, can: Capabilities) -> ReadPlan:
        """Return the plan, that of another caller if both see all rows and the same of related ones."""
        planned, template, selection = self.planned, self.template, authorized.selection
        if template is None or not authorized.rows.plain or authorized.where is not template.where:
            return make_plan(authorized, can)
        if planned is not None and planned[0] is selection and planned[1] is can:
            return planned[2]
        plan = make_plan(authorized, can)
        if self.seen is None or self.seen() is not selection:
            self.seen = ref(selection)  # it may have the related rows of this caller
            return plan
        self.planned = selection, can, plan, -1
        return plan

    def check_cost(self, plan: ReadPlan, limits: Limits) -> int:
        """Return the cost of a plan. Raises what ``plan.cost.check_cost`` does."""
        planned = self.planned
        if planned is None or planned[2] is not plan:
            return check_cost(plan, limits)
        if planned[3] < 0:
            self.planned = planned = (*planned[:3], check_cost(plan, limits))
        return planned[3]


def answer_read(resolved: ResolvedCall) -> FlexResult:
    """Answer a get or a list, with what is known of it if it was asked before.

    Raises:
        FlexError: whatever is wrong with the call, or with the database.
    """
    key = _key(resolved)
    if key is None:
        return answer(READ, resolved)
    reads = resolved.call.settings.prepared
    found = reads.get(key)
    if found is None:
        # Another thread may change the payload of ``FlexQuery``: what is parsed is what the key is of.
        payload = _copied(resolved.call.payload)
        resolved = replace(resolved, call=replace(resolved.call, payload=payload))
        key = _key(resolved)
        if key is None:
            return answer(READ, resolved)
        found = PreparedRead(reads, key)
    return answer(found.stages, resolved)


def _key(resolved: ResolvedCall) -> tuple[object, ...] | None:
    """Return all that the meaning of a payload depends on; ``None`` if it is not kept.

    Only the doors of a whole version take part: their grants last as long as what is kept. The
    objects of the policy are compared by identity, so a policy that is compiled again shares nothing
    with the one before. ``KEY_PARTS`` come before the payload.
    """
    call, entry, grant = resolved.call, resolved.entry, resolved.granted.grant
    settings = call.settings
    reads = settings.prepared
    if not reads.most or reads.owner is not call.policy or call.entry is not None or grant is None:
        return None
    if call.by_operator or call.accepts is not None or not call.dialect.parses_payload_alone:
        return None
    # To find out later takes longer: a page after a cursor is hardly asked for twice.
    if isinstance(call.payload, dict) and not call.dialect.not_prepared.isdisjoint(call.payload):
        return None
    key: list[object] = [
        entry,
        grant,
        call.operation,
        call.dialect,
        call.lenient,
        settings.default_shape,
        settings.limits,
        settings.backends,
    ]
    try:
        _add_parts(call.payload, key, MAX_DEPTH)
    except NotKeptError:
        return None
    return tuple(key)


def _add_parts(value: object, key: list[object], depth: int) -> None:
    """Add a payload to a key, which is equal only if types, values and their order are.

    Each value follows its type, and what is in an object or a list how much there is. Numbers are
    texts: for these a hash cannot be foreseen, and nobody can send payloads that all have the same.

    Raises:
        NotKeptError: there is something else in it than JSON has, or too much.
    """
    kind = type(value)
    if len(key) > MAX_PARTS:
        raise NotKeptError
    if kind in CONSTANT:
        key += (kind, _constant(value))
    elif kind is dict and isinstance(value, dict) and depth:
        key += (dict, len(value))
        for name, part in value.items():
            if type(name) is not str or len(name) > MAX_TEXT:
                raise NotKeptError
            key.append(name)
            _add_parts(part, key, depth - 1)
    elif kind is list and isinstance(value, list) and depth:
        key += (list, len(value))
        for part in value:
            _add_parts(part, key, depth - 1)
    else:
        raise NotKeptError


def _constant(value: object) -> object:
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise NotKeptError
    if type(value) is not int:
        return value
    if value.bit_length() > MAX_BITS:
        raise NotKeptError
    return f"{value:x}"


def _copied(payload: Any) -> Any:
    """Return a payload of which nothing is shared that can be changed."""
    if isinstance(payload, dict):
        return {name: _copied(part) for name, part in payload.items()}
    return [_copied(part) for part in payload] if isinstance(payload, list) else payload


def _outputs(selection: Selection | Group) -> int:
    """Return how many values there are in a row, with those of related ones."""
    count = 0
    for member in selection.members:
        inner = member.selection if isinstance(member, Nested) else member
        count += _outputs(inner) if isinstance(inner, Selection | Group) else 0
    return count + len(selection.members)


def _may_be_kept(query: Query) -> bool:
    """Whether a parsed query holds no object that someone might change, or that a door decides about."""
    if not is_simple(query) or not is_constant(query.pk):
        return False
    return query.filters is None or all(
        is_constant(one.value) for one in comparisons(query.filters)
    )
