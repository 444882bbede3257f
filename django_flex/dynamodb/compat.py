"""For projects that import ``pydjamodb``."""

from __future__ import annotations

import sys
from importlib import import_module

MODULES = ("attributes", "connection", "models", "queryset", "test_runner")


def install() -> None:
    """Make ``pydjamodb`` and its modules importable: they are those of this package.

    Call it where the settings of the project are, before anything imports ``pydjamodb``.
    """
    sys.modules["pydjamodb"] = import_module("django_flex.dynamodb")
    for name in MODULES:
        sys.modules[f"pydjamodb.{name}"] = import_module(f"django_flex.dynamodb.{name}")
