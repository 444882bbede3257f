"""The tools that read and write: the arguments of a tool as a ``Call``, and its result as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from django_flex.access.roles import resolve_grant
from django_flex.engine import CORE_OPERATIONS, READ_OPERATIONS, Call, execute, find_entry
from django_flex.exceptions import InvalidValueError, UnknownKeyError
from django_flex.exceptions.places import worded
from django_flex.http.actions import describer, execute_of
from django_flex.mcp.confirmations import ARGUMENT, approver, check, issue, outcome_of, use_once
from django_flex.mcp.outputs import ToolResult, as_text, page_within, within
from django_flex.query.operations import OPERATIONS, WRITE_OPERATIONS
from django_flex.query.terms import excerpt, nearest

if TYPE_CHECKING:
    from collections.abc import Collection

    from django_flex.describe import ActionDescription
    from django_flex.mcp.callers import Caller
    from django_flex.plan.shape import FlexResult
    from django_flex.plan.written import Written

#: The name of this door in the log.
DOOR = "mcp"
#: What the tool decides itself, and no query may.
RESERVED = (
    "_model",
    "_action",
    "_dry_run",
    "_batch",
    "_atomic",
    "_background",
    "explain",
    "format",
)
#: Said with a dry run.
TRIED = "Nothing was written yet. Show this to the user; then send the same with the confirmation."
WRITTEN = "Done. The result is too long to be shown; query the rows to see them."
UNTRIED = "This action cannot be tried, and nothing was run. Ask the user; then send the same with the confirmation."


def query(caller: Caller, arguments: Mapping[str, object]) -> ToolResult:
    """List rows, or get one by ``_id``.

    Raises:
        FlexError: the arguments are invalid, or more than the caller may ask for.
    """
    check_names(arguments, ("model", "query"))
    payload = _query_of(arguments, caller, "list")
    if "_id" in payload or "id" in payload:
        result = _executed(_call(caller, arguments, "get", payload))
        return within(result.data, caller.agents.max_characters)
    return _paged(caller, _call(caller, arguments, "list", {"shape": "list", **payload}))


def aggregate(caller: Caller, arguments: Mapping[str, object]) -> ToolResult:
    """Count, add up and so on, for all rows or by group. Raises what ``query`` does."""
    check_names(arguments, ("model", "query"))
    payload = _query_of(arguments, caller, "aggregate")
    return _paged(caller, _call(caller, arguments, "aggregate", payload))


def write(caller: Caller, arguments: Mapping[str, object]) -> ToolResult:
    """Try a write, or with the confirmation of a dry run do it.

    Raises:
        ConfirmationError: it is not that of a dry run of this.
        FlexError: the arguments are invalid, or more than the caller may do.
    """
    check_names(arguments, ("model", "operation", "data", ARGUMENT))
    payload = _object(arguments, "data", caller)
    operation = OPERATIONS.get(str(arguments.get("operation")))
    if operation not in WRITE_OPERATIONS:
        hint = worded("one of {}", ", ".join(sorted(WRITE_OPERATIONS)))
        raise InvalidValueError("There is no such action", path="operation", hint=hint)
    call = _call(caller, arguments, operation, payload)
    outcome = partial(_outcome, call)
    if ARGUMENT not in arguments:
        outcomes: list[bytes] = []
        dry = replace(_dry(call), approve=lambda done: outcomes.append(outcome(done)))
        tried = _executed(dry)
        return _tried(caller, arguments, tried, outcomes[-1])
    found = check(caller, _unconfirmed(arguments), arguments[ARGUMENT])
    call = replace(call, idempotency_key=found.key, approve=approver(found.outcome, outcome))
    return _done(caller, _executed(call))


def run_action(caller: Caller, arguments: Mapping[str, object]) -> ToolResult:
    """Try a model action, if it can be tried, or with a confirmation run it. Raises as ``write``."""
    check_names(arguments, ("model", "action", "data", ARGUMENT))
    payload = _object(arguments, "data", caller)
    name = arguments.get("action")
    if not isinstance(name, str) or name in CORE_OPERATIONS or name in OPERATIONS:
        raise InvalidValueError("There is no such action", path="action")
    call = _call(caller, arguments, name, payload)
    known = _described(caller, call)
    if ARGUMENT not in arguments:
        if known is not None and not known.dry_run:
            return _tried(caller, arguments, None)
        return _tried(caller, arguments, _executed(_dry(call)))
    found = check(caller, _unconfirmed(arguments), arguments[ARGUMENT])
    if known is not None and known.dry_run and known.idempotency != "off":
        call = replace(call, idempotency_key=found.key)
    else:
        use_once(caller, found)
    return _done(caller, _executed(call))


def check_names(arguments: Mapping[str, object], known: Collection[str]) -> None:
    """Refuse an argument that a tool does not have.

    Raises:
        UnknownKeyError: there is one.
    """
    for name in arguments:
        if name not in known:
            hint = nearest(name, known) or worded("one of {}", ", ".join(known))
            place = excerpt(name)
            raise UnknownKeyError(worded("Unknown key '{}'", place), path=place, hint=hint)


def model_of(arguments: Mapping[str, object]) -> str:
    """Return the name of the model.

    Raises:
        InvalidValueError: it is not a text.
    """
    name = arguments.get("model")
    if not isinstance(name, str) or not name:
        raise InvalidValueError(
            "A model is needed", path="model", hint="the tool 'describe' lists them"
        )
    return name


def _query_of(arguments: Mapping[str, object], caller: Caller, operation: str) -> dict[str, object]:
    """Return the query of a tool that reads. The ``next`` of a reply may name its operation."""
    found = arguments.get("query")
    if isinstance(found, dict) and OPERATIONS.get(str(found.get("_action"))) == operation:
        plain = {name: value for name, value in found.items() if name != "_action"}
        arguments = {**arguments, "query": plain}
    return _object(arguments, "query", caller)


def _object(arguments: Mapping[str, object], name: str, caller: Caller) -> dict[str, object]:
    """Return the query object of a tool, without what the tool says itself."""
    found = arguments.get(name, {})
    if not isinstance(found, dict):
        raise InvalidValueError("A JSON object is needed", path=name, hint='{"fields": "id, name"}')
    shown = caller.policy.schema.shown
    for key in RESERVED:
        for spelt in (key, shown(key)):
            if spelt in found:
                raise UnknownKeyError(worded("Unknown key '{}'", spelt), path=spelt)
    return found


def _call(
    caller: Caller, arguments: Mapping[str, object], operation: str, payload: Mapping[str, object]
) -> Call:
    return Call(
        settings=caller.settings,
        dialect=caller.dialect,
        policy=caller.policy,
        resource=model_of(arguments),
        operation=operation,
        payload=payload,
        actor=caller.actor,
        reads_only=operation in READ_OPERATIONS,
        door=DOOR,
    )


def _dry(call: Call) -> Call:
    name = call.policy.schema.shown("_dry_run")
    return replace(call, payload={**call.payload, name: True})


def _executed(call: Call) -> FlexResult:
    """Return the result of a call. Raises the ``FlexError`` of one that failed."""
    result = (execute_of(call.operation) or execute)(call)
    if result.error is not None:
        raise result.error
    return result


def _paged(caller: Caller, call: Call) -> ToolResult:
    """Return a list with at most as many rows as agents get."""
    most, payload = caller.agents.max_rows, dict(call.payload)
    limit = payload.get("limit", most)
    if isinstance(limit, int) and not isinstance(limit, bool):
        payload["limit"] = min(limit, most)
    result = _executed(replace(call, payload=payload))
    has_more = caller.policy.schema.shown("has_more")
    return page_within(result.data, payload, caller.agents.max_characters, has_more=has_more)


def _unconfirmed(arguments: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in arguments.items() if name != ARGUMENT}


def _tried(
    caller: Caller, arguments: Mapping[str, object], result: FlexResult | None, outcome: bytes = b""
) -> ToolResult:
    """Return what a dry run gave, and its confirmation."""
    confirmation = issue(caller, _unconfirmed(arguments), outcome)
    said: dict[str, object] = {"dry_run": result is not None, ARGUMENT: confirmation}
    if result is None:
        return ToolResult(as_text({**said, "note": UNTRIED}))
    return within({**said, "note": TRIED, "result": result.data}, caller.agents.max_characters)


def _done(caller: Caller, result: FlexResult) -> ToolResult:
    """Return what was written. It is written, so a text that is too long is no refusal."""
    text = as_text(result.data)
    if len(text) > caller.agents.max_characters:
        text = as_text({"note": WRITTEN})
    return ToolResult(text)


def _outcome(call: Call, done: Written) -> bytes:
    """Return the digest of what a write did."""
    values: list[object] = [call.payload, call.payload.get("_set")]
    items = call.payload.get("_items")
    values += items if isinstance(items, list) else []
    sent: dict[str, object] = {}
    for one in values:
        sent |= one if isinstance(one, dict) else {}
    return outcome_of(done, sent)


def _described(caller: Caller, call: Call) -> ActionDescription | None:
    """Return the description of an action, ``None`` if the caller may not run it."""
    entry = find_entry(call.policy, call.resource, call.actor)
    granted = resolve_grant(call.policy, entry, call.actor)
    found = describer(call.actor, caller.settings, caller.policy)(entry, granted)
    return next((one for one in found if one.id == call.operation), None)
