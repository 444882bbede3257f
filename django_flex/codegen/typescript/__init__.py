"""TypeScript: a module of the types of a role, and a client whose results follow from its queries."""

from __future__ import annotations

from django_flex.codegen.typescript.module import render_typescript, runtime_files

__all__ = ["render_typescript", "runtime_files"]
