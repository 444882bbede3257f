"""Models as an API version serves them: what documents and types of a role are rendered from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_flex.describe.values import ModelDescription

_WORDS = re.compile(r"[A-Za-z0-9]+")


def _as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """How a wire form spells the keys of a request or reply, and paths with operators."""

    key: Callable[[str], str] = _as_it_is
    path: Callable[[str], str] = _as_it_is


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedModel:
    """A model as one role may use it, and its name in URLs."""

    description: ModelDescription
    url_name: str


def type_names(names: Iterable[str]) -> dict[str, str]:
    """Return a name for the types of each model: ``shop.line_item`` is ``ShopLineItem``."""
    found: dict[str, str] = {}
    for name in names:
        wanted = capitalized(name)
        number = 1
        while (shown := f"{wanted}{number if number > 1 else ''}") in found.values():
            number += 1
        found[name] = shown
    return found


def capitalized(name: str) -> str:
    """Return the words of a name in one, each with a capital."""
    return "".join(word[0].upper() + word[1:] for word in _WORDS.findall(name))
