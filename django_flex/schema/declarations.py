"""What is declared about a column beside its type: for people, for forms, for validation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.utils.functional import Promise

#: A string, or a lazy translation.
Text: TypeAlias = "str | Promise"


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a column may have, and its label."""

    value: object
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """The labels of a column, the values that it may hold, and its default.

    ``minimum`` and ``maximum`` are inclusive. With ``has_default`` the column has a default;
    ``default`` is its value, ``None`` if it is computed by code. ``required``: a new row needs a
    value, which code of the project may fill. ``dynamic`` choices may differ each time that they
    are read.
    """

    label: Text = ""
    help: Text = ""
    choices: tuple[Choice, ...] = ()
    dynamic: bool = False
    has_default: bool = False
    default: object = None
    required: bool = False
    unique: bool = False
    format: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    minimum: object = None
    maximum: object = None
    max_digits: int | None = None
    decimal_places: int | None = None


NOTHING_DECLARED = Declaration()
