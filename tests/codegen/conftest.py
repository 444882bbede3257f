"""Modules of types of the test project's roles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from django_flex.codegen import Target, render_python, render_typescript
from django_flex.conf import get_settings
from django_flex.http.served import models_of_role, spelling_of
from tests.openapi.conftest import EXPOSE

RENDERERS = {"typescript": render_typescript, "python": render_python}
Render = Callable[..., str]


@pytest.fixture
def module(configure: Any) -> Render:
    """Return a function that returns the module of a role, without empty lines."""

    def rendered(
        role: str, language: str = "typescript", expose: Any = EXPOSE, **settings: Any
    ) -> str:
        configure(expose, **settings)
        found = get_settings()
        target = Target(role=role, prefix=found.path, spelling=spelling_of(found))
        return RENDERERS[language](target, models_of_role(role, found))

    return rendered
