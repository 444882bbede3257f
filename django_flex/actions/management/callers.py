"""Lookups that the commands for actions share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.apps import apps
from django.core.management.base import CommandError

from django_flex.actions.declare.registry import registry

if TYPE_CHECKING:
    from django.db.models import Model

    from django_flex.actions.declare.definitions import ActionDef


def find_resource(name: str) -> type[Model]:
    """Return the model of a name: ``booking``, or ``app_label.booking``.

    Raises:
        CommandError: no model has this name, or several have.
    """
    models = apps.get_models()
    names = name.lower()
    found = [m for m in models if names in {m._meta.model_name, m._meta.label_lower}]
    if len(found) != 1:
        raise CommandError(f"Which model is '{name}'? Use app_label.model")
    return found[0]


def find_action(model: type[Model], name: str) -> ActionDef:
    """Return an action of a model.

    Raises:
        CommandError: it does not exist.
    """
    found = registry.get(model, name)
    if found is None:
        known = ", ".join(registry.for_model(model)) or "it has no actions"
        raise CommandError(f"{model.__name__} has no action '{name}': {known}")
    return found


def read_data(text: str) -> dict[str, Any]:
    """Return input that was given as JSON, or as ``@`` and the name of a file.

    Raises:
        CommandError: it is not a JSON object.
    """
    try:
        if text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        found = msgspec.json.decode(text)
    except (OSError, msgspec.DecodeError) as error:
        raise CommandError(f"The input is not a JSON object: {error}") from error
    if not isinstance(found, dict):
        raise CommandError("The input is not a JSON object")
    return found
