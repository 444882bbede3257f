"""What the commands that run or list actions have in common."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from django.apps import apps
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from django_flex.actions.registry import registry

if TYPE_CHECKING:
    from django.db.models import Model

    from django_flex.actions.definitions import ActionDef


def find_resource(name: str) -> type[Model]:
    """Return the model of a name: ``booking``, or ``app_label.booking``.

    Raises:
        CommandError: there is none, or more than one.
    """
    models = apps.get_models()
    names = name.lower()
    found = [m for m in models if names in {m._meta.model_name, m._meta.label_lower}]
    if len(found) != 1:
        raise CommandError(f"Which model is '{name}'? Say app_label.model")
    return found[0]


def find_action(model: type[Model], name: str) -> ActionDef:
    """Return an action of a model.

    Raises:
        CommandError: there is none.
    """
    found = registry.get(model, name)
    if found is None:
        known = ", ".join(registry.for_model(model)) or "it has none"
        raise CommandError(f"{model.__name__} has no action '{name}': {known}")
    return found


def find_user(name: str | None) -> Any:
    """Return the user of a name or key, ``None`` for nobody.

    Raises:
        CommandError: there is none.
    """
    if name is None:
        return None
    users: Any = get_user_model()._default_manager
    found = users.filter(**{get_user_model().USERNAME_FIELD: name}).first()
    if found is None and name.isdecimal():
        found = users.filter(pk=name).first()
    if found is None:
        raise CommandError(f"There is no user '{name}'")
    return found


def read_data(text: str) -> dict[str, Any]:
    """Return input that was given as JSON, or as ``@`` and the name of a file.

    Raises:
        CommandError: it is no JSON object.
    """
    try:
        if text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        found = msgspec.json.decode(text)
    except (OSError, msgspec.DecodeError) as error:
        raise CommandError(f"The input is no JSON object: {error}") from error
    if not isinstance(found, dict):
        raise CommandError("The input is no JSON object")
    return found
