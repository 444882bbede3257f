"""A client of Directus in a process of its own, and what it is asked."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

#: Where the adapters find each other.
PROJECT = Path(__file__).parents[3]
#: The status of each code that a step may expect.
STATUS = {
    "FORBIDDEN": 403,
    "INVALID_CREDENTIALS": 401,
    "INVALID_QUERY": 400,
    "INVALID_FOREIGN_KEY": 400,
    "FAILED_VALIDATION": 400,
    "RECORD_NOT_UNIQUE": 400,
}


class LackedError(Exception):
    """The client has no way to do what it was asked for."""


class RefusedError(Exception):
    """The server refused; a client may not tell why, or not with which status."""

    def __init__(self, op: str, code: str | None, status: int | None) -> None:
        super().__init__(op, code, status)
        self.op = op
        self.code = code
        self.status = status


@dataclass
class Client:
    """A running client: ``mute`` are the operations that do not tell why they were refused."""

    process: subprocess.Popen[str]
    url: str
    mute: frozenset[str] = frozenset()
    asked: int = field(default=0)

    def ask(self, op: str, **arguments: Any) -> Any:
        """Return the value that the client got.

        Raises:
            LackedError: it has no way to do this.
            RefusedError: the server refused.
        """
        writer, reader = _pipes(self.process)
        writer.write(json.dumps({"op": op, "arguments": arguments}) + "\n")
        writer.flush()
        line = reader.readline()
        assert line, f"the client ended at {op}"
        self.asked += 1
        reply = json.loads(line)
        assert "failed" not in reply, reply["failed"]
        if "lacks" in reply:
            raise LackedError(op)
        if "code" in reply:
            raise RefusedError(op, reply["code"], reply["status"])
        return reply["value"]

    def refused(self, code: str, op: str, **arguments: Any) -> None:
        """Assert that the server refuses with this code."""
        with pytest.raises(RefusedError) as refusal:
            self.ask(op, **arguments)
        assert refusal.value.code == (None if op in self.mute else code)
        assert refusal.value.status in {None, STATUS[code]}


@contextmanager
def started(command: list[str], url: str, mute: frozenset[str], *, home: Path) -> Iterator[Client]:
    """Start a client whose user's home is this folder, where one keeps what it downloads; and end it."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=os.environ
        | {"HOME": str(home), "XDG_DOWNLOAD_DIR": str(home), "PYTHONPATH": str(PROJECT)},
    )
    try:
        yield Client(process=process, url=url, mute=mute)
    finally:
        writer, reader = _pipes(process)
        with suppress(OSError):
            writer.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.close()


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout
