"""The setting ``MCP``: what is wrong with a value of it, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django_flex.conf.groups import AGENT_TOOLS, Agents
from django_flex.policy.problems import Problem
from django_flex.query.terms import nearest

if TYPE_CHECKING:
    from django_flex.policy.model import Policy

#: Rows of a list and characters of a result, unless the setting says it.
MAX_ROWS, MAX_CHARACTERS = 50, 20_000
#: The least that a result may be limited to: in less there is no room for a refusal with its hint.
LEAST_CHARACTERS = 2_000
_LEAST = {"max_rows": 1, "max_characters": LEAST_CHARACTERS}


def is_for_agents(value: object) -> str | None:
    """Return what is wrong with a value of ``MCP``, ``None`` for nothing."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not _are_texts(value.get("roles")):
        return "None is needed, or a dictionary with a list of 'roles'"
    for name, part in value.items():
        if name in _LEAST:
            least = _LEAST[name]
            if isinstance(part, bool) or not isinstance(part, int) or part < least:
                return f"'{name}' has to be a whole number of at least {least}"
        elif name == "tools":
            if not _are_texts(part) or not set(part) <= {*AGENT_TOOLS}:
                return f"'tools' has to be a list of {', '.join(AGENT_TOOLS)}"
        elif name != "roles":
            return f"there is no {name!r} in it: only roles, tools, {', '.join(_LEAST)}"
    return None


def _are_texts(value: object) -> bool:
    is_list = isinstance(value, list | tuple) and bool(value)
    return is_list and all(isinstance(part, str) and part for part in value)  # type: ignore[attr-defined]


def agents_of(
    written: Mapping[str, Any] | None, policy: Policy, place: str, problems: list[Problem]
) -> Agents | None:
    """Return what agents may do, ``None`` for nothing; mistakes are added to the problems.

    Args:
        written: a valid value of the setting.
        policy: that of the API version.
        place: of the settings.
        problems: of the API version.
    """
    if written is None:
        return None
    known = {name for entry in policy.entries.values() for name in entry.grants}
    for role in written["roles"]:
        if role not in known:
            text, hint = f"No entry of EXPOSE names the role '{role}'", nearest(role, known)
            problems.append(Problem("W047", text, f"{place}['MCP']['roles']", hint))
    tools = written.get("tools", AGENT_TOOLS)
    return Agents(
        roles=frozenset(written["roles"]),
        tools=tuple(name for name in AGENT_TOOLS if name == "describe" or name in tools),
        max_rows=written.get("max_rows", MAX_ROWS),
        max_characters=written.get("max_characters", MAX_CHARACTERS),
    )
