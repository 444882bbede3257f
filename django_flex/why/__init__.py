"""Why a request is allowed or refused, for the operators of a project, and for nobody else.

It says what replies must not: names that are hidden, rows that are there. No door may import it.
"""

from __future__ import annotations

from django_flex.why.asking import Asked, explain_request
from django_flex.why.text import as_text
from django_flex.why.values import Explanation, NameAnswer

__all__ = ["Asked", "Explanation", "NameAnswer", "as_text", "explain_request"]
