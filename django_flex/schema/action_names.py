"""Which models have which actions: the names alone, as far as permissions have to know them.

``django_flex.actions`` puts them here; without that app there are none.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.db import models

NAMES: dict[type[models.Model], dict[str, None]] = defaultdict(dict)


def action_names(model: type[models.Model]) -> Collection[str]:
    """Return the ids of a model's actions; those of its parents are among them."""
    return dict.fromkeys(name for one in model.__mro__ if one in NAMES for name in NAMES[one])


def all_action_names() -> Collection[str]:
    """Return the ids of the actions of all models."""
    return dict.fromkeys(name for names in NAMES.values() for name in names)
