"""What a client may ask about models and actions; the values of ``describe``, with URLs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django_flex.describe import ActionDescription, ModelDescription, ModelSummary

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, eq=False)
class Models:
    """The models that a caller may do something with, and the URLs of their lists by name."""

    models: tuple[ModelSummary, ...]
    urls: Mapping[str, str]


@dataclass(frozen=True, slots=True, eq=False)
class LinkedAction:
    """An action that a caller may run, and its URL, with ``{id}`` for the key of a row."""

    action: ActionDescription
    url: str


@dataclass(frozen=True, slots=True, eq=False)
class ModelActions:
    """The actions of a model; ``base`` is the URL of the model."""

    resource: str
    base: str
    actions: tuple[LinkedAction, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ActionState:
    """The URL of an action on one row; ``reason`` says why it cannot be run now, else ``None``."""

    url: str
    reason: str | None


@dataclass(frozen=True, slots=True, eq=False)
class RowActions:
    """The actions on one row, by id."""

    key: object
    states: Mapping[str, ActionState]


Facts: TypeAlias = ModelDescription | Models | ModelActions | LinkedAction | RowActions
