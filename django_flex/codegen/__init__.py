"""Types of what a role may do, as source code of other projects: pure functions of descriptions.

A module has nothing in it that the role may not use, and no text of the project becomes code.
"""

from __future__ import annotations

from django_flex.codegen.python import render_python
from django_flex.codegen.typescript import render_typescript, runtime_files
from django_flex.codegen.values import Target

__all__ = ["Target", "render_python", "render_typescript", "runtime_files"]
