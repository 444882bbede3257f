"""Run the README's first command in this environment and try every query that it prints.

The command serves until it is stopped; here it gets no input, as on a machine without a terminal.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

SECONDS = 60
QUERIES = 5
READY = "Queries to try"


def command(readme: str) -> str:
    """Return the README's first shell block."""
    block = re.search(r"```bash\n(.*?)```", readme, re.DOTALL)
    if block is None:
        sys.exit("README.md has no shell block")
    return block[1].strip()


def wait_for_queries(log: Path, server: subprocess.Popen[bytes]) -> list[str]:
    """Return the curl commands that the demo prints once it listens."""
    for _ in range(SECONDS * 5):
        text = log.read_text()
        found = re.findall(r"^\s*(curl .*)$", text, re.MULTILINE)
        if READY in text and len(found) >= QUERIES:
            return found
        if server.poll() is not None:
            break
        time.sleep(0.2)
    sys.exit(f"The demo did not start within {SECONDS} s:\n{log.read_text()}")


def main() -> None:
    """Start, try, stop."""
    log = Path(sys.argv[1])
    text = command(Path("README.md").read_text())
    print(text)
    started = time.monotonic()
    with log.open("wb") as output:
        server = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", text],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        queries = wait_for_queries(log, server)
        print(f"listening after {time.monotonic() - started:.1f} s")
        for query in queries:
            reply = json.loads(subprocess.check_output(["bash", "-c", query]))
            wrote = " -X " in query or "/actions/" in query
            if "error" in reply or not (wrote or reply.get("results")):
                sys.exit(f"{query}\ngave {reply}")
            told = "written" if wrote else f"{len(reply['results'])} results"
            print(f"{told}: {query[:100]}")
    finally:
        # Not SIGINT: where the gate runs in the background, that is ignored by all its children.
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=20)


if __name__ == "__main__":
    main()
