"""Redact and truncate inputs and replies before they are logged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from django_flex.conf import BY_NAME
from django_flex.plan.json_values import encode
from django_flex.policy.guarding import Guard, compile_guard

HIDDEN = "[hidden]"
#: Names that are not guarded, but never logged.
ONLY_HERE = ("authorization", "cookie", "credit_card", "card_number", "cvc", "iban")
#: Names that are hidden regardless of the settings.
ALWAYS = compile_guard((*BY_NAME["GUARDED_FIELDS"].default, *ONLY_HERE))
MAX_DEPTH = 20
#: Shorter secrets are not searched for in messages: they match too many words.
SHORTEST = 4
#: Of longer names it is worked out each time whether they are guarded.
LONGEST_CACHED = 100


def storable(
    data: Mapping[str, object] | None, hidden: frozenset[str], most: int, guard: Guard
) -> tuple[object, str | None]:
    """Return an object in a form that may be stored, and the start of its JSON if it is too long.

    Args:
        data: the input or reply.
        hidden: further names of secrets, at any depth.
        most: the maximum size in bytes.
        guard: the names that the settings guard.
    """
    if data is None:
        return None, None
    shown = {str(name): redacted(name, value, guard, hidden) for name, value in data.items()}
    # PostgreSQL cannot store NUL, and an action may return any string.
    text = encode(shown).replace(rb"\u0000", rb"\ufffd")
    if len(text) <= most:
        return msgspec.json.decode(text), None
    return {"truncated": len(text)}, text[:most].decode(errors="ignore")


def redacted(
    name: object, value: object, guard: Guard, hidden: frozenset[str], depth: int = MAX_DEPTH
) -> object:
    """Return a value with everything under a secret name hidden."""
    if depth <= 0 or name in hidden or is_secret(name, value, guard):
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            str(key): redacted(key, part, guard, hidden, depth - 1) for key, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted("", part, guard, hidden, depth - 1) for part in value]
    return value


def without_secrets(
    text: str, data: Mapping[str, object], hidden: frozenset[str], guard: Guard
) -> str:
    """Return a string, such as an error message, without the secrets in the input."""
    for value in _secrets("", data, guard, hidden):
        text = text.replace(value, HIDDEN)
    return text


def _secrets(name: Any, value: Any, guard: Guard, hidden: frozenset[str]) -> Iterator[str]:
    """Yield the secrets that are long enough to search for."""
    inner = isinstance(value, Mapping | list | tuple)
    secret = name in hidden or (name != "" and is_secret(name, value, guard))
    if inner:
        parts = value.items() if isinstance(value, Mapping) else (("", part) for part in value)
        for key, part in parts:
            yield from _secrets(name if secret else key, part, guard, hidden)
    elif secret and len(str(value)) >= SHORTEST:
        yield str(value)


def is_secret(name: object, value: object, guard: Guard) -> bool:
    """Return whether a value under this name is secret."""
    text = str(name)
    # Clients choose the names: long ones would fill the memory.
    found = _is_guarded if len(text) <= LONGEST_CACHED else _is_guarded.__wrapped__
    return found(text, _kind(value), guard)


@lru_cache(maxsize=4_096)  # every value that is logged asks, and each answer takes long
def _is_guarded(name: str, kind: str, guard: Guard) -> bool:
    return ALWAYS.hides(name, kind) or guard.hides(name, kind)


def _kind(value: object) -> str:
    """Return the kind of column that would hold a value, as precisely as the guard needs."""
    if type(value) is bool:
        return "boolean"
    return "float" if isinstance(value, int | float) else "json"
