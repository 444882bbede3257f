"""Python: models of rows and types of what is sent, for the client of this package."""

from __future__ import annotations

from django_flex.codegen.python.module import render_python

__all__ = ["render_python"]
