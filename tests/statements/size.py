"""How much is drawn: the same in all processes of a run."""

from __future__ import annotations

import os

from tests.random_search import SEED, some

#: Requests that are drawn.
CASES = int(os.environ.get("FLEX_CASES", some(600)))
#: Values of each lookup, of which each is first with each as second. From 20,000 cases on it is all.
VALUES = max(3, CASES // 150)
#: How to draw the same again.
AGAIN = f"FLEX_SEED={SEED} FLEX_CASES={CASES} python -m pytest tests/statements"
