"""One OpenAPI document with the views of REST framework, by drf-spectacular, and with this API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from django_flex.access.actor import Actor
from django_flex.conf import configuration
from django_flex.http.openapi import document_for

if TYPE_CHECKING:
    from django_flex.openapi import Node

#: Before the names of our components, which the project's serializers may have, too.
PREFIX = "Flex"
_RENAMED = ("parameters", "responses", "schemas")


def merge_flex(result: Node, generator: object, request: Any, public: bool) -> Node:  # noqa: FBT001 - as the package calls it
    """Add what the caller may do with each API version; for ``POSTPROCESSING_HOOKS``.

    Without a request, or for a public document, that is what an anonymous caller may do. What the
    views of the project have under the same path or name stays.

    Raises:
        ImproperlyConfigured: the document is of OpenAPI 3.0, which has another JSON Schema.
    """
    if str(result["openapi"]).startswith("3.0"):
        raise ImproperlyConfigured(
            "merge_flex needs SPECTACULAR_SETTINGS = {'OAS_VERSION': '3.1.1'}"
        )
    actor = Actor() if public or request is None else Actor(request.user, request)
    for number, settings in enumerate(configuration().versions.values()):
        if settings.dialect != "flex":
            continue
        if settings.require_authentication and not actor.is_authenticated:
            continue
        prefix = f"{PREFIX}{number or ''}"
        added = _renamed(document_for(actor, settings, settings.policy, settings.path), prefix)
        _merge(result, added, prefix)
    return result


def _merge(result: Node, added: Node, prefix: str) -> None:
    """Add the paths and components of a document to another one."""
    paths = result.setdefault("paths", {})
    for path, item in added["paths"].items():
        paths.setdefault(path, item)
    components = result.setdefault("components", {})
    for kind, parts in added["components"].items():
        names = components.setdefault(kind, {})
        for name, part in parts.items():
            names.setdefault(f"{prefix}{name}" if kind in _RENAMED else name, part)


def _renamed(node: Any, prefix: str) -> Any:
    """Return a part of a document that refers to components by their new names."""
    if isinstance(node, list):
        return [_renamed(part, prefix) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: _renamed(part, prefix) for key, part in node.items()}
    target = node.get("$ref")
    if isinstance(target, str):
        place, _, name = target.rpartition("/")
        found["$ref"] = f"{place}/{prefix}{name}"
    operation = node.get("operationId")
    if isinstance(operation, str):
        found["operationId"] = f"{prefix}{operation}"
    return found
