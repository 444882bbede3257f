"""What an action of a model takes, logged as it is, beside one of REST framework that is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from tests.performance import environments
from tests.performance.contest import Contest
from tests.performance.table import Figure, Table, at_most

TARGET = at_most(1)


def actions(_contest: Contest) -> Iterator[Table]:
    """Compare a tracked action through ``ActionMixin`` with an untracked ``@action``."""
    said = subprocess.check_output(
        [sys.executable, "-m", "tests.performance.action"],
        cwd=environments.ROOT,
        env={**os.environ, "FLEX_TEST_DB": "performance_action"},
    )
    taken = json.loads(said)
    figures = (
        Figure(name="ours, tracked", value=taken["ours"]),
        Figure(
            name="REST framework",
            value=taken["plain"],
            figure=round(taken["ratio"], 3),
            means="ours is x of it",
            target=TARGET,
        ),
        Figure(name="the same, atomic", value=taken["atomically"]),
    )
    yield Table(section="action", case="1", title="an action of one row", figures=figures)
