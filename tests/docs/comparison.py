"""What a page shows against what was answered, with ``…`` for what the page leaves out."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.docs.pages import Block

ELISION = "…"


def faults(reply: Block | None, outcome: dict[str, Any]) -> list[str]:
    """Return what is not as a page shows it."""
    if "output" in outcome:
        return missing_lines(reply.text if reply else "", outcome["output"])
    if "status" not in outcome:
        return []
    if reply is not None and reply.language == "http":
        return message_differences(reply.text, outcome)
    if outcome["status"] != 200 or (reply is None and outcome.get("refused")):
        return [f"{outcome['status']} {outcome['body']}"]
    if reply is not None and reply.language == "text":
        shown, given = reply.text.splitlines(), outcome["body"].splitlines()
        return [] if shown == given else [f"shown {shown!r}, given {given!r}"]
    return differences(json.loads(reply.text), json.loads(outcome["body"])) if reply else []


def differences(shown: Any, given: Any, place: str = "reply") -> list[str]:
    """Return where a JSON value is not as shown."""
    if shown == ELISION:
        return []
    if isinstance(shown, dict) and isinstance(given, dict):
        return _object_differences(shown, given, place)
    if isinstance(shown, list) and isinstance(given, list):
        return _list_differences(shown, given, place)
    same = type(shown) is type(given) and shown == given
    return [] if same else [f"{place}: shown {shown!r}, given {given!r}"]


def _object_differences(shown: dict[str, Any], given: dict[str, Any], place: str) -> list[str]:
    open_end = ELISION in shown
    names = [name for name in shown if name != ELISION]
    found = [f"{place}.{name}: not given" for name in names if name not in given]
    if not open_end:
        found += [f"{place}.{name}: not shown" for name in given if name not in shown]
    for name in names:
        if name in given:
            found += differences(shown[name], given[name], f"{place}.{name}")
    return found


def _list_differences(shown: list[Any], given: list[Any], place: str) -> list[str]:
    open_end = bool(shown) and shown[-1] == ELISION
    items = shown[:-1] if open_end else shown
    if len(given) < len(items) or (len(given) > len(items) and not open_end):
        return [f"{place}: shown {len(items)} items, given {len(given)}"]
    found = []
    for index, item in enumerate(items):
        found += differences(item, given[index], f"{place}[{index}]")
    return found


def message_differences(shown: str, outcome: dict[str, Any]) -> list[str]:
    """Compare an HTTP message: the status line, the headers that are shown, the body."""
    head, _, body = shown.partition("\n\n")
    status, *headers = head.splitlines()
    found = []
    if status.split(" ")[1] != str(outcome["status"]):
        found.append(f"status: shown {status}, given {outcome['status']}")
    given = {name.lower(): value for name, value in outcome["headers"].items()}
    for header in headers:
        name, value = header.split(": ", 1)
        if not matches(value, given.get(name.lower(), "(none)")):
            found.append(f"{name}: shown {value}, given {given.get(name.lower())}")
    if body.strip():
        found += differences(json.loads(body), json.loads(outcome["body"]))
    elif outcome["body"]:
        found.append(f"body: none shown, given {outcome['body']}")
    return found


def matches(shown: str, given: str) -> bool:
    """Whether a text is as shown."""
    pattern = ".*".join(map(re.escape, shown.split(ELISION)))
    return re.fullmatch(pattern, given, re.DOTALL) is not None


def missing_lines(shown: str, given: str) -> list[str]:
    """Return the lines that do not stand in a text, in this order."""
    rest = iter(given.splitlines())
    wanted = [line.strip() for line in shown.splitlines() if line.strip()]
    return [line for line in wanted if not any(matches(line, one.strip()) for one in rest)]
