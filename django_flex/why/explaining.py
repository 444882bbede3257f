"""What the pipeline did with a request, in the words of the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from django_flex.access.limits import limits_of
from django_flex.access.reach import Access
from django_flex.access.roles import ResolvedGrant, role_steps
from django_flex.engine import STAGES
from django_flex.exceptions import AccessDeniedError, FlexError, ObjectNotFoundError
from django_flex.policy.compile.writes import free_writing
from django_flex.policy.model import ABSENT, ALL_ROWS, Grant
from django_flex.policy.paths import AggregateSet
from django_flex.query.ast import Mutation
from django_flex.query.operations import CORE_OPERATIONS, READ_OPERATIONS
from django_flex.query.terms import nearest
from django_flex.why.lines import exists, lines_of, widened
from django_flex.why.pieces import Piece, pieces_of
from django_flex.why.roles import steps_of
from django_flex.why.rows import row_of, rules_of
from django_flex.why.values import Explanation, NameAnswer, RowAnswer

if TYPE_CHECKING:
    from django_flex.access.actor import Actor
    from django_flex.conf import Settings
    from django_flex.engine import Call, ResolvedCall
    from django_flex.plan.shape import FlexResult
    from django_flex.query.ast import Query


#: Writes that name one row by its key.
_BY_KEY = frozenset({"edit", "delete"})


@dataclass(slots=True)
class Seen:
    """What was seen of a request on its way: how far it came, and what the resolver returned.

    ``assumed`` says that a role was named instead of a user.
    """

    assumed: bool = False
    call: Call | None = None
    resolved: ResolvedCall | None = None
    asked: Query | Mutation | None = None
    answers: dict[str, list[object]] = field(default_factory=dict)


def explain(
    method: str,
    url: str,
    seen: Seen,
    refused: FlexResult | None,
    actor: Actor,
    settings: Settings,
) -> Explanation:
    """Return an explanation.

    Args:
        method: of the request.
        url: of the request.
        seen: how far the request came.
        refused: the reply that the caller would get instead of a result, ``None`` for a result.
        actor: the caller.
        settings: of the API version.
    """
    request = f"{method.upper()} {url}"
    outcome = "allowed" if refused is None else _outcome(refused)
    resolved = seen.resolved
    if resolved is None:
        outcome += _about_model(seen.call, settings)
        return Explanation(request=request, outcome=outcome)
    call, entry, granted = resolved.call, resolved.entry, resolved.granted
    role = None if granted.grant is None else granted.grant.role
    found = Explanation(
        request=request,
        operation=call.operation,
        model=entry.name,
        role=role or "",
        role_steps=steps_of(
            entry, actor, granted, seen.answers.get(entry.name, []), assumed=seen.assumed
        ),
        rules=rules_of(resolved, call.operation),
        outcome=outcome,
    )
    start = _start(resolved, actor)
    names = () if seen.asked is None else _names(seen.asked, resolved, start)
    missing = granted.grant is None or call.operation not in granted.grant.operations
    grant = f"{start.source}['ops']: add {call.operation!r}" if missing and start.source else ""
    row = _row(seen, resolved)
    if refused is None and call.operation not in READ_OPERATIONS:
        found = replace(found, outcome="allowed; values are checked when they are written")
    if row is not None and row.hidden and refused is None:
        found = replace(found, outcome=_outcome(call.dialect.error(ObjectNotFoundError())))
    return replace(found, names=names, grant=grant, row=row)


def _outcome(refused: FlexResult) -> str:
    error = refused.error
    text = "" if error is None else f": {error.message} ({error.code})"
    return f"refused with {refused.status_code}{text}"


def _about_model(call: Call | None, settings: Settings) -> str:
    """Return what is known of a model without an entry."""
    if call is None:
        return ""
    policy, name = settings.policy, call.resource.lower()
    if name in policy.names:
        return ""
    labels = policy.schema.labels_of(name)
    if labels:
        return f"; EXPOSE has no entry for {' or '.join(sorted(labels))}"
    hint = nearest(name, policy.names)
    return f"; there is no model {name!r}" + (f", {hint}" if hint else "")


def _start(resolved: ResolvedCall, actor: Actor) -> Grant:
    """Return the caller's grant with the operation, or a new one for a role that they have."""
    granted, entry, operation = resolved.granted, resolved.entry, resolved.call.operation
    grant = granted.grant
    if grant is None or grant.empty:
        held = [step.role for step in role_steps(entry.grants, actor) if step.held]
        role = grant.role if grant is not None else (held or ["anon"])[0]
        source = f"EXPOSE[{entry.name!r}][{role!r}]"
        grant = free_writing(Grant(role=role, source=source, rows=ABSENT))
    return replace(grant, operations=grant.operations | {operation})


