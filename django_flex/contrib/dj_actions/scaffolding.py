"""The layout of dj-actions for ``create_action``: a form with ``save``, and a definition."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django_flex.actions.management.layouts import ActionLayout

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The model whose actions a registry holds.
_RESOURCE = re.compile(r"""resource["']?\s*[:=]\s*["'](\w+)["']""")


class DjActionsLayout(ActionLayout):
    """Registries are lists of ids, types and statuses: ``action_list``."""

    package = "django_flex.contrib.dj_actions"

    def is_of(self, registry: str) -> bool:
        """Return whether the registry has such a list."""
        return "action_list" in registry

    def resource_of(self, registry: str) -> str | None:
        """Return the ``resource`` of the registry, in lower case."""
        found = _RESOURCE.search(registry)
        return None if found is None else found[1].lower()

    def files(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the templates of the form and of the definition."""
        return {"form.py": "form", "definition.toml": "definition"}

    def values(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables of the templates; a form is for one row or for none."""
        instance = values["type"] == "instance"
        return {
            **values,
            "action_type": "INSTANCE" if instance else "BULK",
            "multiple": "false" if instance else "true",
        }
