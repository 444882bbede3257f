"""Servers that speak the protocol of DynamoDB, started by the tests that need one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

#: The servers and the variables that say where their programs are, if not on the path.
PROGRAMS = {"ministack": "FLEX_MINISTACK", "dynalite": "FLEX_DYNALITE"}
#: Seconds that a server has to start.
PATIENCE = 60.0


def program(name: str) -> str | None:
    """Return the program of a server, if it is installed."""
    return os.environ.get(PROGRAMS[name]) or shutil.which(name)


def servers() -> list[str]:
    """Return the servers that are installed; moto runs in this process."""
    found = ["moto"] if find_spec("moto") is not None else []
    return found + [name for name in PROGRAMS if program(name) is not None]


@contextmanager
def running(name: str) -> Iterator[dict[str, Any]]:
    """Run a server; give the settings with which it is reached."""
    keys = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }
    if name == "moto":
        with import_module("moto").mock_aws():
            yield keys
        return
    found = program(name)
    assert found
    with served(name, found) as port:
        yield keys | {"HOST": f"http://127.0.0.1:{port}"}


@contextmanager
def served(name: str, path: str) -> Iterator[int]:
    """Run a program that is a server, on this machine only; give its port."""
    port = free_port()
    options = {
        "ministack": [],
        "dynalite": ["--host", "127.0.0.1", "--port", str(port)]
        + [f"--{one}TableMs=0" for one in ("create", "delete", "update")],
    }
    bound = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "SERVICES": "dynamodb"}
    process = subprocess.Popen(
        [path, *options[name]],
        env=os.environ | bound,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise AssertionError(f"the server ended with {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the server does not answer")
