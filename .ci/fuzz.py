"""Send random requests to the music shop, as its OpenAPI documents say, in each role.

    python .ci/fuzz.py SCHEMATHESIS FOLDER

SCHEMATHESIS is its command; FOLDER is for a copy of the shop, whose rows the requests change. Each
reply has to be one that the document names, and none may be a 500. That something wrong is refused,
and something right accepted, is left to the tests: the schemas say less than the server knows.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from serving import served_shop

#: A role, who has it, the release of the document, how many requests for each operation, and for which
#: paths. No time limits them, so that the seed alone decides what is sent; to draw one takes up to a second.
RUNS = (
    ("anon", None, "3.1", 3, "."),
    ("customers", "luis:luis-demo", "3.2", 1, "."),
    ("agents", "jane:jane-demo", "3.2", 1, "/(invoices|customers|employees)"),
    ("managers", "andrew:andrew-demo", "3.2", 1, "/(invoices|refunds|playlists)"),
)
#: The second and third are for what Schemathesis cannot draw with the one before.
SEEDS = tuple(int(os.environ.get("FLEX_SEED", "0")) + n for n in range(3))
#: An operation that it reports, and one that it cannot draw values for.
HEADING = re.compile(r"^_{3,} ([A-Z]+) (\S+) _{3,}$", re.MULTILINE)
UNDRAWN = re.compile(
    HEADING.pattern + r"\nSchema Error\n\n.*Schemathesis does not support a `not`", re.MULTILINE
)
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)


def main(schemathesis: str, folder: Path) -> int:
    """Prepare the shop, start it, and send requests in each role."""
    failed = 0
    with served_shop(folder) as shop:
        for role, login, release, examples, paths in RUNS:
            document = folder / f"{role}.json"
            write = ("--role", role, "--openapi", release, "--output", str(document))
            shop.manage("flex_openapi", *write)
            command = fuzzing(schemathesis, document, shop.url, login)
            command += ["--max-examples", str(examples)]
            failed += send(command, ["--include-path-regex", paths], folder, SEEDS)
    return min(failed, 1)


def send(command: list[str], operations: list[str], folder: Path, seeds: Sequence[int]) -> int:
    """Send requests, and return 0 if there is no finding.

    What contradicts a schema is drawn by negating a part of it. Schemathesis cannot negate every part,
    and gives the operation up when it has chosen such a one. That is no finding: another seed
    chooses another part.
    """
    seed, *others = seeds
    done = subprocess.run(
        [*command, *operations, "--seed", str(seed)],
        cwd=folder,
        check=False,
        stdout=subprocess.PIPE,
        text=True,
    )
    print(done.stdout, flush=True)
    undrawn = UNDRAWN.findall(done.stdout)
    if not (done.returncode and others) or len(undrawn) < len(HEADING.findall(done.stdout)):
        return done.returncode
    again = (["--include-method", method, "--include-path", path] for method, path in undrawn)
    return sum(send(command, one, folder, others) for one in again)


def fuzzing(schemathesis: str, document: Path, url: str, login: str | None) -> list[str]:
    """Return the command that sends the requests of one document."""
    return [
        *(schemathesis, "run", str(document), "--url", url),
        *("--checks", ",".join(CHECKS), "--phases", "fuzzing", "--warnings", "off"),
        *("--suppress-health-check", "all"),
        *(("--auth", login) if login else ()),
    ]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2])))
