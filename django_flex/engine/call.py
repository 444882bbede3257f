"""What every door turns a request into, and the dialect that reads and answers it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

from django_flex.access.roles import resolve_grant
from django_flex.dataclass_init import fast_init
from django_flex.exceptions import OperationDeniedError, ResourceNotFoundError
from django_flex.exceptions.places import worded
from django_flex.plan.explain import CallerExplanation
from django_flex.plan.shape import Groups, Page, SingleRow, Streamed
from django_flex.plan.written import Written
from django_flex.query.operations import granted_hint

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.audit import Names
    from django_flex.conf import Settings
    from django_flex.engine.outcomes import ActionOutcome
    from django_flex.exceptions import FlexError
    from django_flex.plan.nodes import ReadPlan
    from django_flex.plan.shape import FlexResult
    from django_flex.plan.streams import StreamFormat
    from django_flex.policy.model import Entry, Grant, Policy
    from django_flex.query.ast import ActionCall, Batch, Mutation, Query
    from django_flex.query.limits import Limits


#: How similar a name has to be to that of a model, and how many of these are looked at.
SIMILARITY, MAX_SIMILAR = 0.7, 20
#: Takes a call through its stages once the model and the grant are known.
Answer: TypeAlias = "Callable[[ResolvedCall], FlexResult]"
#: The outcome of a query or a mutation, as values.
ShapedResult: TypeAlias = Page | SingleRow | Groups | CallerExplanation | Streamed | Written


class WireFormat(Protocol):
    """Reads the payload of a call, which no other code looks into, and builds replies.

    With ``hides_models`` its replies do not tell a model without a grant from one that does not exist.
    With ``parses_payload_alone`` a query is the same for equal payloads, of any caller at any time;
    it may depend on the model, the operation, the limits, ``lenient`` and ``default_shape``.
    ``not_prepared`` are names in a payload whose queries ``engine.prepared`` does not keep.
    """

    hides_models: ClassVar[bool] = False
    parses_payload_alone: ClassVar[bool] = False
    not_prepared: ClassVar[frozenset[str]] = frozenset()

    def parse_query(self, resolved: ResolvedCall) -> Query:
        """Return what a get, a list or an aggregate asks for.

        Raises:
            QueryError: an unknown key, a wrong type or an impossible value, with its place.
        """
        ...

    def parse_mutation(self, resolved: ResolvedCall) -> Mutation:
        """Return what a write asks for. Raises what ``parse_query`` does."""
        ...

    def parse_action(
        self,
        call: Call,
        *,
        name: str,
        scope: str,
        key_name: str,
        if_match: str | None,
    ) -> ActionCall:
        """Return what a call of a model action asks for. Raises what ``parse_query`` does.

        Args:
            call: with the payload.
            name: the action's id, for messages.
            scope: what it is about: ``instance``, ``bulk``, ``collection`` or ``global``.
            key_name: what the key of a row is called.
            if_match: the header of this name.
        """
        ...

    def parse_batch(self, call: Call) -> Batch:
        """Return the operations of a batch. Raises what ``parse_query`` does."""
        ...

    def resource_of(self, payload: Mapping[str, object]) -> object:
        """Return the name of a model as an operation of a batch gives it; ``None`` without one."""
        ...

    def operation_of(self, payload: Mapping[str, object]) -> str:
        """Return which operation a payload asks for.

        Raises:
            InvalidValueError: there is none of this name.
        """
        ...

    def key_of(self, payload: Mapping[str, object]) -> object:
        """Return the key of the row that a question about model actions names, or ``None``."""
        ...

    def names_operation(self, payload: Mapping[str, object]) -> bool:
        """Whether a payload says itself which operation or action it is for."""
        ...

    def names_in(self, payload: Mapping[str, object], operation: str) -> Names:
        """Return the names that a payload uses, for the log, even if it is malformed."""
        ...

    def rows_in(self, result: FlexResult) -> int:
        """Return how many rows or groups a reply of this dialect has, for the log."""
        ...

    def with_references(
        self,
        payload: Mapping[str, object],
        replies: Mapping[str, object],
        place: str,
        limits: Limits,
    ) -> Mapping[str, object]:
        """Return the payload of an operation with values of earlier replies where it refers to them.

        Args:
            payload: the payload of the operation.
            replies: the data of the replies to earlier operations, by their names.
            place: the position of the operation in the batch.
            limits: the caps, of which those of a body apply to the returned payload.

        Raises:
            QueryError: the reply or the value in it does not exist, or the payload gets too large.
        """
        ...

    def stream_format(self, name: str | None, plan: ReadPlan, most: int) -> StreamFormat:
        """Return how rows are written in a format, each with at most ``most`` bytes.

        Raises:
            UnsupportedQueryError: the format cannot represent the rows of this plan.
        """
        ...

    def reply(
        self, asked: Query | Mutation, shaped: ShapedResult, headers: Mapping[str, str]
    ) -> FlexResult:
        """Return the reply to a query or mutation; the headers are for doors that send them."""
        ...

    def reply_to_action(self, outcome: ActionOutcome, headers: Mapping[str, str]) -> FlexResult:
        """Return the reply to a call of a model action, which has run or is to run later."""
        ...

    def describe(self, facts: object) -> FlexResult | None:
        """Return the reply with facts about models or actions, ``None`` if it does not offer them.

        Then OPTIONS has no body, and there is nothing at the URLs that describe actions. This is
        so for a subclass without this method. The facts are of the types in ``dialects.facts``.
        """
        return None

    def reply_to_batch(self, replies: Sequence[FlexResult]) -> FlexResult:
        """Return the reply to a batch, built from the replies to its operations, in order."""
        ...

    def writes_one_row(self, payload: Mapping[str, object]) -> bool:
        """Whether the reply to an add, edit or upsert is exactly one row, as stored."""
        ...

    def error(self, error: FlexError) -> FlexResult:
        """Return the reply that reports an error, in the words of the dialect (``in_words``)."""
        ...


@fast_init
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """One request of one caller, from any door, and the settings that apply to it.

    ``policy`` is the version's, or that of a door with separate grants; ``entry`` is the model of a
    door that has one, ``None`` where ``resource`` names it. ``operation`` is canonical (``get``,
    ``add``); ``payload`` is untrusted, and read by the ``dialect`` alone. ``if_match`` and
    ``idempotency_key`` are what the headers of these names say. ``served`` are the operations that
    the door serves at all, ``None`` for all that are granted. ``time_zone`` is the name of the zone
    for days and hours, ``None`` for that of the setting. ``streams`` says that the door can stream,
    ``accepts`` the format that the caller prefers. With ``by_operator`` an operator at the command
    line acts on behalf of the caller. ``base`` is the URL of the model, if it has one; ``about``
    the action that a request for a description names. With ``respond_async`` the caller prefers not
    to wait (RFC 7240). ``reads_only`` says that nothing in it writes. ``started`` is when its time
    began (``time.monotonic()``); all operations of a batch have that of the batch, ``writes`` says
    that one of them writes, and ``room`` how many bytes are left of the reply. ``approve`` is called
    with what a write did before the commit, and raises a ``FlexError`` to undo it. ``door`` is
    the name of a door that the log tells from the others, and ``operator`` the user who asks in the
    name of the caller, whom it tells, too. A call that is not ``counted`` by rate
    limits is one of which only the plan is wanted.
    """

    settings: Settings
    dialect: WireFormat
    policy: Policy
    entry: Entry | None = None
    resource: str
    operation: str
    payload: Mapping[str, object]
    actor: Actor
    lenient: bool = False
    if_match: str | None = None
    idempotency_key: str | None = None
    served: frozenset[str] | None = None
    time_zone: str | None = None
    streams: bool = False
    accepts: str | None = None
    by_operator: bool = False
    base: str = ""
    about: str | None = None
    respond_async: bool = False
    reads_only: bool = False
    started: float = field(default_factory=time.monotonic)
    writes: bool = False
    room: int | None = None
    approve: Callable[[Written], None] | None = None
    door: str | None = None
    operator: object = None
    counted: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class ResolvedCall:
    """A call with its model, and the caller's grant on the model."""

    call: Call
    entry: Entry
    granted: ResolvedGrant


