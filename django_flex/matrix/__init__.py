"""Who may do what: of each role and model the operations, the rows, and all that can be reached.

Everything is rendered from the descriptions of ``describe`` and the values of a policy. It is sorted
and depends on nothing but the settings and the models, so that two of them can be compared.
"""

from __future__ import annotations

from django_flex.matrix.building import ViewEntry, make_matrix
from django_flex.matrix.changes import Change, changes, opened
from django_flex.matrix.json_text import UnreadableMatrixError, as_json, read_json
from django_flex.matrix.markdown import as_markdown
from django_flex.matrix.page import as_html
from django_flex.matrix.values import Cell, Matrix, Opening

__all__ = [
    "Cell",
    "Change",
    "Matrix",
    "Opening",
    "UnreadableMatrixError",
    "ViewEntry",
    "as_html",
    "as_json",
    "as_markdown",
    "changes",
    "make_matrix",
    "opened",
    "read_json",
]
