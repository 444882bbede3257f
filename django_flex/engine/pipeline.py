"""The pipeline: the stages of a call, and what each of them is for one kind of operation."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from django_flex.conf import is_debug
from django_flex.metering import Statements, counted
from django_flex.plan.cost import COST
from django_flex.query.operations import READ_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django_flex.access.actor import Actor
    from django_flex.access.roles import ResolvedGrant
    from django_flex.backends.base import Backend
    from django_flex.engine.call import ResolvedCall, ShapedResult
    from django_flex.plan.capabilities import Capabilities
    from django_flex.plan.shape import FlexResult
    from django_flex.policy.model import Entry, Policy
    from django_flex.query.ast import Mutation, Query
    from django_flex.query.limits import Limits


class Checked(Protocol):
    """What ``authorize`` returns; ``asked`` is the query or mutation within the caps."""

    @property
    def asked(self) -> Query | Mutation:
        """What is executed, and what the reply is about."""


#: The header with the number of statements of a read, and how many of them were kept.
STATEMENTS = "Flex-Statements"

Asked = TypeVar("Asked", bound="Query | Mutation")
Authorized = TypeVar("Authorized", bound=Checked)
Plan = TypeVar("Plan")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stages(Generic[Asked, Authorized, Plan, Found]):
    """What the stages are for one kind of operation.

    ``check_cost`` refuses a plan that is too expensive and returns its cost; ``None`` where only
    other caps apply. ``read`` reads, or writes. ``transact`` runs what comes after the plan in a
    transaction, and may run it again, or return a stored reply; ``None`` without a transaction.
    """

    parse: Callable[[ResolvedCall], Asked]
    authorize: Callable[[Asked, Policy, Actor, Entry, Limits, ResolvedGrant], Authorized]
    plan: Callable[[Authorized, Capabilities], Plan]
    check_cost: Callable[[Plan, Limits], int] | None
    read: Callable[[ResolvedCall, Backend, Authorized, Plan], Found]
    shape: Callable[[Plan, Found], ShapedResult]
    transact: (
        Callable[[ResolvedCall, Backend, Authorized, Callable[[], FlexResult]], FlexResult] | None
    )


def answer(stages: Stages[Asked, Authorized, Plan, Found], resolved: ResolvedCall) -> FlexResult:
    """Parse, authorize, plan, read or write, shape, reply.

    Raises:
        FlexError: whatever is wrong with the call, or with the database; nothing is written then.
    """
    call, entry, limits = resolved.call, resolved.entry, resolved.call.settings.limits
    backend = call.settings.backends.of(entry.resource)

    asked = stages.parse(resolved)
    authorized = stages.authorize(asked, call.policy, call.actor, entry, limits, resolved.granted)
    plan = stages.plan(authorized, call.settings.backends.capabilities_for(entry.resource))
    headers = {}
    if stages.check_cost is not None:
        headers = {COST: str(stages.check_cost(plan, limits))}

    def reply() -> FlexResult:
        with counting(resolved, headers):
            found = stages.read(resolved, backend, authorized, plan)
        shaped = stages.shape(plan, found)
        return call.dialect.reply(authorized.asked, shaped, headers)

    if stages.transact is None:
        return reply()
    return stages.transact(resolved, backend, authorized, reply)


@contextmanager
def counting(resolved: ResolvedCall, headers: dict[str, str]) -> Iterator[None]:
    """Say in the headers by how many statements something is read, to those who may see their SQL.

    These are callers with the operation ``explain``, and in development everybody.
    """
    grant, reads = resolved.granted.grant, resolved.call.operation in READ_OPERATIONS
    granted = grant is not None and "explain" in grant.operations
    if not (reads and (granted or is_debug())):
        yield
        return
    statements = Statements()
    with counted(statements):
        yield
    if statements.run:
        headers[STATEMENTS] = f"{statements.run}; kept={statements.kept}"
