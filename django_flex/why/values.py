"""The values of an explanation."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAnswer:
    """One name that a request uses: whether it is granted, by which lines, and what would grant it.

    ``problem`` says why not; ``grant`` is the smallest addition to the settings that would allow it,
    empty if there is none.
    """

    clause: str
    text: str
    allowed: bool
    by: tuple[str, ...] = ()
    problem: str = ""
    grant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAnswer:
    """What became of the row that a key names: whether a rule, or that there is none, hides it."""

    hidden: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a request is answered as it is.

    ``role_steps`` are how the role was found. ``rules`` restrict the rows, as text, with the place
    of each; ``row`` says what became of the row that a key names. ``outcome`` is what the caller
    would get; ``grant`` would allow the operation itself. ``parts`` are the operations of a batch.
    """

    request: str
    operation: str = ""
    model: str = ""
    role: str = ""
    role_steps: tuple[str, ...] = ()
    names: tuple[NameAnswer, ...] = ()
    rules: tuple[str, ...] = ()
    row: RowAnswer | None = None
    outcome: str = ""
    grant: str = ""
    parts: tuple[Explanation, ...] = ()
