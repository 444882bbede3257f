"""What items of DynamoDB take through querysets and through the API, beside PynamoDB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator

from tests.performance import environments
from tests.performance.contest import Contest
from tests.performance.table import Figure, Table, at_most

#: By case: its title, and the most that ours may take of the time of PynamoDB. A query of PynamoDB took
#: 59 ms where these were set: ``values()`` may take a fifth, and a reply 14 ms.
CASES = {
    "values": ("500 items of DynamoDB by values()", at_most(0.2)),
    "bytes": ("500 items of DynamoDB as a reply, in bytes", at_most(round(14 / 59, 3))),
    "get": ("an item of DynamoDB by get()", at_most(0.5)),
}
MISSING = "not measured: dynalite is not installed, see FLEX_DYNALITE"


def tables(_contest: Contest) -> Iterator[Table]:
    """Compare querysets and replies with PynamoDB, against dynalite."""
    said = subprocess.check_output(
        [sys.executable, "-m", "tests.performance.dynamodb"],
        cwd=environments.ROOT,
        env={**os.environ, "FLEX_TEST_DB": "performance_dynamodb"},
    )
    found = json.loads(said.splitlines()[-1])
    for case, (title, target) in CASES.items():
        taken = found.get(case)
        if taken is None:
            figures: tuple[Figure, ...] = (Figure(name="django_flex", value=None, note=MISSING),)
        else:
            figures = (
                Figure(name="django_flex", value=round(taken["ours"], 4)),
                Figure(
                    name="PynamoDB",
                    value=round(taken["theirs"], 4),
                    figure=round(taken["ratio"], 3),
                    means="ours is x of it",
                    target=target,
                ),
            )
        yield Table(section="dynamodb", case=case, title=title, figures=figures)