def resolve_call(call: Call, entry: Entry) -> ResolvedCall:
    """Return a call with the caller's grant on a model; the call is not counted."""
    return ResolvedCall(call, entry, resolve_grant(call.policy, entry, call.actor))


def limits_within(call: Call) -> Limits:
    """Return the limits of a call; in a batch, what is left of them.

    In a batch that writes, a read has the time limit of a write.
    """
    limits = call.settings.limits
    if call.room is None:
        return limits
    seconds = max(limits.read_timeout, limits.write_timeout if call.writes else 0)
    most = min(limits.max_reply_bytes, call.room)
    return replace(limits, read_timeout=seconds, max_reply_bytes=most)


def with_granted(error: FlexError, grant: Grant | None, call: Call) -> FlexError:
    """Return the error about a refused operation, with those that are granted as its hint."""
    if not isinstance(error, OperationDeniedError) or grant is None:
        return error
    names = grant.operations if call.served is None else grant.operations & call.served
    # Where the operation itself is granted, a row rule has failed, which no other one would avoid.
    hint = None if error.operation in names else granted_hint(names)
    return error if hint is None else error.with_hint(hint)


def find_entry(policy: Policy, name: str, actor: Actor | None = None) -> Entry:
    """Return the entry that a name in a URL or in a payload refers to.

    Args:
        policy: of the door.
        name: as sent.
        actor: the caller, ``None`` for code of the project.

    Raises:
        ResourceNotFoundError: the model does not exist or is not exposed: both look the same. The
            hint has the most similar name of a model on which the caller has a grant.
    """
    entry = policy.names.get(name) or policy.names.get(name.lower())
    if entry is None:
        raise ResourceNotFoundError("There is no such model", hint=_similar(policy, name, actor))
    return entry


def is_named(entry: Entry, name: str) -> bool:
    """Whether a name in a payload is one of those of a model, in any case."""
    return not {name, name.lower()}.isdisjoint({entry.name, *entry.url_names})


def _similar(policy: Policy, name: str, actor: Actor | None) -> str | None:
    names = get_close_matches(name[:100].lower(), policy.names, n=MAX_SIMILAR, cutoff=SIMILARITY)
    alike = (one for one in names if _alike(name.lower(), one))
    found = (one for one in alike if _may_know(policy, policy.names[one], actor))
    meant = next(found, None)
    return None if meant is None else worded("did you mean '{}'?", meant)


def _alike(name: str, meant: str) -> bool:
    """Whether the names of two models are similar without their app labels, too."""
    _, _, last = name[:100].rpartition(".")
    return bool(get_close_matches(last, [meant.rpartition(".")[2]], cutoff=SIMILARITY))


def _may_know(policy: Policy, entry: Entry, actor: Actor | None) -> bool:
    if actor is None:
        return True
    grant = resolve_grant(policy, entry, actor).grant
    return grant is not None and bool(grant.operations or grant.actions)