def _names(asked: Query | Mutation, resolved: ResolvedCall, start: Grant) -> tuple[NameAnswer, ...]:
    """Ask the gate about each name by itself; then what the refused ones need."""
    answers = []
    for piece in pieces_of(asked, resolved.entry.resource.pk.name):
        error = _refusal(piece, resolved, start)
        access = _access(resolved, start)
        if error is None:
            by = lines_of(piece, access)
            answers.append(NameAnswer(clause=piece.clause, text=piece.text, allowed=True, by=by))
            continue
        problem, grant = error.message, ""
        if isinstance(error, AccessDeniedError):
            if exists(piece, access.resource):
                problem, grant = "no line grants it", _smallest(piece, resolved, start)
            else:
                problem = f"there is no such name on {access.resource.label}"
        answers.append(
            NameAnswer(
                clause=piece.clause, text=piece.text, allowed=False, problem=problem, grant=grant
            )
        )
    return tuple(answers)


def _smallest(piece: Piece, resolved: ResolvedCall, start: Grant) -> str:
    """Return the line that would allow a name, once the gate has been asked whether it would."""
    found = widened(start, piece, resolved.entry.resource)
    if found is None:
        return ""
    wider, line = found
    return line if _refusal(piece, resolved, wider) is None else ""


def _refusal(piece: Piece, resolved: ResolvedCall, grant: Grant) -> FlexError | None:
    """Return the error of the gate about a piece, under a grant; ``None`` if it passes."""
    call, entry = resolved.call, resolved.entry
    if call.operation == "aggregate" and piece.clause != "aggregates":
        # A request that names no aggregate counts, which is no matter of this piece.
        known = grant.aggregates
        counting = AggregateSet(known.exact | {("count",)}, known.open_paths, known.everything)
        grant = replace(grant, aggregates=counting)
    granted = ResolvedGrant(grant, ALL_ROWS)
    try:
        STAGES[call.operation].authorize(
            piece.asked, call.policy, call.actor, entry, call.settings.limits, granted
        )
    except FlexError as error:
        return error
    return None


def _access(resolved: ResolvedCall, grant: Grant) -> Access:
    call = resolved.call
    limits = limits_of(call.settings.limits, grant)
    return Access(call.policy, call.actor, resolved.entry, grant, limits)


def _row(seen: Seen, resolved: ResolvedCall) -> RowAnswer | None:
    """Return what became of the row that the request names by its key."""
    key = _key(seen.asked, resolved)
    if key is None:
        return None
    found = row_of(resolved, resolved.call.operation, key)
    if seen.assumed and found.hidden:
        note = "a role has no user, so rules that ask for one let nothing pass: name a user"
        return replace(found, lines=(*found.lines, note))
    return found


def _key(asked: Query | Mutation | None, resolved: ResolvedCall) -> object:
    call = resolved.call
    if asked is None:  # of a model action, or of a request that was refused before
        return call.dialect.key_of(call.payload) if call.operation not in CORE_OPERATIONS else None
    if not isinstance(asked, Mutation):
        return asked.pk
    by_key = len(asked.changes) == 1 and asked.operation in _BY_KEY
    return asked.changes[0].pk if by_key else None
