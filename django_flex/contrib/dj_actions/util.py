"""``actions.util`` of dj-actions: builds registries from folders of definitions."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from django.utils.module_loading import import_string

from django_flex.actions.declare.definitions import STATUS, Scope

__all__ = [
    "ACTION_TYPE",
    "STATUS",
    "enrich_actions",
    "get_action_docs",
    "get_action_form",
    "get_instance_action_path",
]

#: Its name in dj-actions.
ACTION_TYPE = Scope
#: Where a definition may be, relative to the folder of a registry.
DEFINITION_PATHS = ("actiondocs/{}", "actions/{}/definition", "{}/definition")


def enrich_actions(
    base_path: str | Path,
    ACTIONS: MutableMapping[str, Any],  # noqa: N803 - as dj-actions calls it
    action_list: Iterable[tuple[str, str, str]],
    environment: Mapping[str, Any] = MappingProxyType({}),
) -> MutableMapping[str, Any]:
    """Add the definitions of its actions to a registry.

    Args:
        base_path: the folder with the folders of the actions; a relative path is searched for in
            the working directory, then in the import path.
        ACTIONS: the registry, with ``resource`` and ``basepath``.
        action_list: id, type and status of each action.
        environment: values for every definition, which override those in its file.

    Returns:
        The registry.
    """
    found = ACTIONS.setdefault("actions", {})
    for action_id, action_type, status in action_list:
        definition = get_action_docs(base_path, action_id)
        found[action_id] = {
            **definition,
            **environment,
            "id": action_id,
            "type": _value(action_type),
            "status": _value(status),
        }
    return ACTIONS


def _value(name: Any) -> str:
    return str(getattr(name, "value", name))


def get_action_docs(base_path: str | Path, action_id: str) -> dict[str, Any]:
    """Return the definition of an action, from its YAML, TOML or JSON file.

    Raises:
        FileNotFoundError: it does not exist; the message names the paths that were tried.
        ModuleNotFoundError: it is YAML, and PyYAML is not installed.
        ValueError: it does not contain an object.
    """
    tried: list[str] = []
    for folder in _folders(Path(base_path)):
        for pattern in DEFINITION_PATHS:
            for suffix, read in _READERS.items():
                path = folder / f"{pattern.format(action_id)}{suffix}"
                if path.is_file():
                    return _object(read(path.read_text(encoding="utf-8")), path)
            tried.append(str(folder / pattern.format(action_id)))
    raise FileNotFoundError(
        f"There is no definition of the action '{action_id}': tried {', '.join(tried)} "
        f"with {', '.join(_READERS)}"
    )


def _folders(base: Path) -> list[Path]:
    if base.is_absolute():
        return [base]
    found = [Path.cwd() / base, *(Path(place) / base for place in sys.path if place)]
    return list(dict.fromkeys(one for one in found if one.is_dir())) or [Path.cwd() / base]


def _object(read: Any, path: Path) -> dict[str, Any]:
    if not isinstance(read, dict):
        raise ValueError(f"{path} is not an object")  # noqa: TRY004 - the content is wrong, no argument
    return read


def _yaml(text: str) -> Any:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "definition.yaml needs PyYAML: install django-flex[yaml], or write definition.toml"
        ) from error
    return yaml.safe_load(text)


_READERS: dict[str, Callable[[str], Any]] = {
    ".yaml": _yaml,
    ".yml": _yaml,
    ".toml": tomllib.loads,
    ".json": json.loads,
}


def get_action_form(registry: Mapping[str, Any], action_id: str) -> Any:
    """Return the form class of an action."""
    return import_string(registry["actions"][action_id]["form"])


def get_instance_action_path(
    context: str,
    collection: str,
    id: Any,  # noqa: A002 - as dj-actions calls it
    action: str,
) -> str:
    """Return the path of an action on a row, in the form that dj-actions uses."""
    return f"/api/v3/{context}/{collection}/{id}/actions/{action}/"
