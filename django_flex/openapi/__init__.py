"""OpenAPI documents of what a role may do, rendered from descriptions: pure functions.

A document has nothing in it that the role may not use.
"""

from __future__ import annotations

from django_flex.openapi.document import render_openapi
from django_flex.openapi.values import RELEASES, Api, Node, Release

__all__ = [
    "RELEASES",
    "Api",
    "Node",
    "Release",
    "render_openapi",
]
