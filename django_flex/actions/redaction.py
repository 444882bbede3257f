"""What an event may keep of an input or a reply: no secrets, and not too much."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from django_flex.plan.json_values import encode

HIDDEN = "[hidden]"
#: Names that hold secrets, wherever they stand; compared without case, '_' and '-'.
_SECRET = re.compile(
    r"passw(or)?d|passphrase|secret|token|authorization|cookie|apikey|privatekey|sessionkey"
    r"|credential|creditcard|cardnumber|cvv|cvc|ssn|iban|otp$|pin$"
)
MAX_DEPTH = 20


def kept(
    data: Mapping[str, Any] | None, hidden: frozenset[str], most: int
) -> tuple[Any, str | None]:
    """Return an object as it may be stored: itself, or the beginning of its text if it is long.

    Args:
        data: what was sent or answered.
        hidden: names at the top that hold secrets, beside those that look like it.
        most: bytes, at most.
    """
    if data is None:
        return None, None
    shown = {
        str(name): HIDDEN if name in hidden or is_secret(name) else redacted(value)
        for name, value in data.items()
    }
    # PostgreSQL keeps no NUL, and an action may return what it likes.
    text = encode(shown).replace(rb"\u0000", rb"\ufffd")
    if len(text) <= most:
        return msgspec.json.decode(text), None
    return {"truncated": len(text)}, text[:most].decode(errors="ignore")


def redacted(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a value in which everything under a secret's name is hidden."""
    if depth <= 0:
        return HIDDEN
    if isinstance(value, Mapping):
        return {
            str(name): HIDDEN if is_secret(name) else redacted(part, depth - 1)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [redacted(part, depth - 1) for part in value]
    return value


def is_secret(name: Any) -> bool:
    """Whether something under this name is nobody's business."""
    return bool(_SECRET.search(str(name).lower().replace("_", "").replace("-", "")))
