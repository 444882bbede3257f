"""What a module of types is about: the API version, and the role."""

from __future__ import annotations

from dataclasses import dataclass, field

from django_flex.describe import Spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One role of an API version.

    ``prefix`` is the URL that the models are under. ``camel``: keys are spelled in camelCase.
    ``always_ok``: every reply has status 200. ``csrf_header`` is for writes of a session.
    """

    role: str
    prefix: str
    version: str | None = None
    camel: bool = False
    always_ok: bool = False
    csrf_header: str = "X-CSRFToken"
    spelling: Spelling = field(default_factory=Spelling)
