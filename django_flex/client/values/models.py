"""Which values are pydantic's, without importing more of pydantic than a program has itself.

Its models take longer to import than all of this client, and who reads dictionaries needs none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from pydantic import BaseModel


def is_model(kind: type) -> TypeGuard[type[BaseModel]]:
    """Say whether a class is a pydantic model."""
    loaded = sys.modules.get("pydantic.main")
    return loaded is not None and issubclass(kind, loaded.BaseModel)


def is_instance(value: object) -> TypeGuard[BaseModel]:
    """Say whether a value is an instance of a pydantic model."""
    return is_model(type(value))
