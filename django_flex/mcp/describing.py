"""The tool ``describe``: what the caller may do, in as few words as possible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.access.roles import resolve_grant
from django_flex.engine import find_entry
from django_flex.exceptions import InvalidValueError
from django_flex.exceptions.places import worded
from django_flex.http.actions import describer
from django_flex.http.description import count_description, describe_all, describe_entry
from django_flex.mcp.calls import check_names, model_of
from django_flex.mcp.outputs import ToolResult, as_text, too_long
from django_flex.query.terms import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django_flex.describe import ActionDescription
    from django_flex.mcp.callers import Caller

#: What front ends need, and who writes queries does not.
_LEFT_OUT = frozenset(
    {"schema", "label", "label_plural", "default_shape", "help", "url", "writable"}
)
#: The caps that shape a query; the others only refuse what no agent would ask for.
_LIMITS = frozenset({"default", "max", "max_cost", "max_relation_depth", "max_items"})
#: The values of these keys say nothing.
_PLAIN = {"null": False, "required": False, "many": False}
#: How a description says that it goes on.
_ROOM = 300


def describe(caller: Caller, arguments: Mapping[str, object]) -> ToolResult:
    """Describe all models, or one; with ``part`` a part of the description, ``after`` an entry in it.

    Raises:
        RateLimitExceededError: the caller has to wait.
        FlexError: the arguments are invalid, or the caller has no grant on the model.
    """
    check_names(arguments, ("model", "part", "after"))
    said = _models(caller) if "model" not in arguments else _model(caller, model_of(arguments))
    most = caller.agents.max_characters
    if "part" in arguments:
        return _part(said, arguments["part"], arguments.get("after"), most)
    if len(as_text(said)) <= most:
        return ToolResult(as_text(said))
    return _outline(said, most)


def _models(caller: Caller) -> dict[str, object]:
    """Return the models, with what the caller may do with each."""
    count_description(None, caller.actor, caller.settings, caller.policy)
    facts = describe_all(caller.actor, caller.settings, caller.policy, None, "")
    found = caller.dialect.describe(facts).data["models"]
    return {"models": {name: _short(one) for name, one in found.items()}}


def _model(caller: Caller, name: str) -> dict[str, object]:
    actor, settings, policy = caller.actor, caller.settings, caller.policy
    entry = find_entry(policy, name, actor)
    count_description(entry, actor, settings, policy)
    facts = describe_entry(entry, actor, settings, policy)
    said = _short(caller.dialect.describe(facts).data)
    said["limits"] = {key: value for key, value in said["limits"].items() if key in _LIMITS}
    if "actions" in said:
        actions = describer(actor, settings, policy, inputs=True)
        found = actions(entry, resolve_grant(policy, entry, actor))
        said["actions"] = {one.id: dict(_action(one)) for one in found}
    return said


def _action(one: ActionDescription) -> Iterator[tuple[str, object]]:
    yield "on", one.scope
    yield "title", str(one.title)
    if one.description:
        yield "description", str(one.description)
    yield "input", one.input
    yield "can_be_tried", one.dry_run
    if one.destructive:
        yield "destructive", True


def _short(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description without what only front ends need, and choices as values alone."""
    found: dict[str, Any] = {}
    for key, value in described.items():
        if key in _LEFT_OUT or _PLAIN.get(key) is value:
            continue
        if key == "choices":
            found[key] = [one["value"] for one in value]
        elif key == "aggregates":
            found[key] = _by_functions(value)
        else:
            found[key] = _short(value) if isinstance(value, dict) else value
    return found


def _by_functions(aggregates: Mapping[str, str]) -> dict[str, list[str]]:
    """Return aggregates as paths by their functions, which many paths share; "" is of rows."""
    functions: dict[str, list[str]] = {}
    for name in aggregates:
        path, _, function = name.rpartition(".")
        functions.setdefault(path, []).append(function)
    found: dict[str, list[str]] = {}
    for path, names in functions.items():
        found.setdefault(", ".join(names), []).append(path)
    return found


def _outline(said: Mapping[str, Any], most: int) -> ToolResult:
    """Return a description without its longest parts, which can be asked for one by one.

    Raises:
        LimitExceededError: the names of the parts are too long.
    """
    lengths = {name: len(as_text(part)) for name, part in said.items()}
    shown = dict(said)
    left_out: list[str] = []
    for name in sorted(lengths, key=lengths.__getitem__, reverse=True):
        del shown[name]
        left_out.append(name)
        text = as_text({**shown, "left_out": left_out, "hint": 'ask for each with "part"'})
        if len(text) <= most:
            return ToolResult(text)
    raise too_long(most)


def _part(said: Mapping[str, Any], name: object, after: object, most: int) -> ToolResult:
    """Return one part of a description, from an entry on, as far as there is room.

    Raises:
        InvalidValueError: there is no such part, or no such entry in it.
        LimitExceededError: there is no room for one entry.
    """
    if not isinstance(name, str) or name not in said:
        hint = worded("one of {}", ", ".join(said))
        raise InvalidValueError("There is no such part", path="part", hint=hint)
    part = said[name]
    keys = list(part) if isinstance(part, dict | list) else []
    if after is not None and after not in keys:
        raise InvalidValueError(
            "There is no such part",
            path="after",
            hint=worded("one of {}", excerpt(", ".join(keys))),
        )
    start = 0 if after is None else keys.index(after) + 1
    room, shown = most - _ROOM, []
    for key in keys[start:]:
        room -= len(as_text({key: part[key]} if isinstance(part, dict) else key)) + 1
        if room < 0:
            break
        shown.append(key)
    if keys and not shown and start < len(keys):
        raise too_long(most)
    chosen = {key: part[key] for key in shown} if isinstance(part, dict) else shown
    found: dict[str, object] = {name: chosen if keys else part}
    if start + len(shown) < len(keys):
        found["more_after"] = shown[-1]
    return ToolResult(as_text(found))
