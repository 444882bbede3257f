"""Send random requests to the music shop, as its OpenAPI documents say, in each role.

    python .ci/fuzz.py SCHEMATHESIS FOLDER

SCHEMATHESIS is its command; FOLDER is for a copy of the shop, whose rows the requests change. Each
reply has to be one that the document names, and none may be a 500. That something wrong is refused,
and something right accepted, is left to the tests: the schemas say less than the server knows.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: A role, who has it, the release of the document, how many requests for each operation, and for which
#: paths. No time limits them, so that the seed alone decides what is sent; to draw one takes up to a second.
RUNS = (
    ("anon", None, "3.1", 3, "."),
    ("customers", "luis:luis-demo", "3.2", 1, "."),
    ("agents", "jane:jane-demo", "3.2", 1, "/(invoices|customers|employees)"),
    ("managers", "andrew:andrew-demo", "3.2", 1, "/(invoices|refunds|playlists)"),
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
    shop = folder / "shop"
    shutil.copytree(ROOT / "example_project", shop, ignore=shutil.ignore_patterns("*.sqlite3"))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "demo", "--no-server"], cwd=shop, env=environment, check=True)
    port = free_port()
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"],
            cwd=shop,
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            wait_for(port)
            failed = 0
            for role, login, release, examples, paths in RUNS:
                document = folder / f"{role}.json"
                write = ["flex_openapi", "--role", role, "--openapi", release]
                write += ["--output", str(document)]
                subprocess.run([*manage, *write], cwd=shop, env=environment, check=True)
                command = fuzzing(schemathesis, document, port, login)
                command += ["--max-examples", str(examples), "--include-path-regex", paths]
                failed += subprocess.run(command, cwd=folder, check=False).returncode
        finally:
            server.terminate()
            server.wait()
    return min(failed, 1)


def fuzzing(schemathesis: str, document: Path, port: int, login: str | None) -> list[str]:
    """Return the command that sends the requests of one document."""
    return [
        *(schemathesis, "run", str(document), "--url", f"http://127.0.0.1:{port}"),
        *("--checks", ",".join(CHECKS), "--phases", "fuzzing", "--warnings", "off"),
        *("--suppress-health-check", "all", "--seed", os.environ.get("FLEX_SEED", "0")),
        *(("--auth", login) if login else ()),
    ]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port


def wait_for(port: int) -> None:
    for _ in range(120):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise TimeoutError


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2])))
